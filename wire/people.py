"""Erasing what is kept about a person: ``people.forget``."""

from typing import Annotated

from pydantic import StringConstraints

from wire.audit import COMMAND_LINE
from wire.shapes import Shape


class ForgetRequest(Shape):
    """Erase it."""

    person: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    """``T1:U2``, a Slack user's id with the workspace's or without, or ``key:<name>`` of an API key."""
    by: str = COMMAND_LINE
    """Who asks for it; for the audit log."""


class Forgotten(Shape):
    """It is erased."""

    person: str
    erased: dict[str, int]
    """How many entries of each kind there were."""
