"""Asking the pipeline, and what it told."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.answering.answering import Answering
from bot.answering.question import Question, Turn
from bot.answering.quota import Asker
from bot.answering.valkey_quota import ValkeyQuota
from tests.claude_stand_in import ClaudeStandIn
from tests.retrieval_stand_in import RetrievalStandIn
from wire.answers import AnswerEvent, Citation, Delta, Done, Failed

PATIENT_SLICES = 200
"""Ten seconds of a server's silence, for tests of what it keeps rather than of how it is missed."""
GERMANY = (
    "Parents in Germany get 14 months of parental leave. "
    "Both parents may share the months between them.\n\n"
    "Ask for parental leave seven weeks ahead."
)


@dataclass
class Told:
    """All events of one answer."""

    events: list[AnswerEvent] = field(default_factory=list)

    @property
    def last(self) -> AnswerEvent:
        return self.events[-1]

    @property
    def done(self) -> Done:
        assert isinstance(self.last, Done), self.last
        return self.last

    @property
    def failed(self) -> Failed:
        assert isinstance(self.last, Failed), self.last
        return self.last

    @property
    def deltas(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Delta))

    @property
    def citations(self) -> list[Citation]:
        return [event for event in self.events if isinstance(event, Citation)]


def question(
    text: str = "How many months of parental leave do parents get in Germany?",
    *,
    person: str = "T1:U1",
    principals: tuple[str, ...] = ("public",),
    conversation: tuple[Turn, ...] = (),
    fresh: bool = False,
    so_far: str = "",
) -> Question:
    return Question(
        id="T1:C1:1.0:0",
        text=text,
        person=person,
        principals=principals,
        conversation=conversation,
        fresh=fresh,
        so_far=so_far,
    )


async def standing(quota: ValkeyQuota, person: str = "T1:U1") -> tuple[int, int]:
    """A person's tokens of the day, used and set aside."""
    level, *_ = await quota.usage(Asker(person=person))
    return level.used, level.reserved


async def tell(answering: Answering, asked: Question | None = None) -> Told:
    told = Told()
    async for event in answering.answer(asked or question()):
        told.events.append(event)
    endings = [event for event in told.events if isinstance(event, Done | Failed)]
    assert endings == [told.last], "exactly one done or error ends a stream"
    return told


@dataclass
class Desk:
    """Everything a test may want to turn."""

    retrieval: RetrievalStandIn
    claude: ClaudeStandIn
    answering: Callable[..., Answering]
