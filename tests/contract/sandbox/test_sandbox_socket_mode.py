"""An unmodified Bolt app on the sandbox's Socket Mode."""

import asyncio

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.service import Sandbox
from sandbox.socket_mode import MOST_SOCKETS
from tests.contract.sandbox.bolt_app import BOT_TOKEN, BoltApp, connected_app, web_client
from tests.until import until

WITHIN_S = 8.0


async def test_a_mention_reaches_the_app_as_twins(sandbox: Sandbox, app: BoltApp) -> None:
    said = sandbox.say("anna", "general", "@Answerdesk how much leave?")
    await until(lambda: len(app.events) == 2, within_s=WITHIN_S)
    assert sorted(event["type"] for event in app.events) == ["app_mention", "message"]
    assert {event["ts"] for event in app.events} == {said.ts}
    assert len({event["client_msg_id"] for event in app.events}) == 1
    assert len(set(app.event_ids())) == 2
    assert {body["team_id"] for body in app.bodies} == {"T0SMALL"}
    await until(lambda: all(sent.acknowledged for sent in sandbox.deliveries()), within_s=WITHIN_S)


async def test_a_direct_message_reaches_the_app_once(sandbox: Sandbox, app: BoltApp) -> None:
    sandbox.say("anna", "dm", "how much leave?")
    await until(sandbox.deliveries, within_s=WITHIN_S)
    (event,) = app.events
    assert (event["type"], event["channel_type"], event["channel"]) == ("message", "im", "D0ANNA")


async def test_an_acknowledged_event_is_not_sent_again(sandbox: Sandbox, app: BoltApp) -> None:
    sandbox.say("anna", "dm", "one")
    sandbox.say("anna", "dm", "two")
    await until(lambda: len(sandbox.deliveries()) == 2, within_s=WITHIN_S)
    sandbox.say("anna", "dm", "three")
    await until(lambda: len(sandbox.deliveries()) == 3, within_s=WITHIN_S)
    assert [event["text"] for event in app.events] == ["one", "two", "three"]
    assert app.retries == ["0", "0", "0"]


async def test_an_event_that_is_not_acknowledged_comes_three_times_more_then_never(
    impatient_sandbox: Sandbox,
) -> None:
    sandbox = impatient_sandbox
    async with connected_app(sandbox) as app:
        app.acknowledges = False
        sandbox.say("anna", "dm", "hello?")
        await until(lambda: len(sandbox.deliveries()) == 4, within_s=WITHIN_S)
        assert app.retries == ["0", "1", "2", "3"]
        assert len(set(app.event_ids())) == 1
        assert [sent.acknowledged for sent in sandbox.deliveries()] == [False] * 4


async def test_redelivery_ends_with_the_acknowledgement(impatient_sandbox: Sandbox) -> None:
    sandbox = impatient_sandbox
    async with connected_app(sandbox) as app:
        app.acknowledges = False
        sandbox.say("anna", "dm", "hello?")
        await until(lambda: app.retries == ["0", "1"], within_s=WITHIN_S)
        app.acknowledges = True
        await until(lambda: any(sent.acknowledged for sent in sandbox.deliveries()), within_s=WITHIN_S)
        assert [sent.acknowledged for sent in sandbox.deliveries()][:2] == [False, False]
        assert sandbox.deliveries()[-1].acknowledged


async def test_an_event_waits_for_an_app_that_is_away(sandbox: Sandbox) -> None:
    sandbox.say("anna", "dm", "are you there?")
    async with connected_app(sandbox) as app:
        await until(lambda: app.events, within_s=WITHIN_S)
        assert app.events[0]["text"] == "are you there?"


async def test_an_event_goes_to_one_of_several_sockets_and_they_share_the_work(
    sandbox: Sandbox, app: BoltApp
) -> None:
    async with connected_app(sandbox) as second:
        await until(lambda: sandbox.open_sockets == 2, within_s=WITHIN_S)
        for number in range(10):
            sandbox.say("anna", "dm", str(number))
        await until(lambda: len(sandbox.deliveries()) == 10, within_s=WITHIN_S)
        texts = [event["text"] for event in app.events + second.events]
        assert sorted(texts) == [str(number) for number in range(10)]
        assert len(app.events) == len(second.events) == 5


async def test_an_eleventh_socket_is_sent_away(sandbox: Sandbox) -> None:
    client = web_client(sandbox)
    async with connected_app(sandbox) as app:
        http = app.socket_mode.client.aiohttp_client_session
        kept = []
        for _ in range(MOST_SOCKETS - 1):
            opened = await client.apps_connections_open(app_token="xapp-test")
            kept.append(await http.ws_connect(opened["url"]))
        await until(lambda: sandbox.open_sockets == MOST_SOCKETS, within_s=WITHIN_S)
        opened = await client.apps_connections_open(app_token="xapp-test")
        eleventh = await http.ws_connect(opened["url"])
        assert await eleventh.receive_json() == {"type": "disconnect", "reason": "too_many_websockets"}
        assert sandbox.open_sockets == MOST_SOCKETS
        assert not any(socket.closed for socket in kept)


