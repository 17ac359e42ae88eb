"""Many who ask the same at once get one answer, written once, in whichever process they ask."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Literal

from bot.answering.answering import Answering
from bot.answering.flights import Flight, Flights, News
from bot.answering.quota import QuotaLimits
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import Valkey
from bot.answering.valkey_flights import ValkeyFlights
from bot.answering.valkey_quota import ValkeyQuota
from tests.claude_stand_in import Script
from tests.contract.answering.telling import Desk, Told, question, standing, tell
from tests.retrieval_stand_in import passage
from tests.until import until
from wire.answers import AnswerEvent, Delta, Done, Failed, Status
from wire.errors import UnavailableError

SLOW = Script(sentences=12, pace_s=0.025)
"""Some three seconds of text."""


class Followed(Told):
    """An answer whose events come in while the test looks on; text that is written anew replaces the rest."""

    def __init__(self, answering: Answering, person: str, principals: tuple[str, ...] = ("public",)) -> None:
        super().__init__()
        self.text = ""
        self.anew = 0
        self.task = asyncio.create_task(
            self._follow(answering.answer(question(person=person, principals=principals)))
        )

    async def _follow(self, events: AsyncGenerator[AnswerEvent, None]) -> None:
        async for event in events:
            self.events.append(event)
            if isinstance(event, Delta):
                self.anew += int(bool(event.anew))
                self.text = event.text if event.anew else self.text + event.text


def replica(
    desk: Desk, connection: Valkey, *, quota: int = 10**6, flights: Flights | None = None
) -> Answering:
    return desk.answering(
        cache=ValkeyCache(connection),
        flights=flights or ValkeyFlights(connection),
        quota=ValkeyQuota(connection, limits=QuotaLimits(person_per_day=quota)),
    )


async def test_forty_who_ask_at_once_on_four_replicas_are_one_call(desk: Desk, connection: Valkey) -> None:
    desk.claude.default = SLOW
    replicas = [replica(desk, connection) for _ in range(4)]
    asked = [Followed(replicas[n % 4], f"T1:U{n}") for n in range(40)]
    await asyncio.gather(*(told.task for told in asked))
    assert len(desk.claude.requests) == 1
    assert len({told.done.text for told in asked}) == 1
    assert all(told.text == told.done.text for told in asked)
    assert sum(told.done.joined for told in asked) == 39


async def test_who_reads_along_sees_it_grow_and_each_citation_behind_its_number(
    desk: Desk, connection: Valkey
) -> None:
    desk.claude.default = SLOW
    first = Followed(replica(desk, connection), "T1:U1")
    await until(lambda: first.text, within_s=10)
    other = Followed(replica(desk, connection), "T1:U2")
    await until(lambda: other.text, within_s=10)
    assert not isinstance(other.last, Done)
    assert desk.claude.streams_open == 1
    await asyncio.gather(first.task, other.task)
    assert other.text == other.done.text == first.done.text
    assert [citation.index for citation in other.citations] == [1]
    assert len([event for event in other.events if isinstance(event, Delta)]) > 2


async def test_the_first_one_pays_and_who_reads_along_does_not(desk: Desk, connection: Valkey) -> None:
    desk.claude.default = SLOW
    answering = replica(desk, connection)
    quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=10**6))
    first = Followed(answering, "T1:U1")
    await until(lambda: first.text, within_s=10)
    other = Followed(answering, "T1:U2")
    await asyncio.gather(first.task, other.task)
    usage = first.done.usage
    assert await standing(quota, "T1:U1") == (usage.input_tokens + usage.output_tokens, 0)
    assert await standing(quota, "T1:U2") == (0, 0)
    assert other.done.usage.output_tokens == 0


async def test_other_passages_make_it_another_answer(desk: Desk, connection: Valkey) -> None:
    """Who may read more, or less, is written an answer of their own."""
    desk.retrieval.put(
        passage("The boss gets 99 months of parental leave in Germany.", document="boss"),
        allow=frozenset({"user:U1"}),
    )
    desk.claude.default = SLOW
    answering = replica(desk, connection)
    told = [
        Followed(answering, "T1:U1", principals=("public", "user:U1")),
        Followed(answering, "T1:U2", principals=("public",)),
    ]
    await asyncio.gather(*(each.task for each in told))
    assert len(desk.claude.requests) == 2
    assert "99 months" in told[0].text
    assert "99 months" not in told[1].text


async def test_where_the_first_one_stops_another_goes_on(desk: Desk, connection: Valkey) -> None:
    desk.claude.default = SLOW
    first = Followed(replica(desk, connection), "T1:U1")
    await until(lambda: first.text, within_s=10)
    others = [Followed(replica(desk, connection), f"T1:U{n}") for n in (2, 3)]
    await until(lambda: all(told.text for told in others), within_s=10)
    first.task.cancel()
    await asyncio.gather(*(told.task for told in others))
    assert len(desk.claude.requests) == 2
    assert [told.anew for told in others].count(1) >= 1
    assert all(told.text == told.done.text for told in others)
    assert all(told.done.complete for told in others)


class Dying(ValkeyFlights):
    """The record of a process that dies without a word."""

    dead = False

    async def tell(
        self, flight: Flight, events: Sequence[AnswerEvent], *, ended: bool = False
    ) -> Literal["lost", "alone", "followed"]:
        return "followed" if self.dead else await super().tell(flight, events, ended=ended)

    async def leave(self, flight: Flight) -> None:
        if not self.dead:
            await super().leave(flight)


async def test_where_the_first_ones_process_dies_another_goes_on(desk: Desk, connection: Valkey) -> None:
    desk.claude.default = SLOW
    dying = Dying(connection, lease_ms=2_000)
    first = Followed(replica(desk, connection, flights=dying), "T1:U1")
    await until(lambda: first.text, within_s=10)
    other = Followed(replica(desk, connection), "T1:U2")
    await until(lambda: other.text, within_s=10)
    dying.dead = True
    first.task.cancel()
    await other.task
    assert other.anew == 1
    assert other.text == other.done.text
    assert not other.done.joined
    assert len(desk.claude.requests) == 2


async def test_the_first_ones_quota_is_no_reason_for_the_others(desk: Desk, connection: Valkey) -> None:
    desk.claude.default = SLOW
    poor, rich = replica(desk, connection, quota=10), replica(desk, connection)
    told = [Followed(poor, "T1:U1"), Followed(rich, "T1:U2")]
    await asyncio.gather(*(each.task for each in told))
    assert told[0].failed.code == "quota_exceeded"
    assert told[1].done.complete
    assert len(desk.claude.requests) == 1


async def test_a_refusal_and_a_failure_are_told_to_all_and_asked_once(desk: Desk, connection: Valkey) -> None:
    answering = replica(desk, connection)
    for script in (Script(ending="refusal", pace_s=0.05), Script(ending="max_tokens", pace_s=0.05)):
        desk.claude.requests.clear()
        desk.claude.default = script
        told = [Followed(answering, f"T1:U{n}") for n in range(5)]
        await asyncio.gather(*(each.task for each in told))
        assert len({each.last.model_dump_json(include={"code", "message", "text"}) for each in told}) == 1
        assert len(desk.claude.requests) == 1


async def test_what_was_no_whole_answer_is_not_joined_afterwards(desk: Desk, connection: Valkey) -> None:
    desk.claude.scripts.append(Script(ending="refusal"))
    answering = replica(desk, connection)
    assert isinstance((await tell(answering)).last, Failed)
    assert (await tell(answering)).done.complete


async def test_who_comes_just_after_the_end_reads_it_all(desk: Desk, connection: Valkey) -> None:
    """Between the end of an answer and its place in the cache nobody falls through."""
    first = await tell(desk.answering(flights=ValkeyFlights(connection)))
    again = await tell(desk.answering(flights=ValkeyFlights(connection)))
    assert again.done.joined
    assert again.done.text == again.deltas == first.done.text
    assert len(desk.claude.requests) == 1


async def test_who_asks_again_joins_nobody(desk: Desk, connection: Valkey) -> None:
    answering = desk.answering(flights=ValkeyFlights(connection))
    await tell(answering)
    assert not (await tell(answering, question(fresh=True))).done.joined
    assert len(desk.claude.requests) == 2


class Away:
    """A record that can't be reached, after a while or from the start."""

    def __init__(self, flights: Flights, *, away: bool) -> None:
        self._flights = flights
        self.away = away

    def _check(self) -> None:
        if self.away:
            raise UnavailableError("Redis does not answer", service="redis")

    async def board(self, key: str) -> Flight:
        self._check()
        return await self._flights.board(key)

    async def tell(
        self, flight: Flight, events: Sequence[AnswerEvent], *, ended: bool = False
    ) -> Literal["lost", "alone", "followed"]:
        self._check()
        return await self._flights.tell(flight, events, ended=ended)

    async def leave(self, flight: Flight) -> None:
        self._check()
        await self._flights.leave(flight)

    async def follow(self, flight: Flight, *, since: int) -> News:
        self._check()
        return await self._flights.follow(flight, since=since)


