"""Questions as tests ask them."""

import itertools
from datetime import UTC, datetime
from typing import Any

from wire.questions import QuestionAsked

_numbers = itertools.count(1)


def asked(**changes: Any) -> QuestionAsked:
    """A question, each with a ``ts`` of its own unless it says otherwise."""
    fields: dict[str, Any] = {
        "team": "T0LARKSPUR",
        "channel": "C0GENERAL",
        "ts": f"1700000000.{next(_numbers):06}",
        "user": "U0JONAS",
        "text": "<@U0ANSWERDESK> how many days?",
        "external": False,
        "asked_at": datetime.now(UTC),
    }
    return QuestionAsked(**(fields | changes))
