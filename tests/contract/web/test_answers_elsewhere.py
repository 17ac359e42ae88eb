"""An answer that one bot writes, and its reader comes back to another: two of them on one Valkey."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import redis.asyncio
from nats.aio.client import Client

from bot.answering.question import Question
from bot.answering.valkey_connection import valkey
from bot.web import elsewhere, valkey_records
from bot.web.readable import Whose
from bot.web.recording import READ_EVERY_S
from bot.web.streams import AnswerStreams
from bot.web.valkey_records import ValkeyRecords
from tests.claude_stand_in import Script
from tests.contract.answering.telling import PATIENT_SLICES
from tests.contract.web.conftest import PEOPLE_KEY, Face, serving_api
from tests.contract.web.sse import Event, events_of
from tests.contract.web.test_http_answers import text_of
from tests.until import until
from wire.answers import AnswerEvent, Failed, Status
from wire.errors import OverloadedError

SLOWLY = Script(sentences=6, pace_s=0.05)


class Nothing:
    """A bot's pipeline that is never asked."""

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        yield Failed(code="internal", message=f"nobody asks here: {question.id}")


@asynccontextmanager
async def another_bot(face: Face, client: Client, valkey_url: str) -> AsyncIterator[Face]:
    """The same API at another process's memory: it writes nothing itself."""
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        streams = AnswerStreams(Nothing(), records=ValkeyRecords(connection))
        async with serving_api(streams, client, None) as url:
            yield replace(face, url=url, streams=streams)


@pytest.fixture
async def other(face: Face, client: Client, valkey_url: str) -> AsyncIterator[Face]:
    async with another_bot(face, client, valkey_url) as bot:
        yield bot


async def begun(face: Face) -> list[Event]:
    """What is read of an answer before its connection is lost."""
    seen: list[Event] = []
    async with face.asking() as reply:
        async for event in events_of(reply):
            seen.append(event)
            if event.name == "delta":
                break
        reply.close()
    return seen


async def test_a_reader_goes_on_at_another_bot_where_it_was(face: Face, other: Face) -> None:
    face.claude.default = SLOWLY
    seen = await begun(face)
    rest = await other.ask(last=seen[-1].id)
    assert rest[0].id.rpartition(".")[2] == str(len(seen) + 1)
    assert rest[-1].name == "done"
    assert text_of([*seen, *rest]) == rest[-1].data["text"]
    assert len(face.claude.requests) == 1
    assert await other.ask(last=seen[-1].id) == rest, "an answer that has ended can still be read"
    assert await face.ask(last=seen[-1].id) == rest, "and where it was written too"
    assert await other.ask(last=rest[-1].id) == [], "after the last event comes none"


async def test_an_answer_is_read_at_another_bot_for_as_long_as_it_takes(face: Face, other: Face) -> None:
    """The bot that writes it would end it a second after its own last reader."""
    face.claude.default = replace(SLOWLY, sentences=12)
    seen = await begun(face)
    rest = await other.ask(last=seen[-1].id)
    assert rest[-1].name == "done"


async def test_who_leaves_the_other_bot_too_has_stopped_it(face: Face, other: Face) -> None:
    face.claude.default = replace(SLOWLY, sentences=2_000)
    seen = await begun(face)
    async with other.asking(last=seen[-1].id) as reply:
        async for _ in events_of(reply):
            break
        reply.close()
    await until(lambda: face.claude.streams_open == 0, within_s=60)


async def test_an_answer_can_be_stopped_at_another_bot(face: Face, other: Face) -> None:
    face.claude.default = replace(SLOWLY, sentences=2_000)
    seen = await begun(face)
    async with other.asking(last=seen[-1].id) as reply:
        name = seen[-1].id.rpartition(".")[0]
        async with other.session.delete(f"{other.url}/v1/answers/{name}", headers=other.headers) as stopped:
            assert stopped.status == 204
        rest = [event async for event in events_of(reply)]
    assert rest[-1].data["code"] == "cancelled"
    await until(lambda: face.claude.streams_open == 0, within_s=30)


class ChargesAtItsEnd:
    """A pipeline whose answers have something to do once they are stopped, which takes a while."""

    charged = False

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        try:
            yield Status(text=question.text)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(8 * READ_EVERY_S)
            self.charged = True


async def test_stopped_at_another_bot_it_is_stopped_once(valkey_url: str) -> None:
    """What it took is charged, however long that takes, and whoever asks again meanwhile."""
    pipeline = ChargesAtItsEnd()
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        streams = AnswerStreams(pipeline, records=ValkeyRecords(connection))
        question = Question(id="q", text="Looking", person="key:a", principals=("public",))
        stream = streams.ask(question, owner="a", on_record=True)
        with stream.reading():
            await stream.after(0, within_s=30)
            found = await elsewhere.Elsewhere(ValkeyRecords(connection)).find(stream.id)
            while found is None:
                found = await elsewhere.Elsewhere(ValkeyRecords(connection)).find(stream.id)
            with found.reading():
                await found.cancel()
                await until(lambda: stream.ended, within_s=30)
        await streams.drain()
    assert pipeline.charged


async def test_over_a_websocket_too(face: Face, other: Face) -> None:
    face.claude.default = SLOWLY
    seen = await begun(face)
    address = f"{other.url.replace('http', 'ws')}/v1/answers/ws"
    async with other.session.ws_connect(address, headers=other.headers) as socket:
        await socket.send_json({"resume": seen[-1].id})
        rest: list[dict[str, Any]] = []
        async with asyncio.timeout(60):
            while not rest or rest[-1]["event"] not in ("done", "error"):
                rest.append(await socket.receive_json())
    assert rest[-1]["event"] == "done"
    assert rest[0]["id"].rpartition(".")[2] == str(len(seen) + 1)


