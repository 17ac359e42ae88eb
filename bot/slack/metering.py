"""What the Slack side tells whoever counts: each call of Slack's, and what people see when."""

import time
from datetime import UTC, datetime
from typing import Literal, Protocol

from wire.errors import MalformedError, OverloadedError, RefusedError, SettingsError

CallResult = Literal["ok", "rate_limited", "refused", "too_long", "bad_token", "unavailable"]


class CallMeter(Protocol):
    """Counts calls of Slack's Web API."""

    def slack_called(self, method: str, result: str, seconds: float) -> None:
        """One has ended."""


class ShownMeter(Protocol):
    """Counts what people see; seconds count from when they asked, by Slack's clock."""

    def first_sign(self, seconds: float) -> None:
        """Something that says that we are at it."""

    def first_words(self, seconds: float) -> None:
        """The first words of the answer."""

    def edited(self, *, since_last_s: float | None, late_s: float) -> None:
        """Newer words, which were so old by then; after so long since the edit before, if there was one."""

    def finished(self, seconds: float) -> None:
        """The whole answer."""


class Unmetered:
    """Counts nothing."""

    def slack_called(self, method: str, result: str, seconds: float) -> None:
        """Nobody wants to know."""

    def first_sign(self, seconds: float) -> None:
        """Nor this."""

    def first_words(self, seconds: float) -> None:
        """Nor this."""

    def edited(self, *, since_last_s: float | None, late_s: float) -> None:
        """Nor this."""

    def finished(self, seconds: float) -> None:
        """Nor this."""


UNMETERED = Unmetered()


class Seen:
    """What the asker of one question has seen so far, told as it happens."""

    def __init__(self, meter: ShownMeter, *, asked_at: datetime) -> None:
        self._meter = meter
        self._asked_at = asked_at
        self._signed = False
        self._worded_at: float | None = None

    def sign(self) -> None:
        """Something that says that we are at it."""
        if not self._signed:
            self._signed = True
            self._meter.first_sign(self._waited_s())

    def words(self, *, since: float) -> None:
        """Words of the answer, which there were to be shown ``since`` (``time.monotonic``)."""
        self.sign()
        now = time.monotonic()
        if self._worded_at is None:
            self._meter.first_words(self._waited_s())
        since_last_s = None if self._worded_at is None else now - self._worded_at
        self._meter.edited(since_last_s=since_last_s, late_s=now - since)
        self._worded_at = now

    def whole(self, *, since: float) -> None:
        """The finished message."""
        self.words(since=since)
        self._meter.finished(self._waited_s())

    def _waited_s(self) -> float:
        return (datetime.now(UTC) - self._asked_at).total_seconds()


def result_of(error: BaseException | None) -> CallResult:
    """How a call ended, in a word."""
    match error:
        case None:
            return "ok"
        case OverloadedError():
            return "rate_limited"
        case RefusedError():
            return "refused"
        case MalformedError():
            return "too_long"
        case SettingsError():
            return "bad_token"
        case _:
            return "unavailable"
