"""What becomes of an answer's record while the record's server is away."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from bot.answering.question import Question
from bot.web import recording
from bot.web.readable import Whose
from bot.web.records import News, Told
from bot.web.streams import AnswerStreams
from tests.until import until
from wire.answers import AnswerEvent, Delta
from wire.errors import UnavailableError

QUESTION = Question(id="q", text="?", person="p", principals=("public",))


class Endless:
    """A pipeline that begins, and is never done."""

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:  # noqa: ARG002 — the port's
        yield Delta(text="a")
        await asyncio.Event().wait()


class Away:
    """A record whose server is away until it is said to be back."""

    def __init__(self) -> None:
        self.away = True
        self.refused = 0
        self.events: list[str] = []
        self.ended = False

    async def tell(self, name: str, *, whose: Whose, events: Sequence[str], since: int, ended: bool) -> Told:  # noqa: ARG002 — the port's
        if self.away:
            self.refused += 1
            raise UnavailableError("Redis does not answer", service="redis")
        self.events[since:] = events
        self.ended = ended
        return Told(kept=len(self.events), read=False, stop=False)

    async def whose(self, name: str) -> Whose | None:
        raise NotImplementedError(name)

    async def follow(self, name: str, *, since: int) -> News:
        raise NotImplementedError(name, since)

    async def stop(self, name: str) -> None:
        raise NotImplementedError(name)


async def test_the_end_is_told_however_long_the_record_was_away_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a reader at another bot would hear that the writer has died, who is well."""
    monkeypatch.setattr(recording, "ALONE_EVERY_S", 0.01)
    monkeypatch.setattr(recording, "LAST_WITHIN_S", 0.0)
    records = Away()
    stream = AnswerStreams(Endless(), records=records).ask(QUESTION, owner="one", on_record=True)
    with stream.reading():
        await until(lambda: records.refused >= 3, within_s=30)
        monkeypatch.setattr(recording, "LAST_WITHIN_S", 60.0)
        await stream.cancel()
        await until(lambda: stream.ended, within_s=30)
        at_its_end = records.refused
        await until(lambda: records.refused >= at_its_end + 3, within_s=30)
        records.away = False
        await until(lambda: records.ended, within_s=30)
    assert len(records.events) == 2