async def test_a_ticket_opens_one_socket_only(sandbox: Sandbox, app: BoltApp) -> None:
    opened = await app.client.apps_connections_open(app_token="xapp-test")
    http = app.socket_mode.client.aiohttp_client_session
    await http.ws_connect(opened["url"])
    async with http.get(opened["url"].replace("ws://", "http://")) as again:
        assert again.status == 401


async def test_an_event_on_a_lost_socket_comes_again_on_the_next_one(sandbox: Sandbox, app: BoltApp) -> None:
    app.acknowledges = False
    sandbox.say("anna", "dm", "hello?")
    await until(lambda: app.events, within_s=WITHIN_S)
    assert sandbox.drop_sockets() == 1
    app.acknowledges = True
    await until(lambda: any(sent.acknowledged for sent in sandbox.deliveries()), within_s=WITHIN_S)
    first, last = sandbox.deliveries()[0], sandbox.deliveries()[-1]
    assert first.socket != last.socket
    assert (first.event_id, last.attempt) == (last.event_id, 1)


async def test_a_deaf_socket_is_found_out_by_the_app_which_comes_back(sandbox: Sandbox, app: BoltApp) -> None:
    assert sandbox.deafen_sockets() == 1
    sandbox.say("anna", "dm", "can you hear me?")
    await until(lambda: any(sent.acknowledged for sent in sandbox.deliveries()), within_s=30.0)
    assert sandbox.deliveries()[0].acknowledged is False
    assert sandbox.deliveries()[-1].socket > sandbox.deliveries()[0].socket


async def test_a_refreshed_socket_is_warned_first_and_no_event_is_lost(
    sandbox: Sandbox, app: BoltApp
) -> None:
    """Slack ends each connection after some hours, with a warning about 10 s before."""
    refreshing = asyncio.create_task(sandbox.refresh_sockets(warned_s=0.5))
    for number in range(20):
        sandbox.say("anna", "dm", str(number))
        await asyncio.sleep(0.05)
    assert await refreshing == 1
    sandbox.say("anna", "dm", "after it")
    await until(lambda: len({event["text"] for event in app.events}) == 21, within_s=30.0)
    await until(lambda: sandbox.open_sockets == 1, within_s=WITHIN_S)
    assert max(sent.socket for sent in sandbox.deliveries()) > 1


async def test_events_can_be_repeated_though_they_were_acknowledged(sandbox: Sandbox, app: BoltApp) -> None:
    sandbox.faults.repeat_events = 2
    sandbox.say("anna", "dm", "once")
    await until(lambda: len(sandbox.deliveries()) == 3, within_s=WITHIN_S)
    assert len(set(app.event_ids())) == 1
    assert app.retries == ["0", "1", "2"]


async def test_a_press_reaches_the_app_once_even_if_it_is_not_acknowledged(
    sandbox: Sandbox, app: BoltApp
) -> None:
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": "Stop"},
        "action_id": "stop",
        "value": "q1",
    }
    posted = await app.client.chat_postMessage(
        channel="C0GENERAL", text="Answering", blocks=[{"type": "actions", "elements": [button]}]
    )
    app.acknowledges = False
    (message,) = sandbox.messages("general")
    sandbox.click("ben", message, "stop")
    await until(lambda: sandbox.deliveries("block_actions"), within_s=WITHIN_S)
    payloads = [body for body in app.bodies if body["type"] == "block_actions"]
    assert len(payloads) == 1
    assert payloads[0]["user"]["id"] == "U0BEN"
    assert payloads[0]["container"]["message_ts"] == posted["ts"]
    assert payloads[0]["actions"][0]["value"] == "q1"


async def test_bolts_own_listeners_answer_in_the_thread(sandbox: Sandbox) -> None:
    async with connected_app(sandbox) as app:
        app.bolt._async_middleware_list.pop()  # our recorder, so that Bolt's listeners get their turn

        @app.bolt.event("app_mention")
        async def answer(event: dict[str, str]) -> None:
            await app.client.chat_postMessage(channel=event["channel"], text="30 days", thread_ts=event["ts"])

        said = sandbox.say("anna", "general", "@Answerdesk how much leave?")
        await until(lambda: sandbox.thread("general", said.ts), within_s=WITHIN_S)
        (reply,) = sandbox.thread("general", said.ts)
        assert (reply.text, reply.by_app) == ("30 days", True)


@pytest.mark.parametrize(
    ("token", "error"), [("xapp-other", "invalid_auth"), (BOT_TOKEN, "not_allowed_token_type")]
)
async def test_a_wrong_app_token_opens_nothing(sandbox: Sandbox, token: str, error: str) -> None:
    with pytest.raises(SlackApiError, match=error):
        await web_client(sandbox).apps_connections_open(app_token=token)
    assert sandbox.open_sockets == 0
