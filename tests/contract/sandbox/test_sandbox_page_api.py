"""What the page, and tests in other processes, see and do."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.service import Sandbox
from tests.contract.sandbox.bolt_app import BoltApp, web_client
from tests.until import until

Json = dict[str, Any]


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sandbox.url) as session:
        yield session


async def test_people_act_over_http_and_read_what_came_of_it(
    http: aiohttp.ClientSession, sandbox: Sandbox, app: BoltApp
) -> None:
    said = await http.post("/page/say", json={"as": "anna", "channel": "general", "text": "@Answerdesk hi"})
    message = (await said.json())["message"]
    assert message["text"] == "<@U0DESK> hi"
    await until(lambda: len(app.events) == 2, within_s=5.0)
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}
    posted = await app.client.chat_postMessage(
        channel="C0GENERAL",
        text="t",
        thread_ts=message["ts"],
        blocks=[{"type": "actions", "elements": [button]}],
    )
    clicked = await http.post(
        "/page/click", json={"as": "ben", "channel": "C0GENERAL", "ts": posted["ts"], "action_id": "go"}
    )
    assert clicked.status == 200
    await until(lambda: any(body["type"] == "block_actions" for body in app.bodies), within_s=5.0)
    state = await (await http.get("/page/state?as=anna")).json()
    assert [each["text"] for each in state["messages"]["C0GENERAL"]] == ["<@U0DESK> hi", "t"]
    calls = await (await http.get("/page/calls?method=chat.postMessage")).json()
    assert [(call["method"], call["error"]) for call in calls["calls"]] == [("chat.postMessage", None)]
    assert len((await (await http.get("/page/deliveries")).json())["deliveries"]) >= 2


async def test_a_person_sees_their_own_conversations_only(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    sandbox.say("anna", "secret", "for me alone")
    sandbox.say("anna", "dm", "between us")
    anna, gus = [await (await http.get(f"/page/state?as={name}")).json() for name in ("anna", "gus")]
    assert {"C0SECRET", "D0ANNA"} <= set(anna["messages"])
    assert set(gus["messages"]) == {"C0GENERAL", "C0PARTNER", "D0GUS"}
    assert "for me alone" not in str(gus)
    assert "secret" not in gus["channel_names"].values()


async def test_changes_are_pushed_as_they_happen_to_those_who_may_see_them(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    client = web_client(sandbox)
    anna, gus = [await http.ws_connect(f"/page/live?as={name}") for name in ("anna", "gus")]
    assert (await anna.receive_json(timeout=5))["type"] == "state"
    assert (await gus.receive_json(timeout=5))["type"] == "state"
    sandbox.say("anna", "team", "not for Gus")
    question = sandbox.say("anna", "general", "for all")
    reply = await client.chat_postMessage(channel="C0GENERAL", text="1", thread_ts=question.ts)
    await client.chat_update(channel="C0GENERAL", ts=reply["ts"], text="1 2")
    await client.chat_postEphemeral(channel="C0GENERAL", user="U0ANNA", text="psst")
    await client.chat_delete(channel="C0GENERAL", ts=reply["ts"])

    async def frames(socket: aiohttp.ClientWebSocketResponse, number: int) -> list[tuple[str, str]]:
        got = [await socket.receive_json(timeout=5) for _ in range(number)]
        return [(frame["type"], frame["message"]["text"]) for frame in got]

    all_see = [("posted", "for all"), ("posted", "1"), ("changed", "for all"), ("changed", "1 2")]
    gone = [("deleted", "1 2"), ("changed", "for all")]
    assert await frames(gus, 6) == all_see + gone
    assert await frames(anna, 8) == [("posted", "not for Gus"), *all_see, ("posted", "psst"), *gone]


async def test_the_page_hears_when_the_app_comes_and_goes(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    live = await http.ws_connect("/page/live")
    assert (await live.receive_json(timeout=5))["state"]["app"]["sockets"] == 0
    opened = await web_client(sandbox).apps_connections_open(app_token="xapp-test")
    socket = await http.ws_connect(opened["url"])
    assert await live.receive_json(timeout=5) == {"type": "app", "sockets": 1}
    await socket.close()
    assert await live.receive_json(timeout=5) == {"type": "app", "sockets": 0}


async def test_faults_are_set_over_http(http: aiohttp.ClientSession, sandbox: Sandbox, app: BoltApp) -> None:
    wanted = {"rate_limited": {"chat.update": {"calls": 2, "retry_after_s": 3}}, "slow_api_s": 0.1}
    answer = await http.post("/page/faults", json=wanted)
    assert (await answer.json())["rate_limited"]["chat.update"] == {"calls": 2, "retry_after_s": 3}
    assert sandbox.faults.slow_api_s == 0.1
    assert (await http.post("/page/faults", json={"repeat_events": -1})).status == 400
    assert (await http.post("/page/faults", json={"made_up": 1})).status == 400
    dropped = await http.post("/page/sockets", json={"action": "drop"})
    assert await dropped.json() == {"sockets": 1}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"as": "nobody", "channel": "general", "text": "x"}, "user_not_found"),
        ({"as": "ben", "channel": "secret", "text": "x"}, "channel_not_found"),
        ({"as": "ben", "channel": "general", "text": " "}, "no_text"),
        ({"as": "ben", "text": "x"}, "invalid_arguments"),
        ([], "invalid_arguments"),
    ],
)
async def test_a_refusal_is_a_sentence(http: aiohttp.ClientSession, body: object, error: str) -> None:
    answer = await http.post("/page/say", json=body)
    assert answer.status == 400
    told = await answer.json()
    assert told["error"] == error
    assert len(told["message"].split()) > 2


@pytest.mark.parametrize("path", ["/", "/page/state", "/api/auth.test", "/handbook/leave"])
async def test_a_foreign_host_name_is_refused_so_that_rebinding_dns_gets_nowhere(
    http: aiohttp.ClientSession, path: str
) -> None:
    assert (await http.get(path, headers={"Host": "evil.example"})).status == 403
    assert (await http.get(path, headers={"Host": "localhost:80"})).status == 200


async def test_a_foreign_page_may_not_act(http: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    said = {"as": "anna", "channel": "general", "text": "x"}
    foreign = await http.post("/page/say", json=said, headers={"Origin": "http://evil.example"})
    assert foreign.status == 403
    assert sandbox.messages("general") == []
    own = await http.post("/page/say", json=said, headers={"Origin": sandbox.url})
    assert own.status == 200


async def test_the_page_and_the_handbook_are_served_and_forbid_foreign_scripts(
    http: aiohttp.ClientSession,
) -> None:
    for path, words in (("/", "composer"), ("/static/app.js", "Store"), ("/handbook/leave", "Leave")):
        answer = await http.get(path)
        assert answer.status == 200
        assert words in await answer.text()
    page = await http.get("/")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert (await http.get("/handbook/nothing")).status == 404
    assert (await http.get("/static/../service.py")).status == 404