async def test_without_the_record_each_is_written_by_itself(desk: Desk, connection: Valkey) -> None:
    """Promise 24: what brings people together is away, and everybody is answered all the same."""
    flights = Away(ValkeyFlights(connection), away=True)
    answering = desk.answering(flights=flights)
    told = await asyncio.gather(*(tell(answering) for _ in range(3)))
    assert all(each.done.complete for each in told)
    assert len(desk.claude.requests) == 3


async def test_where_the_record_goes_away_in_between_everybody_goes_on_alone(
    desk: Desk, connection: Valkey
) -> None:
    desk.claude.default = SLOW
    flights = Away(ValkeyFlights(connection), away=False)
    answering = desk.answering(flights=flights)
    first = Followed(answering, "T1:U1")
    await until(lambda: first.text, within_s=10)
    other = Followed(answering, "T1:U2")
    await until(lambda: other.text, within_s=10)
    flights.away = True
    await asyncio.gather(first.task, other.task)
    assert first.text == first.done.text
    assert other.text == other.done.text
    assert other.anew == 1


async def test_who_waits_in_line_is_told_the_place(desk: Desk) -> None:
    desk.claude.default = SLOW
    answering = desk.answering(answers_at_once=1)
    first = Followed(answering, "T1:U1")
    await until(lambda: first.text, within_s=10)
    others = [Followed(answering, f"T1:U{n}") for n in (2, 3)]
    await asyncio.gather(first.task, *(told.task for told in others))
    said = [[event.text for event in told.events if isinstance(event, Status)] for told in others]
    assert "You're next in line" in said[0]
    assert "You're number 2 in line" in said[1]
    assert all(told.done.complete for told in others)
    assert len(desk.claude.requests) == 3
