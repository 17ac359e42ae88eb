"""What goes wrong on purpose, to see how an app takes it. Pure; the shells ask and act."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_REPEATS = 1000

Count = Annotated[int, Field(ge=0, le=MOST_REPEATS)]


class RateLimited(BaseModel):
    """The next ``calls`` calls of a method answer 429 with this Retry-After, in seconds."""

    model_config = ConfigDict(extra="forbid")

    calls: Count
    retry_after_s: Annotated[int, Field(ge=0, le=3600)] = 1


class Refused(BaseModel):
    """The next ``calls`` calls of a method answer with this error, and do nothing."""

    model_config = ConfigDict(extra="forbid")

    calls: Count
    error: Annotated[str, Field(pattern=r"^[a-z_]+$")] = "internal_error"


class Faults(BaseModel):
    """The switches. Everything off is an ordinary day."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    rate_limited: dict[str, RateLimited] = Field(default_factory=dict)
    """By method."""
    refused: dict[str, Refused] = Field(default_factory=dict)
    """By method."""
    lost_answers: dict[str, Count] = Field(default_factory=dict)
    """By method: so many calls are carried out, and the connection drops instead of an answer."""
    auth_error: Literal["invalid_auth", "token_revoked", "account_inactive"] | None = None
    """What every call answers to the bot's token."""
    missing_scopes: frozenset[str] = frozenset()
    """What the app was not granted, as each answer's ``X-OAuth-Scopes`` says; calls work all the same."""
    repeat_events: Annotated[int, Field(ge=0, le=20)] = 0
    """Each event comes so many times again although it was acknowledged."""
    slow_api_s: Annotated[float, Field(ge=0, le=120)] = 0.0
    """Every call takes so much longer."""

    def take_rate_limit(self, method: str) -> int | None:
        """The Retry-After for this call, if it is one that shall fail."""
        fault = self.rate_limited.get(method)
        if fault is None or fault.calls == 0:
            return None
        fault.calls -= 1
        return fault.retry_after_s

    def take_refusal(self, method: str) -> str | None:
        """The error for this call, if it is one that shall fail."""
        fault = self.refused.get(method)
        if fault is None or fault.calls == 0:
            return None
        fault.calls -= 1
        return fault.error

    def take_lost_answer(self, method: str) -> bool:
        """Whether this call's answer gets lost."""
        left = self.lost_answers.get(method, 0)
        if left == 0:
            return False
        self.lost_answers[method] = left - 1
        return True
