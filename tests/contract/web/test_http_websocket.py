"""Answers over a WebSocket: the same events, one question at a time."""

from typing import Any

import aiohttp
import pytest

from bot.web import aiohttp_websocket
from tests.claude_stand_in import Script
from tests.contract.web.conftest import KEY, PEOPLE_KEY, QUESTION, Face
from tests.contract.web.sse import ANSWER_EVENT
from tests.until import until
from wire.shapes import read_shape

SLOWLY = Script(sentences=30, pace_s=0.05)


async def read_answer(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while not events or events[-1]["event"] not in ("done", "error"):
        message = await socket.receive(timeout=30)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        read_shape(ANSWER_EVENT, message.data)
        events.append(message.json())
    return events


def address(face: Face) -> str:
    return f"{face.url}/v1/answers/ws"


async def test_one_question_after_another_is_answered(face: Face) -> None:
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        for _ in range(2):
            await socket.send_json({"question": QUESTION})
            events = await read_answer(socket)
            await socket.send_json({"stop": True})  # too late, and no harm
            assert "14 months" in events[-1]["text"]
            assert all(event["id"].endswith(f".{n}") for n, event in enumerate(events, start=1))


async def test_a_browser_names_its_key_as_a_subprotocol(face: Face) -> None:
    protocols = ("answerdesk", f"bearer.{KEY}")
    async with face.session.ws_connect(address(face), protocols=protocols) as socket:
        assert socket.protocol == "answerdesk"
        await socket.send_json({"question": QUESTION})
        assert (await read_answer(socket))[-1]["event"] == "done"


async def test_stop_ends_the_answer_and_the_socket_takes_the_next_question(face: Face) -> None:
    face.claude.scripts.append(SLOWLY)
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        await socket.send_json({"question": QUESTION})
        await socket.receive_json(timeout=30)
        await until(lambda: face.claude.streams_open == 1, within_s=30)
        await socket.send_json({"stop": True})
        assert (await read_answer(socket))[-1]["code"] == "cancelled"
        await until(lambda: face.claude.streams_open == 0, within_s=30)
        await socket.send_json({"question": QUESTION})
        assert (await read_answer(socket))[-1]["event"] == "done"


async def test_the_next_question_may_be_right_behind_the_stop(face: Face) -> None:
    face.claude.scripts.append(SLOWLY)
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        await socket.send_json({"question": QUESTION})
        await until(lambda: face.claude.streams_open == 1, within_s=30)
        await socket.send_json({"stop": True})
        await socket.send_json({"question": QUESTION})
        assert (await read_answer(socket))[-1]["code"] == "cancelled"
        assert (await read_answer(socket))[-1]["event"] == "done"


async def test_closing_the_socket_ends_the_models_call(face: Face) -> None:
    face.claude.default = SLOWLY
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        await socket.send_json({"question": QUESTION})
        await until(lambda: face.claude.streams_open == 1, within_s=30)
    await until(lambda: face.claude.streams_open == 0, within_s=30)
    await until(lambda: face.streams.open == 0, within_s=30)


async def test_a_lost_answer_is_gone_on_with_on_another_socket(face: Face) -> None:
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        await socket.send_json({"question": QUESTION})
        events = await read_answer(socket)
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        await socket.send_json({"resume": events[1]["id"]})
        assert await read_answer(socket) == events[2:]


async def test_a_second_question_before_the_first_is_answered_closes_the_socket(face: Face) -> None:
    face.claude.default = SLOWLY
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        await socket.send_json({"question": QUESTION})
        await until(lambda: face.claude.streams_open == 1, within_s=30)
        await socket.send_json({"question": QUESTION})
        assert (await read_answer(socket))[-1]["code"] == "cancelled"
        assert (await socket.receive(timeout=30)).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION
    await until(lambda: face.claude.streams_open == 0, within_s=30)


async def test_how_many_sockets_a_key_may_have_open_is_bounded(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that one program's leave room for the others'."""
    monkeypatch.setattr(aiohttp_websocket, "OPEN_FOR_ONE", 1)
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        async with face.session.ws_connect(address(face), headers=face.headers) as second:
            assert (await second.receive(timeout=30)).type is aiohttp.WSMsgType.CLOSE
            assert second.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER
        others = {"Authorization": f"Bearer {PEOPLE_KEY}"}
        async with face.session.ws_connect(address(face), headers=others) as theirs:
            for each in (socket, theirs):
                await each.send_json({"question": QUESTION})
                assert (await read_answer(each))[-1]["event"] == "done"
    async with face.session.ws_connect(address(face), headers=face.headers) as again:
        await again.send_json({"question": QUESTION})
        assert (await read_answer(again))[-1]["event"] == "done"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("no JSON", "malformed"),
        ("[" * 100_000, "malformed"),
        ('{"question": "?", "principals": ["user:U2"]}', "not_allowed"),
        ('{"resume": "gone.1"}', "cancelled"),
    ],
)
async def test_what_can_not_be_answered_is_an_error_and_the_socket_stays(
    face: Face, sent: str, code: str
) -> None:
    async with face.session.ws_connect(address(face), headers=face.headers) as socket:
        await socket.send_str(sent)
        said = await socket.receive_json(timeout=30)
        assert (said["event"], said["code"]) == ("error", code)
        await socket.send_json({"question": QUESTION})
        assert (await read_answer(socket))[-1]["event"] == "done"
