"""What the pipeline is asked, by whichever face."""

import json
from dataclasses import dataclass, replace
from typing import Literal

GO_ON = (
    "Your answer broke off. Go on exactly where it ended, in its language, and repeat nothing of it. "
    "The question was: "
)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    """``assistant`` only for our own answers; everybody else, other bots included, is a user."""
    author: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A file that came with the question: what it is called, and what names it where it lies."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a question is to be answered, beyond what everybody's are.

    Attributes:
        sources: only these are searched; None: all.
        instruction: what the channel's admins ask of the model.
        language: what the answer is written in; None: the language of the question.
    """

    sources: tuple[str, ...] | None = None
    instruction: str = ""
    language: str | None = None

    @property
    def key(self) -> str:
        """Tells it from others: an answer given in one manner is none in another. Empty for the usual one."""
        if self == Manner():
            return ""
        sources = None if self.sources is None else sorted(self.sources)
        return json.dumps([sources, self.instruction, self.language])


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, who asks it, and who will read its answer.

    Attributes:
        id: names the question; with ``attempt`` the key of its quota reservation.
        text: the question as asked, mentions resolved to names.
        person: whose quota it counts against, such as ``T1:U2``.
        principals: who will read the answer; only what all of them may read is searched.
        conversation: the thread before the question, oldest first.
        attempt: grows each time the same question is answered anew.
        groups: the asker's user groups, whose quotas it counts against as well.
        zone: where the asker's days begin and end, such as ``Europe/Berlin``; None where it is not known.
        fresh: whether the asker wants an answer written anew rather than one of before.
        so_far: what there is of an answer that broke off and is to be gone on with.
        files: what came with the question.
        cut: whether the conversation had begun before its first message here.
        manner: how it is to be answered.
        viewing: the name of the channel that the asker looks at, where the question points at it. It says
            what is meant, and nothing of who reads the answer.
    """

    id: str
    text: str
    person: str
    principals: tuple[str, ...]
    conversation: tuple[Turn, ...] = ()
    attempt: int = 0
    groups: tuple[str, ...] = ()
    zone: str | None = None
    fresh: bool = False
    so_far: str = ""
    files: tuple[Attached, ...] = ()
    cut: bool = False
    manner: Manner = Manner()
    viewing: str = ""

    @property
    def alone(self) -> bool:
        """Whether its answer depends on nothing but its words and the documents, and so is anybody's."""
        return not (self.conversation or self.files or self.so_far or self.viewing)

    @property
    def in_full(self) -> str:
        """Its words, and where they were said if they point there."""
        if not self.viewing:
            return self.text
        return f"{self.text}\n\n(Asked beside the channel #{self.viewing}, which “here” may mean.)"

    def for_model(self) -> "Question":
        """As it is put to a model, which may have to go on where an answer broke off."""
        if not self.so_far:
            return replace(self, text=self.in_full)
        broken_off = (
            Turn(role="user", author="the asker", text=self.in_full),
            Turn(role="assistant", author="you", text=self.so_far),
        )
        return replace(self, text=GO_ON + self.text, conversation=(*self.conversation, *broken_off))
