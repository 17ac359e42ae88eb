"""What the Slack side tells whoever counts: each call of Slack's, and what people see when."""

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
