"""How every command is run: its settings, its NATS, its one event loop, and what it prints for programs."""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import typer

from desk.running import nats_url_for
from wire.logging import set_up_logging
from wire.settings import Settings, load_settings
from wire.shapes import Shape

FAILED = 1
BAD_USAGE = 2
INTERRUPTED = 130
"""As shells report a program that Ctrl-C ended."""

ResultT = TypeVar("ResultT")


def print_json(shape: Shape) -> None:
    """For programs, on standard output."""
    sys.stdout.write(shape.to_json().decode() + "\n")


def settings_for(data: Path | None) -> Settings:
    """The settings, with another data folder where one is named.

    Raises:
        SettingsError: one is wrong.
    """
    settings = load_settings()
    return settings if data is None else settings.model_copy(update={"data_dir": data})


def nats_url_of(data: Path | None) -> str:
    """Where the running system's NATS is.

    Raises:
        SettingsError: a setting is wrong.
        UnavailableError: nothing runs on that data folder.
    """
    return nats_url_for(settings_for(data))


def run(coroutine: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a command's coroutine to its end."""
    # Nothing on standard output but what was asked for; a library's warnings are not this person's business.
    set_up_logging(log_format="readable", level="error")
    logging.disable(logging.WARNING)
    try:
        return asyncio.run(coroutine)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