async def test_nobody_goes_on_with_somebody_elses_answer_at_another_bot(face: Face, other: Face) -> None:
    """Promise 28."""
    events = await face.ask()
    other.headers = {"Authorization": f"Bearer {PEOPLE_KEY}"}
    async with other.asking(last=events[0].id) as reply:
        assert reply.status == 410


async def test_a_record_of_another_release_is_none(other: Face, valkey_url: str) -> None:
    async with redis.asyncio.from_url(valkey_url) as server:
        await server.set("answerdesk:{answer:old}:whose", '{"reader": "intranet"}')
    async with other.asking(last="old.1") as reply:
        assert reply.status == 410
        assert "ask again" in await reply.text()


async def test_nor_with_ones_own_once_the_key_may_read_less(other: Face, valkey_url: str) -> None:
    """Promise 28: a bot that was started with narrower keys."""
    whose = Whose(owner="intranet", principals=("public", "group:S1"))
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        event = json.dumps({"event": "status", "text": "x"})
        await ValkeyRecords(connection).tell("wide", whose=whose, events=[event], since=0, ended=False)
    async with other.asking(last="wide.0") as reply:
        assert reply.status == 410


async def test_a_writer_that_has_died_is_told_of_and_nobody_waits(other: Face, valkey_url: str) -> None:
    whose = Whose(owner="intranet", principals=("public",))
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        records = ValkeyRecords(connection, lease_ms=300)
        events = [json.dumps({"event": "delta", "text": text}) for text in ("a", "b")]
        await records.tell("orphan", whose=whose, events=events, since=0, ended=False)
    rest = list(await other.ask(last="orphan.1"))
    assert [event.id for event in rest] == ["orphan.2", "orphan.3"]
    assert (rest[-1].name, rest[-1].data["message"]) == ("error", elsewhere.LEFT.message)
    # It may have been told more than was put on record.
    assert [event.name for event in await other.ask(last="orphan.7")] == ["error"]


async def test_without_valkey_it_can_be_gone_on_with_where_it_is_written(face: Face, client: Client) -> None:
    seen = await begun(face)
    async with (
        another_bot(face, client, "redis://127.0.0.1:1") as bot,
        bot.asking(last=seen[-1].id) as reply,
    ):
        assert reply.status == 410
    assert (await face.ask(last=seen[-1].id))[-1].name == "done"


async def test_a_record_that_is_lost_while_it_is_written_is_told_again(
    face: Face, other: Face, valkey_url: str
) -> None:
    face.claude.default = replace(SLOWLY, sentences=12)
    seen = await begun(face)
    async with redis.asyncio.from_url(valkey_url) as server, other.asking(last=seen[-1].id) as reply:
        rest: list[Event] = []
        async for event in events_of(reply):
            rest.append(event)
            if len(rest) == 10:
                await server.delete(*[key async for key in server.scan_iter("answerdesk:{answer:*:events")])
    assert text_of([*seen, *rest]) == rest[-1].data["text"]


async def test_a_record_that_is_lost_is_not_taken_for_a_writer_that_has_died(valkey_url: str) -> None:
    """Its writer puts all of it on record again in a moment; a reader may look before that."""
    whose = Whose(owner="intranet", principals=("public",))
    events = [json.dumps({"event": "delta", "text": text}) for text in ("a", "b")]
    async with (
        valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection,
        redis.asyncio.from_url(valkey_url) as server,
    ):
        records = ValkeyRecords(connection)
        await records.tell("one", whose=whose, events=events[:1], since=0, ended=False)
        found = await elsewhere.Elsewhere(records).find("one")
        assert found is not None
        with found.reading():
            assert [event.number for event in await found.after(0, within_s=30)] == [1]
            await server.delete(*[key async for key in server.scan_iter("answerdesk:{answer:*")])
            assert await found.after(1, within_s=3 * elsewhere.LOOK_EVERY_S) == []
            await records.tell("one", whose=whose, events=events, since=0, ended=False)
            assert [event.number for event in await found.after(1, within_s=30)] == [2]


async def test_what_is_on_record_goes_by_itself(face: Face, valkey_url: str) -> None:
    """Bounded in time: nothing of it is there for good."""
    await face.ask()
    async with redis.asyncio.from_url(valkey_url) as server:

        async def ended() -> bool:
            states = [await server.get(key) async for key in server.scan_iter("answerdesk:{answer:*:state")]
            return states == [b"ended"]

        await until(ended, within_s=30)
        keys = [key async for key in server.scan_iter("answerdesk:{answer:*")]
        left = [await server.pttl(key) for key in keys]
    assert len(keys) == 3
    assert all(0 < each <= valkey_records.KEPT_MS for each in left)


async def test_a_reader_that_is_slow_to_take_what_there_is_counts_all_the_same(
    valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its answer would be ended as one that nobody reads."""
    monkeypatch.setattr(elsewhere, "HERE_EVERY_S", 0.05)
    whose = Whose(owner="intranet", principals=("public",))
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        records = ValkeyRecords(connection)

        async def is_read() -> bool:
            told = await records.tell("one", whose=whose, events=[], since=0, ended=False)
            return told.read

        assert not await is_read()
        found = await elsewhere.Elsewhere(records).find("one")
        assert found is not None
        with found.reading():
            await until(is_read, within_s=30)


async def test_how_many_are_read_at_once_is_bounded(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "AT_ONCE", 1)
    whose = Whose(owner="intranet", principals=("public",))
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        records = ValkeyRecords(connection)
        await records.tell("one", whose=whose, events=[], since=0, ended=False)
        home = elsewhere.Elsewhere(records)
        found = await home.find("one")
        assert found is not None
        with found.reading(), pytest.raises(OverloadedError):
            await home.find("one")
        assert await home.find("one") is not None
