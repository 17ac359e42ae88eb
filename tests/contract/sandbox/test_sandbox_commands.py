"""Slash commands, response URLs and shortcuts, to an unmodified Bolt app."""

from typing import Any

import aiohttp
import pytest
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.errors import SlackError
from sandbox.responding import MOST_USES
from sandbox.service import Sandbox
from tests.contract.sandbox.bolt_app import BoltApp, connected_app
from tests.until import until

Json = dict[str, Any]

WITHIN_S = 8.0


def texts(sandbox: Sandbox, person: str = "anna") -> list[str]:
    return [whisper.text for whisper in sandbox.whispers(person)]


async def test_a_command_carries_who_where_and_what(sandbox: Sandbox, app: BoltApp) -> None:
    assert await sandbox.command("anna", "general", "/ask  how much leave?") is None
    (body,) = app.bodies
    assert (body["command"], body["text"]) == ("/ask", "how much leave?")
    assert (body["user_id"], body["channel_id"], body["channel_name"]) == ("U0ANNA", "C0GENERAL", "general")
    assert body["response_url"].startswith(sandbox.url)
    assert body["trigger_id"]
    assert sandbox.deliveries("slash_commands")[0].acknowledged
    assert sandbox.messages("general") == []


async def test_the_acknowledgements_text_is_shown_to_the_person_alone(
    sandbox: Sandbox, listening_app: BoltApp
) -> None:
    @listening_app.bolt.command("/ask")
    async def ask(ack: AsyncAck, command: Json) -> None:
        await ack(f"You asked *{command['text']}*")

    await sandbox.command("anna", "general", "/ask when?")
    assert texts(sandbox) == ["You asked *when?*"]
    assert texts(sandbox, "ben") == []


async def test_an_acknowledgement_may_be_for_everybody_and_in_blocks(
    sandbox: Sandbox, listening_app: BoltApp
) -> None:
    @listening_app.bolt.command("/ask")
    async def ask(ack: AsyncAck) -> None:
        await ack(response_type="in_channel", text="all", blocks=[{"type": "divider"}])

    await sandbox.command("anna", "general", "/ask when?")
    (posted,) = sandbox.messages("general")
    assert (posted.text, posted.blocks[0]["type"], posted.by_app) == ("all", "divider", True)


async def test_a_command_nobody_acknowledges_in_3_s_fails_with_slacks_own_words(
    impatient_sandbox: Sandbox,
) -> None:
    async with connected_app(impatient_sandbox) as app:
        app.acknowledges = False
        await impatient_sandbox.command("anna", "general", "/ask when?")
    assert texts(impatient_sandbox) == ['`/ask` failed with the error "operation_timeout"']


async def test_a_command_to_an_app_that_is_away_fails_at_once(sandbox: Sandbox) -> None:
    await sandbox.command("anna", "general", "/ask when?")
    assert texts(sandbox) == ['`/ask` failed with the error "dispatch_failed"']


async def test_an_unknown_command_reaches_nobody(sandbox: Sandbox, app: BoltApp) -> None:
    await sandbox.command("anna", "general", "/aks when?")
    assert texts(sandbox) == ["`/aks` is not a valid command."]
    assert app.bodies == []


async def test_a_stranger_has_no_commands_of_this_workspace(sandbox: Sandbox, app: BoltApp) -> None:
    """Slack Connect: commands and shortcuts are for the installing company alone."""
    await sandbox.command("fay", "partner", "/ask when?")
    assert texts(sandbox, "fay") == ["`/ask` is not a valid command."]
    said = sandbox.say("fay", "partner", "hello")
    with pytest.raises(SlackError, match="action_not_found"):
        await sandbox.pick("fay", "answer_this", said)
    await until(lambda: app.events, within_s=WITHIN_S)
    assert [body.get("type") for body in app.bodies] == ["event_callback"]


async def test_names_become_ids_only_where_the_command_wants_that(sandbox: Sandbox, app: BoltApp) -> None:
    await sandbox.command("anna", "general", "/name @Ben Ode in #general")
    await sandbox.command("anna", "general", "/ask @Ben Ode")
    assert [body["text"] for body in app.bodies] == ["<@U0BEN|ben> in <#C0GENERAL|general>", "@Ben Ode"]


