"""Looking after failed documents: ``failures.list``, ``failures.replay``, ``failures.discard``."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from wire.documents import SourceName
from wire.shapes import Shape

FailureId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,18}$")]
"""A failure's place among all that were ever reported."""

PAGE = 100
"""Failures a request may ask for: their ids and reasons fit a message."""


class Failure(Shape):
    """A document that could not be indexed, without its announcement."""

    id: FailureId
    source: str
    document: str | None = None
    """None where the announcement could not be read."""
    reason: str
    attempts: int
    failed_at: datetime


class ListFailuresRequest(Shape):
    """Which failures are there?"""

    source: SourceName | None = None
    after: Annotated[int, Field(ge=0)] = 0
    """Leave out those whose id is not above this one."""
    limit: Annotated[int, Field(ge=1, le=PAGE)] = PAGE


class ListFailuresReply(Shape):
    """The oldest of them, in the order in which they were reported."""

    failures: tuple[Failure, ...]
    total: int
    """How many there are, of that source, on all pages."""


class SettleFailuresRequest(Shape):
    """Replay these failures, or discard them."""

    ids: Annotated[tuple[FailureId, ...], Field(min_length=1, max_length=PAGE)]


class Refused(Shape):
    """A failure that stays as it is, and why."""

    id: FailureId
    reason: str


class SettleFailuresReply(Shape):
    """What was done; a failure that is not there was settled before, or never was."""

    done: tuple[FailureId, ...] = ()
    missing: tuple[FailureId, ...] = ()
    refused: tuple[Refused, ...] = ()
