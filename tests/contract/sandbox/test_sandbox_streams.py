"""Streamed messages and what an agent shows beside them, through slack_sdk's client."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.conversations import Message
from sandbox.errors import SlackError
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from tests.contract.sandbox.bolt_app import APP_TOKEN, BOT_TOKEN, BoltApp, web_client
from tests.until import until

Json = dict[str, Any]

WITHIN_S = 8.0
FOR_ANNA: Json = {"recipient_user_id": "U0ANNA", "recipient_team_id": "T0SMALL"}


@pytest.fixture
def client(sandbox: Sandbox) -> AsyncWebClient:
    return web_client(sandbox)


@pytest.fixture
async def hasty_sandbox(company: Path) -> AsyncIterator[Sandbox]:
    """A workspace in which a stream ends after half a second, not five minutes."""
    async with serving(
        bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company, limits=NO_LIMITS, stream_life_s=0.5
    ) as running:
        yield running


def task(identifier: str, status: str, **more: object) -> Json:
    return {"type": "task_update", "id": identifier, "title": f"Task {identifier}", "status": status, **more}


async def started(sandbox: Sandbox, client: AsyncWebClient, **more: Any) -> tuple[Message, str]:
    """A question in Anna's direct messages, and the ts of a stream that answers it."""
    question = sandbox.say("anna", "dm", "how much leave?")
    answer = await client.chat_startStream(channel="D0ANNA", thread_ts=question.ts, **more)
    return question, str(answer["ts"])


def reply(sandbox: Sandbox, question: Message) -> Message:
    (found,) = sandbox.thread("dm", question.ts, person="anna")
    return found


