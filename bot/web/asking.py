"""A request as a question for the pipeline (pure but for its random id)."""

import secrets
from collections.abc import Iterable

from bot.answering.question import Question, Turn
from bot.web.keys import Holder
from wire.asking import AnswerRequest, Said

AUTHORS = {"user": "the asker", "assistant": "you"}


def question_of(request: AnswerRequest, *, holder: Holder) -> Question:
    """What the pipeline is asked.

    Raises:
        RefusedError: the key's holder may not read as whom the request names.
    """
    return Question(
        id=f"web:{holder.name}:{secrets.token_hex(8)}",
        text=request.question,
        person=holder.person,
        principals=holder.reading_as(request.principals),
        conversation=turns_of(request.conversation),
    )


def turns_of(conversation: Iterable[Said]) -> tuple[Turn, ...]:
    """What was said before; the asker's word for it is taken, since it opens no document."""
    return tuple(Turn(role=said.role, author=AUTHORS[said.role], text=said.text) for said in conversation)
