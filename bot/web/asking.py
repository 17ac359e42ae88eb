"""A request over HTTP as a question for the pipeline (pure but for its random id)."""

import secrets

from bot.answering.question import Question, Turn
from bot.web.keys import Holder
from wire.asking import AnswerRequest

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
        conversation=tuple(
            Turn(role=said.role, author=AUTHORS[said.role], text=said.text) for said in request.conversation
        ),
    )
