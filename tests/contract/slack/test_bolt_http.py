"""Slack over HTTP: the same intake, behind Slack's signature. Promise 37."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from nats.aio.client import Client
from pydantic import SecretStr

from bot.answering.valkey_connection import Valkey, valkey
from bot.slack.bolt_hearing import hearing
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.valkey_replays import ValkeyReplays
from bot.web.aiohttp_server import serving_http
from sandbox.service import Sandbox
from tests.contract.answering.telling import PATIENT_SLICES
from tests.contract.slack.conftest import bot_app
from tests.slack_over_http import SECRET, signed
from tests.until import until
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

Listening = Callable[[Client], AbstractAsyncContextManager[str]]


@pytest.fixture
async def connection(valkey_url: str) -> AsyncIterator[Valkey]:
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        yield connection


@pytest.fixture
def listening(workspace: SlackWorkspace, connection: Valkey) -> Listening:
    """The bot's ears on this NATS; gives their address."""

    @asynccontextmanager
    async def listen(client: Client) -> AsyncIterator[str]:
        async with (
            bot_app(client, workspace, signing_secret=SecretStr(SECRET)) as app,
            hearing(
                app,
                app_token=None,
                signing_secret=SecretStr(SECRET),
                check_tokens=workspace.check_tokens,
                replays=ValkeyReplays(connection),
            ) as ears,
            serving_http(host="127.0.0.1", port=0, routes=ears.routes) as port,
        ):
            yield f"http://127.0.0.1:{port}/slack/events"

    return listen


async def stored(client: Client) -> int:
    return int((await client.jetstream().stream_info("QUESTIONS")).state.messages)


def mention(text: str = "how much leave?", ts: str = "1700000000.000100") -> dict[str, Any]:
    return {
        "type": "event_callback",
        "team_id": "T0SANDBOX",
        "event_id": f"Ev{ts}",
        "authorizations": [{"team_id": "T0SANDBOX", "user_id": "U0BOT", "is_bot": True}],
        "event": {
            "type": "message",
            "channel_type": "im",
            "channel": "D0JONAS",
            "user": "U0JONAS",
            "text": text,
            "ts": ts,
            "event_ts": ts,
        },
    }


async def post(url: str, body: str, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as reply:
        return reply.status


async def test_what_people_say_and_do_comes_over_http_as_over_a_socket(
    client: Client, slack: Sandbox, listening: Listening
) -> None:
    """Promise 4, too: Slack's twin events are one question."""
    async with listening(client) as url:
        await slack.send_to(url, signing_secret=SECRET)
        slack.say("jonas", "general", "@answerdesk how much leave do I get?")

        async def one() -> bool:
            return await stored(client) == 1

        await until(one, within_s=30)
        assert await slack.command("jonas", "general", "/ask how much leave do I get?") is None

        async def two() -> bool:
            return await stored(client) == 2

        await until(two, within_s=30)


async def test_slack_checks_the_address_once(client: Client, listening: Listening) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c-123"})
    async with (
        listening(client) as url,
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=signed(body)) as reply,
    ):
        assert (reply.status, "c-123" in await reply.text()) == (200, True)


async def test_a_forged_or_stale_request_is_refused_and_nothing_happens(
    client: Client, slack: Sandbox, listening: Listening
) -> None:
    body = json.dumps(mention())
    good = signed(body)
    forged = [
        {},
        {"Content-Type": "application/json"},
        signed(body, secret="another"),
        signed(body, age_s=301),
        signed(body, age_s=-301 - 5),
        signed(body, at="not a number"),
        signed(body, at="1" * 400),
        signed(body, at=""),
        signed(body, at="-1"),
        signed(body + " "),
        good | {"X-Slack-Signature": good["X-Slack-Signature"][:-1]},
        good | {"X-Slack-Signature": ""},
        good | {"X-Slack-Signature": "v0=é"},
        {name: value for name, value in good.items() if name != "X-Slack-Request-Timestamp"},
    ]
    async with listening(client) as url:
        for headers in forged:
            assert await post(url, body, headers) == 401, headers
        assert await stored(client) == 0
        # The bot gets to know the workspace and its people, whoever knocks.
        assert {call.method for call in slack.calls()} <= {"auth.test", "users.list"}
        assert await post(url, body, good) == 200, "the one that all of these are made of"
        assert await stored(client) == 1


async def test_a_request_that_was_taken_is_refused_the_second_time_by_every_bot(
    client: Client, listening: Listening
) -> None:
    """A replay within Slack's five minutes."""
    body = json.dumps(mention())
    headers = signed(body)
    async with listening(client) as first, listening(client) as second:
        assert await post(first, body, headers) == 200
        assert await post(first, body, headers) == 401
        assert await post(second, body, headers) == 401
        assert await stored(client) == 1


async def test_what_could_not_be_kept_is_a_500_and_may_come_again(
    own_nats: str, listening: Listening
) -> None:
    """Promise 2 over HTTP."""
    body = json.dumps(mention())
    headers = signed(body)
    async with connected(own_nats, name="test") as client:
        await ensure_topology(client)
        jetstream = client.jetstream()
        config = (await jetstream.stream_info("QUESTIONS")).config
        async with listening(client) as url:
            await jetstream.delete_stream("QUESTIONS")
            assert await post(url, body, headers) == 500
            await jetstream.add_stream(config)
            assert await post(url, body, headers) == 200
            assert await stored(client) == 1
