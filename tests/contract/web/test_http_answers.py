"""Answers over HTTP: a stream that can be gone on with, and that nobody's absence or slowness keeps open."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.answering.quota import Asker
from bot.web.aiohttp_answers import AnswersOverSse
from bot.web.aiohttp_callers import Callers
from bot.web.aiohttp_server import serving_http
from bot.web.keys import Keyring
from tests.claude_stand_in import Script
from tests.contract.web.conftest import KEY, LISTED, PEOPLE_KEY, QUESTION, Face
from tests.contract.web.sse import Event, events_of
from tests.retrieval_stand_in import passage
from tests.until import until
from wire.key_settings import ApiKey, key_hash

SLOWLY = Script(sentences=30, pace_s=0.05)
SALARIES = "Salary bands: an engineer of level three earns 80,000 euros a year."


def text_of(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.name == "delta")


@asynccontextmanager
async def capturing() -> AsyncIterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as log:
        yield log


async def used(face: Face, key: str = "intranet") -> tuple[int, int]:
    level, *_ = await face.quota.usage(Asker(person=f"key:{key}"))
    return level.used, level.reserved


async def test_an_answer_streams_with_its_sources_and_ends_once(face: Face) -> None:
    events = list(await face.ask())
    names = [event.name for event in events]
    assert names[0] == "status"
    assert names.index("sources") < names.index("delta")
    assert [name for name in names if name in ("done", "error")] == [names[-1]] == ["done"]
    done = events[-1].data
    assert "14 months" in done["text"]
    assert text_of(events) == done["text"]
    assert done["sources"][0]["title"] == "Leave policy"
    assert [event.id.rpartition(".")[2] for event in events] == [str(n + 1) for n in range(len(events))]
    spent, reserved = await used(face)
    assert (spent > 0, reserved) == (True, 0)


async def test_what_was_said_before_reaches_the_model(face: Face) -> None:
    said = [{"role": "user", "text": "I live in Munich."}, {"role": "assistant", "text": "Good to know."}]
    await face.ask(conversation=said)
    assert "I live in Munich." in json.dumps(face.claude.requests[-1]["messages"])


async def test_a_reader_who_was_cut_off_goes_on_where_it_was(face: Face) -> None:
    face.claude.default = Script(sentences=3, pace_s=0.05)
    seen: list[Event] = []
    async with face.asking() as reply:
        async for event in events_of(reply):
            seen.append(event)
            if event.name == "delta":
                break
        reply.close()
    rest = await face.ask(last=seen[-1].id)
    assert rest[0].id.rpartition(".")[2] == str(len(seen) + 1)
    assert text_of([*seen, *rest]) == rest[-1].data["text"]
    assert len(face.claude.requests) == 1
    again = await face.ask(last=seen[-1].id)
    assert again == rest, "an answer that has ended can still be read"


async def test_nobody_goes_on_with_somebody_elses_answer(face: Face) -> None:
    events = await face.ask()
    face.headers = {"Authorization": f"Bearer {PEOPLE_KEY}"}
    async with face.asking(last=events[0].id) as reply:
        assert reply.status == 410
        assert (await reply.json())["error"]["code"] == "cancelled"


@pytest.mark.parametrize(("last", "status"), [("nothing-of-ours.1", 410), ("nonsense", 400)])
async def test_an_answer_that_is_not_kept_is_said_to_be_gone(face: Face, last: str, status: int) -> None:
    async with face.asking(last=last) as reply:
        assert reply.status == status


async def test_closing_the_connection_ends_the_models_call_and_charges_what_it_took(face: Face) -> None:
    face.claude.default = SLOWLY
    async with face.asking() as reply:
        async for event in events_of(reply):
            if event.name == "delta":
                break
        assert face.claude.streams_open == 1
        reply.close()
    await until(lambda: face.claude.streams_open == 0, within_s=30)
    await until(lambda: face.streams.open == 0, within_s=30)

    async def settled() -> bool:
        spent, reserved = await used(face)
        return spent > 0 and reserved == 0

    await until(settled, within_s=30)


async def test_an_answer_can_be_stopped(face: Face) -> None:
    face.claude.default = SLOWLY
    events: list[Event] = []
    async with face.asking() as reply:
        async for event in events_of(reply):
            if event.name == "delta" and event.data["text"] and len(events) < 10:
                name = event.id.rpartition(".")[0]
                stop = face.session.delete(f"{face.url}/v1/answers/{name}", headers=face.headers)
                async with stop as stopped:
                    assert stopped.status == 204
            events.append(event)
    assert events[-1].data == {
        "event": "error",
        "code": "cancelled",
        "message": "This answer was stopped.",
    }
    await until(lambda: face.claude.streams_open == 0, within_s=30)


async def test_a_key_reads_what_it_is_bound_to_and_may_ask_for_less(face: Face) -> None:
    face.retrieval.put(passage(SALARIES, document="bands"), allow=frozenset({"group:S1"}))
    question = "What does an engineer of level three earn a year in the salary bands?"
    assert "80,000" not in json.dumps([event.data for event in await face.ask(question)])
    face.headers = {"Authorization": f"Bearer {PEOPLE_KEY}"}
    assert "80,000" in (await face.ask(question))[-1].data["text"]
    less = await face.ask(question, principals=["public"])
    assert "80,000" not in json.dumps([event.data for event in less])


async def test_a_key_may_not_read_as_anybody_else(face: Face) -> None:
    """Promise 28: a refusal, and no search."""
    async with face.asking(principals=["public", "group:S1"]) as reply:
        assert reply.status == 403
        assert (await reply.json())["error"]["code"] == "not_allowed"
    assert face.retrieval.searches == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"question": "x" * 5000}, 413, "question_too_long"),
        ({"question": "  "}, 403, "not_allowed"),
        ({"question": ""}, 400, "malformed"),
        ({"quest": "?"}, 400, "malformed"),
        ({"question": "?", "conversation": [{"role": "system", "text": "x"}]}, 400, "malformed"),
        ({"question": "?", "principals": []}, 400, "malformed"),
        ({"question": "x" * 300_000}, 413, "question_too_long"),
    ],
)
async def test_what_can_not_be_answered_is_an_http_error(
    face: Face, body: dict[str, object], status: int, code: str
) -> None:
    post = face.session.post(f"{face.url}/v1/answers", json=body, headers=face.headers)
    async with post as reply:
        assert reply.status == status
        error = (await reply.json())["error"]
    assert error["code"] == code
    assert error["message"]
    assert face.claude.requests == []


async def test_a_keys_quota_is_its_own(face: Face) -> None:
    await face.ask()
    face.headers = {"Authorization": f"Bearer {PEOPLE_KEY}"}
    await face.ask()
    await face.ask()
    async with face.asking() as reply:
        assert reply.status == 429
        assert (await reply.json())["error"]["code"] == "quota_exceeded"
    face.headers = {"Authorization": f"Bearer {KEY}"}
    await face.ask()


async def test_a_model_that_is_away_is_an_event_of_the_stream(face: Face) -> None:
    face.claude.default = Script(ending="server_error")
    events = await face.ask()
    assert (events[-1].name, events[-1].data["code"]) == ("error", "model_unavailable")


async def test_a_page_of_a_listed_origin_may_ask_and_no_other(face: Face) -> None:
    async with face.session.options(f"{face.url}/v1/answers", headers={"Origin": LISTED}) as preflight:
        assert preflight.status == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == LISTED
        assert "Last-Event-ID" in preflight.headers["Access-Control-Allow-Headers"]
    face.headers["Origin"] = LISTED
    async with face.asking() as reply:
        assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, LISTED)
    face.headers["Origin"] = "https://elsewhere.example.com"
    async with face.asking() as reply:
        assert reply.status == 403
        assert "Access-Control-Allow-Origin" not in reply.headers
    async with face.session.options(f"{face.url}/v1/answers", headers=face.headers) as preflight:
        assert preflight.status == 403


async def test_a_reader_who_takes_nothing_is_cut_off_and_holds_nobody_up(face: Face) -> None:
    """Back-pressure: what waits for it is bounded, and the model is not slowed."""
    face.claude.default = Script(text="word " * 30_000, citations="none")
    callers = Callers(Keyring({"one": ApiKey(sha256=key_hash(KEY))}), origins=(), open_here=False)
    sse = AnswersOverSse(streams=face.streams, send_within_s=0.5)
    routes = [web.post("/v1/answers", callers.protecting(sse.answer))]
    async with capturing() as log, serving_http(host="127.0.0.1", port=0, routes=routes) as port:
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(reader, ("127.0.0.1", port))
        body = json.dumps({"question": QUESTION})
        lines = (
            f"POST /v1/answers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        await loop.sock_sendall(reader, lines.encode())
        await until(lambda: face.claude.requests and face.claude.streams_open == 0, within_s=60)
        await until(lambda: face.streams.open == 0, within_s=30)

        async def cut_off() -> bool:
            try:
                return await loop.sock_recv(reader, 65536) == b""
            except ConnectionError:
                return True

        await until(lambda: any("cut off" in line["event"] for line in log), within_s=30)
        await until(cut_off, within_s=30, every_s=0)
        reader.close()