async def test_a_response_url_answers_five_times_privately_or_for_everybody(
    sandbox: Sandbox, listening_app: BoltApp
) -> None:
    """Slack: five uses within 30 minutes (slack.md A7)."""
    statuses: list[int] = []

    @listening_app.bolt.command("/ask")
    async def ask(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        answers: list[Json] = [{"text": "one"}, {"text": "two", "response_type": "in_channel"}]
        answers += [{"text": str(number)} for number in range(3, MOST_USES + 2)]
        for answer in answers:
            sent = await respond(**answer)
            statuses.append(sent.status_code)

    await sandbox.command("anna", "quiet", "/ask when?")  # a channel that the app is not in
    await until(lambda: len(statuses) == MOST_USES + 1, within_s=WITHIN_S)
    assert statuses == [200] * MOST_USES + [404]
    assert texts(sandbox) == ["one", "3", "4", "5"]
    assert [message.text for message in sandbox.messages("quiet", person="anna")] == ["two"]
    assert sandbox.calls("response_url")[-1].error == "used_url"


async def test_a_response_url_ends_after_half_an_hour_and_a_made_up_one_is_none(
    sandbox: Sandbox, app: BoltApp
) -> None:
    await sandbox.command("anna", "general", "/ask when?")
    url = app.bodies[0]["response_url"]
    now = sandbox.workspace.now
    sandbox.workspace.now = lambda: now() + 1801
    late = await AsyncWebhookClient(url).send(text="late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)
    made_up = await AsyncWebhookClient(f"{sandbox.url}/respond/made-up").send(text="x")
    assert (made_up.status_code, "invalid_url" in made_up.body) == (404, True)
    assert texts(sandbox) == []


async def test_wrong_blocks_at_a_response_url_are_refused_and_do_not_count(
    sandbox: Sandbox, app: BoltApp
) -> None:
    await sandbox.command("anna", "general", "/ask when?")
    async with aiohttp.ClientSession() as http:
        url = app.bodies[0]["response_url"]
        for _ in range(MOST_USES):
            async with http.post(url, json={"blocks": [{"type": "made_up"}]}) as refused:
                assert refused.status == 400
                assert (await refused.json())["error"] == "invalid_blocks"
        async with http.post(url, json={"text": "well"}) as taken:
            assert (taken.status, await taken.text()) == (200, "ok")


@pytest.mark.parametrize("ephemeral", [False, True])
async def test_a_press_may_replace_its_message_and_then_delete_it(
    sandbox: Sandbox, app: BoltApp, *, ephemeral: bool
) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}
    content: Json = {"text": "t", "blocks": [{"type": "actions", "elements": [button]}]}
    if ephemeral:
        await app.client.chat_postEphemeral(channel="C0GENERAL", user="U0BEN", **content)
    else:
        await app.client.chat_postMessage(channel="C0GENERAL", **content)

    def shown() -> list[str]:
        messages = sandbox.whispers("ben") if ephemeral else sandbox.messages("general")
        return [message.text for message in messages]

    (message,) = sandbox.whispers("ben") if ephemeral else sandbox.messages("general")
    assert await sandbox.press("ben", message, "go") is None
    (body,) = app.of_type("block_actions")
    assert body["container"]["is_ephemeral"] is ephemeral
    webhook = AsyncWebhookClient(body["response_url"])
    await webhook.send(text="done", replace_original=True)
    assert shown() == ["done"]
    await webhook.send(text="", delete_original=True)
    assert shown() == []


async def test_a_message_shortcut_carries_the_message(sandbox: Sandbox, app: BoltApp) -> None:
    question = sandbox.say("ben", "general", "how much leave?")
    assert await sandbox.pick("anna", "answer_this", question) is None
    (body,) = app.of_type("message_action")
    assert (body["callback_id"], body["user"]["id"]) == ("answer_this", "U0ANNA")
    assert (body["message"]["text"], body["message"]["user"]) == ("how much leave?", "U0BEN")
    assert (body["message_ts"], body["channel"]["id"]) == (question.ts, "C0GENERAL")
    assert body["response_url"]
    assert body["trigger_id"]


async def test_a_global_shortcut_belongs_to_no_message(sandbox: Sandbox, app: BoltApp) -> None:
    assert await sandbox.pick("anna", "ask_anywhere") is None
    (body,) = app.of_type("shortcut")
    assert body["callback_id"] == "ask_anywhere"
    assert not {"channel", "message", "response_url"} & set(body)
    with pytest.raises(SlackError, match="action_not_found"):
        await sandbox.pick("anna", "answer_this")


async def test_a_person_is_told_when_the_app_does_not_acknowledge(impatient_sandbox: Sandbox) -> None:
    assert await impatient_sandbox.pick("anna", "ask_anywhere") == (
        "This app is not connected: nobody heard this."
    )
    async with connected_app(impatient_sandbox) as app:
        app.acknowledges = False
        told = await impatient_sandbox.pick("anna", "ask_anywhere")
    assert told == "This app did not respond within 3 seconds."
