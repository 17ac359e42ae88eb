"""One small tree of errors, sorted by what to do next.

    AnswerdeskError
    ├── SettingsError       the operator mends a setting; the process exits with 2
    ├── MalformedError      can never succeed: tell the sender once, keep it among the failures
    ├── RefusedError        a rule says no (permission, quota, length): say why, and what now
    └── UnavailableError    something is away: try again with a growing delay, tell the asker so
        └── OverloadedError     it is there but busy; ``retry_after_s`` says when to come back

Anything else is a bug, and loud. Adapters translate an SDK's errors where they call it, so that a
use case never sees an SDK's type. A message is a sentence for a person: it never holds a secret, a
document's text, or another library's exception text.
"""

from typing import Literal

ErrorCode = Literal[
    "quota_exceeded",
    "question_too_long",
    "retrieval_unavailable",
    "model_unavailable",
    "model_overloaded",
    "not_allowed",
    "cancelled",
    "internal",
]
"""What an answer's ``error`` event may say (fixed by the wire contract)."""


class AnswerdeskError(Exception):
    """The root; its text is a sentence that may be shown to a person."""


class SettingsError(AnswerdeskError):
    """A setting is missing or wrong; the text names every one that is, a line each."""


class MalformedError(AnswerdeskError):
    """This input can never succeed.

    Attributes:
        field: the offending field's path, such as ``allow.0``, where there is one.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class RefusedError(AnswerdeskError):
    """A rule says no.

    Attributes:
        code: which answer error this becomes.
    """

    def __init__(self, message: str, *, code: ErrorCode = "not_allowed") -> None:
        super().__init__(message)
        self.code: ErrorCode = code


class UnavailableError(AnswerdeskError):
    """Something we depend on is away or too slow; the same call may succeed later.

    Attributes:
        service: what is away: ``nats``, ``retrieval``, ``model``, ``redis``, ``slack``, ``index``.
        retry_after_s: seconds to wait, where the service said so.
    """

    def __init__(self, message: str, *, service: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.service = service
        self.retry_after_s = retry_after_s


class OverloadedError(UnavailableError):
    """The service is there, and busy."""
