"""What people are told when there is no answer, or only a part of one, in English (pure).

What a model writes is in the language of the question, that it knows nothing included; these sentences are
for where no model is asked, or none answers.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bot.answering.addresses import Addresses
from bot.answering.files import UnreadFile
from bot.answering.gate import harmless
from bot.answering.visible import visible
from wire.answers import Failed
from wire.errors import AnswerdeskError, OverloadedError, RefusedError, UnavailableError
from wire.search import Passage

SEARCHING = "Searching the documents"

CUT_OFF = "_This answer is incomplete: the connection to the model was lost. Please ask again._"
TOO_SLOW = "_This answer is incomplete: the model took too long. Please ask again, perhaps more narrowly._"
TOO_LONG = "_This answer is incomplete: it reached its longest length. Ask about the part that you need._"

INTERNAL = Failed(
    code="internal", message="Something went wrong on our side, and it is in the log. Please ask again."
)
REFUSED = Failed(
    code="not_allowed", message="The model declined to answer this question. Try asking it another way."
)
EMPTY = Failed(code="model_unavailable", message="The model returned an empty answer. Please ask again.")
NO_ROOM = Failed(
    code="model_unavailable",
    message="The model used up its longest length before it wrote a word. Please ask more narrowly; "
    "if this goes on, tell an administrator to raise ANSWER_TOKENS.",
)
NO_ANSWER_IN_TIME = Failed(
    code="model_unavailable", message="The model did not answer in time. Please try again in a few minutes."
)
MODEL_BUSY = "The model is busy right now. Please ask again in a minute."
MODEL_LATE = "The model did not answer in time. Please ask again."
MODEL_AWAY = "The model can't be reached right now. Please try again in a few minutes."
MODEL_LOST = "The connection to the model was lost. Please ask again."
MODEL_LEFT_ALONE = "The model does not answer at the moment. Please ask again in a minute."
MODEL_REFUSES_KEY = (
    "The model does not accept our key. Please tell an administrator to check ANTHROPIC_API_KEY."
)
MODEL_NOT_THERE = "The model is not there. Please tell an administrator to check ANSWER_MODEL."
MODEL_REFUSES_REQUEST = (
    "The model does not take our request. Please tell an administrator; the log has its id."
)

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~!])")
STATUS_CHARS = 50
"""A status line of Slack's has no room for more (docs.slack.dev, assistant.threads.setStatus)."""
DAY_S = 86_400
HOUR_S = 3_600
MINUTE_S = 60


def failed(error: AnswerdeskError) -> Failed:
    """The one place where an error becomes what the asker is told."""
    match error:
        case RefusedError():
            return Failed(code=error.code, message=str(error))
        case OverloadedError(service="model"):
            wait = f"in {duration(error.retry_after_s)}" if error.retry_after_s else "in a minute"
            return Failed(
                code="model_overloaded", message=f"The model is busy right now. Please ask again {wait}."
            )
        case UnavailableError(service="model"):
            return Failed(code="model_unavailable", message=str(error))
        case UnavailableError(service="retrieval" | "nats" | "index"):
            return Failed(
                code="retrieval_unavailable",
                message="I can't search the documents right now. Please try again in a few minutes.",
            )
        case _:
            return INTERNAL


def question_too_long(*, chars: int, most: int) -> RefusedError:
    """A question over its limit."""
    return RefusedError(
        f"Your question has {chars:,} characters, and I can read up to {most:,}. Please shorten it.",
        code="question_too_long",
    )


def question_fills_prompt() -> RefusedError:
    """A question within its characters that is still more tokens than leave room for documents."""
    return RefusedError(
        "Your question is too long for me to read enough documents beside it. Please shorten it.",
        code="question_too_long",
    )


def no_question() -> RefusedError:
    """A message without words."""
    return RefusedError("There is no question in this message. Ask me something about our documents.")


def quota_exceeded(
    *,
    scope: Literal["person", "group", "workspace"],
    period: Literal["day", "month"],
    resets_at: datetime,
) -> RefusedError:
    """Somebody's tokens are used up, or kept for answers that are being written."""
    whose = {"person": "You have", "group": "Your group has", "workspace": "Your company has"}[scope]
    share = {"person": "your", "group": "its", "workspace": "its"}[scope]
    span = {"day": "today", "month": "this month"}[period]
    return RefusedError(
        f"{whose} used {share} share of answers for {span}. "
        f"It starts afresh on {resets_at:%-d %B} at {resets_at:%H:%M} {resets_at:%Z}; until then, ask a "
        "colleague or search the documents.",
        code="quota_exceeded",
    )


def too_many_questions(*, most: int, wait_s: float) -> RefusedError:
    """A person asks faster than they may."""
    return RefusedError(
        f"You have asked {_questions(most)} within a minute, which is as many as I take. "
        f"Please ask again in {duration(wait_s)}.",
        code="quota_exceeded",
    )


