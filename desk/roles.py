"""``answerdesk bot`` and ``answerdesk worker``: one role in this process, until it is told to stop.

A role's code is imported when it is run: the worker's brings an embedding model's libraries, for which
``answerdesk search`` should not wait.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module

from wire.errors import SettingsError
from wire.logging import log_what_nobody_caught, set_up_logging
from wire.settings import Settings

Run = Callable[[Settings, asyncio.Event], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Role:
    """Where a role's program is, and the settings it can't do without."""

    module: str
    function: str
    needs: tuple[str, ...]

    def load(self) -> Run:
        """Import it."""
        run: Run = getattr(import_module(self.module), self.function)
        return run


ROLES = {
    "bot": Role(module="bot.service", function="run_bot", needs=("nats_url", "redis_url")),
    "worker": Role(module="desk.worker", function="run_worker", needs=("nats_url",)),
    "ingest worker": Role(module="desk.worker", function="run_ingest_worker", needs=("nats_url",)),
    "retrieval worker": Role(module="desk.worker", function="run_retrieval_worker", needs=("nats_url",)),
}


def run_role(name: str, settings: Settings) -> None:
    """Run a role until SIGTERM or Ctrl-C, and let it drain.

    Raises:
        SettingsError: a setting is missing that the role needs.
        AnswerdeskError: the role can't go on; the sentence says why.
    """
    role = ROLES[name]
    missing = [need.upper() for need in role.needs if getattr(settings, need) is None]
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)} must be set to run the {name} by itself "
            "(`answerdesk up` runs everything on this machine and needs neither)"
        )
    set_up_logging(log_format=settings.log_format, level=settings.log_level)
    asyncio.run(_until_stopped(role.load(), settings, name=name))


async def _until_stopped(run: Run, settings: Settings, *, name: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    log_what_nobody_caught(loop)
    # OpenTelemetry's exporter, for which no other command should wait either.
    exporting = import_module("wire.opentelemetry_export")
    async with exporting.tracing(settings, service=name):
        await run(settings, stop)
