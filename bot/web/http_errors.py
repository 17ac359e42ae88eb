"""What goes wrong, as HTTP says it (pure): the contract's codes, ``malformed``, and a status for each."""

from bot.answering.sentences import failed
from wire.answers import Failed
from wire.errors import AnswerdeskError, ErrorCode, MalformedError
from wire.nats_service import ErrorBody

STATUSES: dict[ErrorCode, int] = {
    "not_allowed": 403,
    "cancelled": 410,
    "question_too_long": 413,
    "quota_exceeded": 429,
    "internal": 500,
    "retrieval_unavailable": 503,
    "model_unavailable": 503,
    "model_overloaded": 503,
}
RETRY_AFTER_S = 10
"""What a 503 tells a program that has not thought of a better time to come back."""


class UnauthorizedError(AnswerdeskError):
    """No key, or a wrong one."""


class NotHereError(AnswerdeskError):
    """An answer that is to be gone on with is not kept any more, or is not this asker's."""


class TooSlowError(AnswerdeskError):
    """A request that does not come to its end."""


def status_of(error: AnswerdeskError) -> tuple[int, ErrorBody]:
    """The status and the body that an error is answered with."""
    match error:
        case UnauthorizedError():
            return 401, ErrorBody(code="not_allowed", message=str(error))
        case MalformedError():
            return 400, ErrorBody(code="malformed", message=str(error))
        case NotHereError():
            return 410, ErrorBody(code="cancelled", message=str(error))
        case TooSlowError():
            return 408, ErrorBody(code="cancelled", message=str(error))
        case _:
            return status_of_failed(failed(error))


def status_of_failed(ending: Failed) -> tuple[int, ErrorBody]:
    """The same for an answer that ended before it began."""
    return STATUSES[ending.code], ErrorBody(code=ending.code, message=ending.message)