def line_is_long() -> OverloadedError:
    """The model is called by too many, or a question's turn did not come in time."""
    return OverloadedError("Too many questions are waiting.", service="model")


def no_allowance() -> RefusedError:
    """The quotas can't be read, and what is given without them is used up."""
    return RefusedError(
        "I can't check how much you may ask at the moment, so I have to wait. "
        "Please try again in a few minutes.",
        code="quota_exceeded",
    )


def not_found(nearest: Sequence[str], *, owners: Sequence[str], pending: int, failing: bool) -> str:
    """Nothing relevant.

    Args:
        nearest: sources as they are shown, number included.
        owners: who may know.
        pending: documents that are still being read.
        failing: whether a source could not be read lately.
    """
    told = ["I couldn't find this in the documents that I may show here."]
    if nearest:
        be = "is" if len(nearest) == 1 else "are"
        told.append(f"The nearest {be} {_listed(nearest)}.")
    if owners:
        told.append(f"You could ask {_listed(owners, link='or')}.")
    if pending:
        told.append(f"{_changes(pending)} still being read; ask again in a moment.")
    if failing:
        told.append("One of my sources could not be read lately, so newer documents may be missing.")
    return " ".join(told)


def behind(*, pending: int) -> str:
    """An answer may lack what has just changed."""
    return f"_{_changes(pending)} still being read, so the latest changes may be missing here._"


def not_synced(sources: Sequence[str]) -> str:
    """Sources that an answer stands on could not be read lately."""
    what = f"The {'source' if len(sources) == 1 else 'sources'} {_listed(sources)}"
    return f"_{what} could not be read lately; what changed there may be missing here._"


def left_out(*, passages: int, turns: bool, files: Sequence[str] = ()) -> str | None:
    """What was found, said before or attached, and did not fit the prompt."""
    parts = [
        *([f"{passages:,} of the passages that I found"] if passages else []),
        *(["the oldest messages of this conversation"] if turns else []),
        *(f"all of {name}" for name in map(_harmless, files)),
    ]
    return f"_I could not read all of it: {_listed(parts)} did not fit._" if parts else None


def unread(files: Sequence[UnreadFile]) -> str:
    """Files came with the question, and were not read."""
    told = "; ".join(f"{_harmless(file.name)} ({_harmless(file.reason)})" for file in files)
    what = "this attached file" if len(files) == 1 else "these attached files"
    return f"_I couldn't read {what}: {told}. Paste the text that matters._"


def reading_files(names: Sequence[str]) -> str:
    """Which files are being read, as plain text."""
    return f"Reading {_listed([visible(name) for name in names])}"


def searching(sources: Sequence[str]) -> str:
    """Where is being searched, as far as it may be told."""
    match sources:
        case []:
            return SEARCHING
        case [only]:
            return f"Searching {only}"
        case [first, *others]:
            return f"Searching {first} and {len(others)} other {'source' if len(others) == 1 else 'sources'}"
    return SEARCHING


def reading(passages: Sequence[Passage]) -> str:
    """Which documents the answer is being written from, as plain text."""
    titles = list(dict.fromkeys(visible(passage.title or passage.document) for passage in passages))
    lines = (_titles(titles, named) for named in range(len(titles), 0, -1))
    return next((line for line in lines if len(line) <= STATUS_CHARS), _titles(titles, 1))


def _titles(titles: Sequence[str], named: int) -> str:
    more = len(titles) - named
    return f"Reading {_listed([*titles[:named], f'{more} more'] if more else titles)}"


def from_earlier(answered_at: datetime, *, now: datetime) -> str:
    """A cached answer says that it is one, and from when."""
    age_s = max(MINUTE_S, (now - answered_at).total_seconds())
    return f"Answered {duration(age_s)} ago from these same documents"


def model_busy(seconds: float) -> str:
    """Why nothing is written yet, and for how long."""
    return f"The model is busy; trying again in {duration(seconds)}"


def in_line(place: int) -> str:
    """Where in the line for the model a question stands."""
    return "You're next in line" if place == 1 else f"You're number {place:,} in line"


def as_markdown(text: str) -> str:
    """Foreign text, such as a title, as Markdown that shows it and does nothing else."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def duration(seconds: float) -> str:
    """About how long, in words."""
    for unit_s, unit in ((DAY_S, "day"), (HOUR_S, "hour"), (MINUTE_S, "minute")):
        if seconds >= unit_s:
            number = round(seconds / unit_s)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    number = max(1, round(seconds))
    return f"{number} second{'' if number == 1 else 's'}"


def _harmless(text: str) -> str:
    return harmless(as_markdown(text), Addresses(()))


def _questions(number: int) -> str:
    return "1 question" if number == 1 else f"{number} questions"


def _changes(pending: int) -> str:
    return "One changed document is" if pending == 1 else f"{pending:,} changed documents are"


def _listed(items: Sequence[str], *, link: str = "and") -> str:
    *first, last = items
    return f"{', '.join(first)} {link} {last}" if first else last