async def test_a_stream_grows_by_what_is_appended_and_ends_with_blocks(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    question, ts = await started(sandbox, client, markdown_text="**90")
    await client.chat_appendStream(channel="D0ANNA", ts=ts, markdown_text=" working days**")
    shown = (await client.conversations_replies(channel="D0ANNA", ts=question.ts))["messages"][1]
    assert (shown["text"], shown["streaming_state"]) == ("**90 working days**", "in_progress")
    stopped = await client.chat_stopStream(
        channel="D0ANNA",
        ts=ts,
        markdown_text=" [1]",
        blocks=[{"type": "divider"}],
        metadata={"event_type": "answer", "event_payload": {"question": "q1"}},
    )
    assert stopped["message"]["streaming_state"] == "completed"
    kinds = [block["type"] for block in stopped["message"]["blocks"]]
    assert (stopped["message"]["text"], kinds) == ("**90 working days** [1]", ["markdown", "divider"])
    assert stopped["message"]["metadata"]["event_payload"] == {"question": "q1"}
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await client.chat_stopStream(channel="D0ANNA", ts=ts)


async def test_slack_sdks_own_stream_arrives_whole(sandbox: Sandbox, client: AsyncWebClient) -> None:
    question = sandbox.say("anna", "dm", "how much leave?")
    stream = await client.chat_stream(channel="D0ANNA", thread_ts=question.ts, buffer_size=50)
    words = [f"word{number} " for number in range(60)]
    for word in words:
        await stream.append(markdown_text=word)
    await stream.stop()
    assert reply(sandbox, question).text == "".join(words)
    assert len(sandbox.calls("chat.appendStream")) > 2


async def test_in_a_channel_only_the_recipient_sees_it_before_the_end(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    """slack.md A0: native streams show other members nothing until the end."""
    question = sandbox.say("anna", "general", "@Answerdesk?")
    started = await client.chat_startStream(
        channel="C0GENERAL", thread_ts=question.ts, markdown_text="90", **FOR_ANNA
    )

    async def seen_by(person: str) -> list[str]:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{sandbox.url}/page/state?as={person}") as state,
        ):
            return [message["text"] for message in (await state.json())["messages"]["C0GENERAL"][1:]]

    assert (await seen_by("anna"), await seen_by("ben")) == (["90"], [])
    await client.chat_stopStream(channel="C0GENERAL", ts=started["ts"], markdown_text=" days")
    assert (await seen_by("anna"), await seen_by("ben")) == (["90 days"], ["90 days"])


async def test_a_channels_stream_says_for_whom_and_of_which_company(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    question = sandbox.say("fay", "partner", "hello?")
    where: Json = {"channel": "C0PARTNER", "thread_ts": question.ts}
    wrong: list[tuple[Json, str]] = [
        ({}, "missing_recipient_user_id"),
        ({"recipient_user_id": "U0FAY"}, "missing_recipient_team_id"),
        ({"recipient_user_id": "U0FAY", "recipient_team_id": "T0SMALL"}, "user_not_found"),
    ]
    for recipient, error in wrong:
        with pytest.raises(SlackApiError, match=error):
            await client.chat_startStream(**where, **recipient)
    await client.chat_startStream(**where, recipient_user_id="U0FAY", recipient_team_id="T0PARTNER")


async def test_a_stream_dies_when_its_time_is_over_and_can_then_be_edited(hasty_sandbox: Sandbox) -> None:
    """slack.md A0: about five minutes; chat.update of the same ts is the way on."""
    sandbox, client = hasty_sandbox, web_client(hasty_sandbox)
    question, ts = await started(sandbox, client, markdown_text="90")
    with pytest.raises(SlackApiError, match="streaming_state_conflict"):
        await client.chat_update(channel="D0ANNA", ts=ts, text="too soon")
    await until(lambda: reply(sandbox, question).streaming_state == "errored", within_s=WITHIN_S)
    for call in (
        client.chat_appendStream(channel="D0ANNA", ts=ts, markdown_text=" more"),
        client.chat_stopStream(channel="D0ANNA", ts=ts),
    ):
        with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
            await call
    await client.chat_update(channel="D0ANNA", ts=ts, text="90 days")
    assert reply(sandbox, question).text == "90 days"


async def test_what_is_too_much_or_wrong_is_refused_by_slacks_names(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    question, ts = await started(sandbox, client)
    dividers = [{"type": "blocks", "blocks": [{"type": "divider"}] * 26}]
    for arguments, error in (
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({}, "no_text"),
        ({"chunks": [task("1", "completed")]}, "invalid_chunks"),
        ({"chunks": [task("1", "complete", details="x" * 257)]}, "invalid_chunks"),
        ({"chunks": [{"type": "markdown_text", "markdown_text": "x"}]}, "invalid_chunks"),
        ({"chunks": dividers * 2}, "msg_blocks_too_many"),
    ):
        with pytest.raises(SlackApiError) as refused:
            await client.chat_appendStream(channel="D0ANNA", ts=ts, **arguments)
        assert refused.value.response["error"] == error
    with pytest.raises(SlackApiError, match="message_not_owned_by_app"):
        await client.chat_appendStream(channel="D0ANNA", ts=question.ts, markdown_text="x")
    posted = await client.chat_postMessage(channel="D0ANNA", text="x")
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await client.chat_appendStream(channel="D0ANNA", ts=posted["ts"], markdown_text="x")
    assert reply(sandbox, question).blocks == []


async def test_tasks_are_updated_in_place_and_their_details_are_added_to(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    question, ts = await started(sandbox, client, chunks=[task("1", "in_progress", details="Reading ")])
    source = {"type": "url", "url": "https://x.example", "text": "Leave"}
    chunks = [
        {"type": "markdown_text", "text": "So:"},
        task("1", "complete", details="p. 2", sources=[source]),
    ]
    await client.chat_appendStream(channel="D0ANNA", ts=ts, chunks=chunks)
    card, text = reply(sandbox, question).blocks
    assert (card["type"], card["status"], card["sources"]) == ("task_card", "complete", [source])
    assert card["details"]["elements"][0]["elements"][0]["text"] == "Reading p. 2"
    assert text["text"] == "So:"


async def test_in_a_plan_the_tasks_stand_together(sandbox: Sandbox, client: AsyncWebClient) -> None:
    chunks = [{"type": "plan_update", "title": "The plan"}, task("1", "complete"), task("2", "pending")]
    question, ts = await started(sandbox, client, chunks=chunks, task_display_mode="plan")
    await client.chat_appendStream(channel="D0ANNA", ts=ts, chunks=[task("2", "complete")])
    (plan,) = reply(sandbox, question).blocks
    assert plan["title"] == "The plan"
    assert [(each["task_id"], each["status"]) for each in plan["tasks"]] == [
        ("1", "complete"),
        ("2", "complete"),
    ]


async def test_the_app_hears_of_a_streams_beginning_and_end_alone(sandbox: Sandbox, app: BoltApp) -> None:
    _, ts = await started(sandbox, app.client, markdown_text="a")
    for _ in range(3):
        await app.client.chat_appendStream(channel="D0ANNA", ts=ts, markdown_text="b")
    await app.client.chat_stopStream(channel="D0ANNA", ts=ts)
    sandbox.say("ben", "dm", "the last event")
    await until(lambda: len(app.events) == 2, within_s=WITHIN_S)
    await until(lambda: len(sandbox.deliveries("message")) == 4, within_s=WITHIN_S)  # Bolt drops its own


# -- statuses, prompts, sessions


async def test_a_status_stands_until_a_message_comes_or_two_minutes_pass(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    question = sandbox.say("anna", "general", "@Answerdesk?")
    where: Json = {"channel_id": "C0GENERAL", "thread_ts": question.ts}
    thread = sandbox.agent_thread("general", question.ts)
    await client.assistant_threads_setStatus(**where, status="is thinking", loading_messages=["Reading"])
    assert (thread.status, thread.loading_messages) == ("is thinking", ("Reading",))
    await client.chat_postMessage(channel="C0GENERAL", thread_ts=question.ts, text="90")
    assert thread.status == ""
    await client.assistant_threads_setStatus(**where, status="is thinking")
    await client.assistant_threads_setStatus(**where, status="")
    assert thread.status == ""
    await client.assistant_threads_setStatus(**where, status="is thinking")
    now = sandbox.workspace.now
    sandbox.workspace.now = lambda: now() + 121
    await until(lambda: thread.status == "", within_s=WITHIN_S)


@pytest.mark.parametrize("messages", [["x" * 51], ["x"] * 11, [""]])
async def test_loading_messages_are_at_most_ten_of_fifty_characters(
    sandbox: Sandbox, client: AsyncWebClient, messages: list[str]
) -> None:
    question = sandbox.say("anna", "dm", "?")
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.assistant_threads_setStatus(
            channel_id="D0ANNA", thread_ts=question.ts, status="x", loading_messages=messages
        )


async def test_an_agents_prompts_are_shown_only_without_a_thread(
    sandbox: Sandbox, client: AsyncWebClient
) -> None:
    """slack.md A1: with ``thread_ts`` the call silently does nothing."""
    question = sandbox.say("anna", "dm", "?")
    prompts = [{"title": "Leave", "message": "How much leave do I get?"}]
    setting = client.assistant_threads_setSuggestedPrompts
    await setting(channel_id="D0ANNA", thread_ts=question.ts, prompts=prompts)
    assert sandbox.prompts("anna") is None
    await setting(channel_id="D0ANNA", prompts=prompts, title="Ask me")
    found = sandbox.prompts("anna")
    assert found is not None
    assert (found.title, list(found.prompts)) == ("Ask me", prompts)
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await setting(channel_id="D0ANNA", prompts=prompts * 5)


async def test_opening_the_pane_and_looking_elsewhere_is_told_with_its_context(
    sandbox: Sandbox, app: BoltApp
) -> None:
    sandbox.open_app("anna", context="general")
    await until(lambda: app.of_type("app_home_opened"), within_s=WITHIN_S)
    (opened,) = app.of_type("app_home_opened")
    entity = {"type": "slack#/types/channel_id", "value": "C0GENERAL", "team_id": "T0SMALL"}
    assert (opened["tab"], opened["context"]) == ("messages", {"entities": [entity]})
    sandbox.look_at("anna", "quiet")
    await until(lambda: app.of_type("app_context_changed"), within_s=WITHIN_S)
    (changed,) = app.of_type("app_context_changed")
    assert (changed["channel"], changed["context"]["entities"][0]["value"]) == ("D0ANNA", "C0QUIET")
    sandbox.say("anna", "dm", "what is this about?", beside="quiet")
    await until(lambda: app.of_type("message"), within_s=WITHIN_S)
    assert app.of_type("message")[0]["app_context"]["entities"][0]["value"] == "C0QUIET"


async def test_a_sessions_stop_button_is_there_while_it_works_and_stops_the_stream(
    sandbox: Sandbox, app: BoltApp
) -> None:
    question, ts = await started(sandbox, app.client, markdown_text="90")
    where = {"channel_id": "D0ANNA", "thread_ts": question.ts}
    with pytest.raises(SlackError, match="action_not_found"):
        sandbox.press_stop("anna", "dm", question.ts)
    working = await app.client.agents_sessions_setStatus(**where, status="processing", title="Leave")
    assert (working["status"], working["title"]) == ("processing", "Leave")
    sandbox.press_stop("anna", "dm", question.ts)
    await until(lambda: app.of_type("agent_session_stopped"), within_s=WITHIN_S)
    (stopped,) = app.of_type("agent_session_stopped")
    assert (stopped["channel"], stopped["thread_ts"], stopped["user"]) == ("D0ANNA", question.ts, "U0ANNA")
    assert stopped["streaming_message_ts"] == [ts]
    with pytest.raises(SlackApiError, match="stopped_by_user"):
        await app.client.chat_appendStream(channel="D0ANNA", ts=ts, markdown_text=" more")
    assert sandbox.agent_thread("dm", question.ts, person="anna").session == "processing"
    await app.client.chat_stopStream(channel="D0ANNA", ts=ts, session_status="active")
    assert sandbox.agent_thread("dm", question.ts, person="anna").session == "active"


async def test_sessions_refuse_by_slacks_names(sandbox: Sandbox, client: AsyncWebClient) -> None:
    question = sandbox.say("anna", "dm", "?")
    for arguments, error in (
        ({"channel_id": "D0ANNA", "status": "processing"}, "thread_ts_required"),
        ({"channel_id": "D0ANNA", "thread_ts": question.ts, "status": "busy"}, "invalid_status"),
        ({"channel_id": "C0SECRET", "thread_ts": question.ts, "status": "active"}, "channel_not_found"),
        ({"channel_id": "C0QUIET", "thread_ts": question.ts, "status": "active"}, "not_authorized"),
    ):
        with pytest.raises(SlackApiError) as refused:
            await client.agents_sessions_setStatus(**arguments)
        assert refused.value.response["error"] == error


async def test_an_app_that_is_no_agent_has_no_prompts_and_no_sessions(company: Path) -> None:
    file = company / "workspace.toml"
    file.write_text(file.read_text().replace('handle = "answerdesk"', 'handle = "answerdesk"\nagent = false'))
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company) as sandbox:
        client = web_client(sandbox)
        question = sandbox.say("anna", "dm", "?")
        with pytest.raises(SlackApiError, match="not_agent_app"):
            await client.assistant_threads_setSuggestedPrompts(
                channel_id="D0ANNA", prompts=[{"title": "a", "message": "b"}]
            )
        with pytest.raises(SlackApiError, match="feature_disabled"):
            await client.agents_sessions_setStatus(
                channel_id="D0ANNA", thread_ts=question.ts, status="active"
            )


async def test_an_app_that_does_not_hear_of_stops_is_warned_and_has_no_button(company: Path) -> None:
    file = company / "workspace.toml"
    file.write_text(file.read_text().replace('handle = "answerdesk"', 'handle = "answerdesk"\nstops = false'))
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company) as sandbox:
        question = sandbox.say("anna", "dm", "?")
        answer = await web_client(sandbox).agents_sessions_setStatus(
            channel_id="D0ANNA", thread_ts=question.ts, status="processing"
        )
        assert answer["warning"] == "missing_agent_session_stopped_event_subscription"
        with pytest.raises(SlackError, match="action_not_found"):
            sandbox.press_stop("anna", "dm", question.ts)
