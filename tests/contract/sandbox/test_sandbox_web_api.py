"""The sandbox's Web API as slack_sdk's client sees it."""

import time
from collections.abc import Awaitable
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.faults import RateLimited, Refused
from sandbox.service import Sandbox, serving
from tests.contract.sandbox.bolt_app import APP_TOKEN, BOT_TOKEN, web_client
from tests.until import until


@pytest.fixture
def client(sandbox: Sandbox) -> AsyncWebClient:
    return web_client(sandbox)


async def refusal(call: Awaitable[object]) -> SlackApiError:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value


async def test_the_token_says_who_is_there(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0SMALL", "U0DESK", "B0DESK")


async def test_a_message_is_posted_edited_read_and_deleted(sandbox: Sandbox, client: AsyncWebClient) -> None:
    question = sandbox.say("anna", "general", "@Answerdesk?")
    metadata = {"event_type": "answer", "event_payload": {"question": "q1"}}
    posted = await client.chat_postMessage(
        channel="C0GENERAL", text="Looking", thread_ts=question.ts, metadata=metadata, unfurl_links=False
    )
    await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Found & <done>")
    thread = await client.conversations_replies(
        channel="C0GENERAL", ts=question.ts, include_all_metadata=True
    )
    first, reply = thread["messages"]
    assert (first["ts"], first["reply_count"]) == (question.ts, 1)
    assert (reply["text"], reply["metadata"]) == ("Found & <done>", metadata)
    assert reply["edited"]["user"] == "U0DESK"
    await client.chat_delete(channel="C0GENERAL", ts=posted["ts"])
    assert sandbox.thread("general", question.ts) == []


async def test_methods_that_are_not_there_are_unknown_and_change_nothing(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    for method in ("files.list", "calls.add", "assistant.search.context", "no.such.method"):
        refused = await refusal(client.api_call(method))
        assert refused.response["error"] == "unknown_method"
    assert sandbox.messages("general") == []


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-other", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused_as_slack_refuses_it(sandbox: Sandbox, token: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as http,
        http.post(sandbox.api_url + "auth.test", headers=headers) as answer,
    ):
        assert answer.status == 200
        assert await answer.json() == {"ok": False, "error": error}


async def test_wrong_blocks_are_refused_with_their_place(client: AsyncWebClient) -> None:
    refused = await refusal(
        client.chat_postMessage(channel="C0GENERAL", text="x", blocks=[{"type": "made_up"}])
    )
    assert refused.response["error"] == "invalid_blocks"
    (message,) = refused.response["response_metadata"]["messages"]
    assert message == "[ERROR] unsupported type: made_up [json-pointer:/blocks/0/type]"


async def test_json_bodies_are_read_too(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        url = sandbox.api_url + "chat.postMessage"
        async with http.post(
            url, json={"channel": "C0GENERAL", "text": "x", "blocks": [{"type": "divider"}]}
        ) as answer:
            assert (await answer.json())["ok"] is True
        async with http.post(url, data="{", headers={"Content-Type": "application/json"}) as answer:
            assert (await answer.json())["error"] == "invalid_json"


async def test_posting_faster_than_a_channel_allows_is_429_with_retry_after(company: Path) -> None:
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company) as sandbox:
        client = web_client(sandbox)
        for _ in range(5):
            await client.chat_postMessage(channel="C0GENERAL", text="x")
        refused = await refusal(client.chat_postMessage(channel="C0GENERAL", text="x"))
        assert refused.response.status_code == 429
        assert refused.response["error"] == "rate_limited"
        assert refused.response.headers["Retry-After"] == "1"
        await client.chat_postMessage(channel="C0TEAM", text="another channel has its own second")
        assert sandbox.calls("chat.postMessage")[5].retry_after_s == 1


async def test_edits_over_50_a_minute_are_429_whatever_the_message(company: Path) -> None:
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company) as sandbox:
        client = web_client(sandbox)
        ones = [
            (await client.chat_postMessage(channel=where, text="x"))["ts"]
            for where in ("C0GENERAL", "C0TEAM")
        ]
        for number in range(50):
            await client.chat_update(channel="C0GENERAL", ts=ones[0], text=str(number))
        refused = await refusal(client.chat_update(channel="C0TEAM", ts=ones[1], text="one too many"))
        assert refused.response.status_code == 429
        assert 50 <= int(refused.response.headers["Retry-After"]) <= 60


async def test_armed_calls_answer_429_with_the_chosen_retry_after(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    sandbox.faults.rate_limited["chat.postMessage"] = RateLimited(calls=1, retry_after_s=7)
    refused = await refusal(client.chat_postMessage(channel="C0GENERAL", text="x"))
    assert refused.response.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel="C0GENERAL", text="y")
    assert [message.text for message in sandbox.messages("general")] == ["y"]


async def test_armed_calls_are_refused_with_the_chosen_error_and_do_nothing(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    sandbox.faults.refused["chat.postMessage"] = Refused(calls=1, error="internal_error")
    refused = await refusal(client.chat_postMessage(channel="C0GENERAL", text="x"))
    assert (refused.response.status_code, refused.response["error"]) == (200, "internal_error")
    await client.chat_postMessage(channel="C0GENERAL", text="y")
    assert [message.text for message in sandbox.messages("general")] == ["y"]


async def test_a_lost_answer_leaves_the_message_posted(sandbox: Sandbox, client: AsyncWebClient) -> None:
    sandbox.faults.lost_answers["chat.postMessage"] = 1
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C0GENERAL", text="did it arrive?")
    assert [message.text for message in sandbox.messages("general")] == ["did it arrive?"]
    assert sandbox.calls("chat.postMessage")[-1].answered is False


async def test_slack_sdks_own_retry_after_a_lost_answer_posts_twice(sandbox: Sandbox) -> None:
    """The trap that the fault is for: slack_sdk's default connection retry."""
    sandbox.faults.lost_answers["chat.postMessage"] = 1
    client = AsyncWebClient(token=BOT_TOKEN, base_url=sandbox.api_url)
    await client.chat_postMessage(channel="C0GENERAL", text="twice")
    assert len(sandbox.messages("general")) == 2


async def test_a_revoked_token_is_told_to_every_call(sandbox: Sandbox, client: AsyncWebClient) -> None:
    sandbox.faults.auth_error = "token_revoked"
    refused = await refusal(client.chat_postMessage(channel="C0GENERAL", text="x"))
    assert refused.response["error"] == "token_revoked"
    sandbox.faults.auth_error = None
    await client.auth_test()


async def test_a_slow_api_is_slow(sandbox: Sandbox, client: AsyncWebClient) -> None:
    sandbox.faults.slow_api_s = 0.3
    began = time.monotonic()
    await client.auth_test()
    assert time.monotonic() - began >= 0.3


async def test_every_call_is_on_record_without_the_token(sandbox: Sandbox, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="C0GENERAL", text="x")
    await refusal(client.conversations_info(channel="C0SECRET"))
    async with aiohttp.ClientSession() as http:
        await http.post(sandbox.api_url + "auth.test", data={"token": BOT_TOKEN})
    await until(lambda: len(sandbox.calls()) == 3, within_s=5.0)
    assert [(call.method, call.error) for call in sandbox.calls()] == [
        ("chat.postMessage", None),
        ("conversations.info", "channel_not_found"),
        ("auth.test", None),
    ]
    assert sandbox.calls()[0].arguments["text"] == "x"
    assert BOT_TOKEN not in repr(sandbox.calls())


async def test_text_over_40000_characters_is_cut_with_a_warning(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    answer = await client.chat_postMessage(channel="C0GENERAL", text="x" * 40_001)
    assert (answer["warning"], len(sandbox.messages("general")[0].text)) == ("message_truncated", 40_000)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await client.chat_update(channel="C0GENERAL", ts=answer["ts"], text="x" * 4_001)
    assert "warning" not in (await client.chat_postMessage(channel="C0GENERAL", text="x" * 40_000)).data


async def test_markdown_text_stands_alone_and_holds_12000_characters(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="C0GENERAL", markdown_text="**90** days")
    assert posted["message"]["blocks"][0]["type"] == "markdown"
    with pytest.raises(SlackApiError, match="markdown_text_conflict"):
        await client.chat_postMessage(channel="C0GENERAL", markdown_text="x", text="y")
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await client.chat_postMessage(channel="C0GENERAL", markdown_text="x" * 12_001)
    assert len(sandbox.messages("general")) == 1


async def test_a_streams_calls_have_tiers_of_their_own(company: Path) -> None:
    """slack.md A1: start and stop 20 a minute."""
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company) as sandbox:
        client = web_client(sandbox)
        question = sandbox.say("anna", "dm", "?")
        for _ in range(20):
            await client.chat_startStream(channel="D0ANNA", thread_ts=question.ts)
        refused = await refusal(client.chat_startStream(channel="D0ANNA", thread_ts=question.ts))
        assert (refused.response.status_code, refused.response["error"]) == (429, "rate_limited")
        assert 1 <= int(refused.response.headers["Retry-After"]) <= 60


async def test_a_permalink_names_the_message_and_a_replys_thread(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    question = sandbox.say("anna", "general", "?")
    posted = await client.chat_postMessage(channel="C0GENERAL", thread_ts=question.ts, text="30")
    link = await client.chat_getPermalink(channel="C0GENERAL", message_ts=posted["ts"])
    assert link["permalink"] == (
        f"https://small.slack.com/archives/C0GENERAL/p{posted['ts'].replace('.', '')}"
        f"?thread_ts={question.ts}&cid=C0GENERAL"
    )
