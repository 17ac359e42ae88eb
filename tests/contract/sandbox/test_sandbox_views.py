"""Modals and the Home tab, to an unmodified Bolt app."""

from pathlib import Path
from typing import Any

import pytest
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError

from sandbox.service import Sandbox, serving
from sandbox.triggers import VALID_S
from tests.contract.sandbox.bolt_app import APP_TOKEN, BOT_TOKEN, BoltApp, connected_app, web_client
from tests.until import until

Json = dict[str, Any]

WITHIN_S = 8.0


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(value), "value": value}


def field(block_id: str, element: Json, **more: object) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain("Label"), "element": element, **more}


def text_input(**more: object) -> Json:
    return {"type": "plain_text_input", "action_id": "text", **more}


def modal(*blocks: Json, title: str = "Feedback", **more: object) -> Json:
    return {
        "type": "modal",
        "title": plain(title),
        "submit": plain("Send"),
        "callback_id": "feedback",
        "blocks": list(blocks) or [field("why", text_input())],
        **more,
    }


def home(text: str) -> Json:
    button = {"type": "button", "action_id": "refresh", "text": plain("Refresh"), "value": "now"}
    section = {"type": "section", "text": plain(text), "accessory": button}
    return {"type": "home", "blocks": [section]}


async def trigger(sandbox: Sandbox, app: BoltApp) -> str:
    """A trigger that an interaction of Anna's has just given."""
    await sandbox.pick("anna", "ask_anywhere")
    return str(app.of_type("shortcut")[-1]["trigger_id"])


async def opened(sandbox: Sandbox, app: BoltApp, view: Json | None = None) -> Json:
    answer = await app.client.views_open(trigger_id=await trigger(sandbox, app), view=view or modal())
    found: Json = answer["view"]
    return found


# -- opening


async def test_a_modal_opens_before_the_person_whose_trigger_it_is(sandbox: Sandbox, app: BoltApp) -> None:
    view = await opened(sandbox, app, modal(private_metadata="q1", external_id="mine"))
    shown = sandbox.modal("anna")
    assert shown is not None
    assert (shown["id"], shown["title"]["text"], shown["private_metadata"]) == (view["id"], "Feedback", "q1")
    assert view["root_view_id"] == view["id"]
    assert (view["app_id"], view["bot_id"], view["team_id"]) == ("A0DESK", "B0DESK", "T0SMALL")
    assert view["blocks"][0]["block_id"] == "why"
    assert sandbox.modal("ben") is None


async def test_a_trigger_opens_one_view_and_within_3_s(sandbox: Sandbox, app: BoltApp) -> None:
    once = await trigger(sandbox, app)
    await app.client.views_open(trigger_id=once, view=modal())
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await app.client.views_open(trigger_id=once, view=modal())
    late = await trigger(sandbox, app)
    now = sandbox.workspace.now
    sandbox.workspace.now = lambda: now() + VALID_S + 0.1
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await app.client.views_open(trigger_id=late, view=modal())
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await app.client.views_open(trigger_id="1.2.3", view=modal())


@pytest.mark.parametrize(
    ("view", "place"),
    [
        (modal(title="T" * 25), "/view/title/text"),
        (modal(submit=None), "/view"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata"),
        (modal(callback_id="x" * 256), "/view/callback_id"),
        (modal(colour="red"), "/view"),
        (modal(*[{"type": "divider"}] * 101), "/view/blocks"),
        (modal({"type": "markdown", "text": "x"}), "/view/blocks/0/type"),
        (modal(field("why", {"type": "button", "text": plain("x")})), "/view/blocks/0/element/type"),
        (home("x"), "/view/type"),
    ],
)
async def test_a_view_that_slack_would_not_show_is_refused_with_its_place(
    sandbox: Sandbox, app: BoltApp, view: Json, place: str
) -> None:
    wrong = {key: value for key, value in view.items() if value is not None}
    once = await trigger(sandbox, app)
    with pytest.raises(SlackApiError) as refused:
        await app.client.views_open(trigger_id=once, view=wrong)
    assert refused.value.response["error"] == "invalid_arguments"
    (message,) = refused.value.response["response_metadata"]["messages"]
    assert f"[json-pointer:{place}]" in message
    await app.client.views_open(trigger_id=once, view=modal())  # a refusal does not use the trigger up


async def test_at_most_three_modals_lie_over_each_other(sandbox: Sandbox, app: BoltApp) -> None:
    root = await opened(sandbox, app)
    second = await app.client.views_push(trigger_id=await trigger(sandbox, app), view=modal(title="Two"))
    assert second["view"]["previous_view_id"] == second["view"]["root_view_id"] == root["id"]
    await app.client.views_push(trigger_id=await trigger(sandbox, app), view=modal(title="Three"))
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await app.client.views_push(trigger_id=await trigger(sandbox, app), view=modal(title="Four"))
    await sandbox.close("anna")
    shown = sandbox.modal("anna")
    assert shown is not None
    assert shown["title"]["text"] == "Two"


async def test_a_view_is_updated_by_either_name_unless_the_hash_is_an_old_one(
    sandbox: Sandbox, app: BoltApp
) -> None:
    view = await opened(sandbox, app, modal(external_id="mine"))
    newer = await app.client.views_update(view_id=view["id"], hash=view["hash"], view=modal(title="New"))
    assert newer["view"]["id"] == view["id"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await app.client.views_update(view_id=view["id"], hash=view["hash"], view=modal(title="Old"))
    with pytest.raises(SlackApiError, match="not_found"):
        await app.client.views_update(external_id="mine", view=modal())  # the update left it out
    with pytest.raises(SlackApiError, match="not_found"):
        await app.client.views_update(view_id="V0NOTHING", view=modal())
    shown = sandbox.modal("anna")
    assert shown is not None
    assert shown["title"]["text"] == "New"


async def test_an_external_id_is_used_once(sandbox: Sandbox, app: BoltApp) -> None:
    await opened(sandbox, app, modal(external_id="mine"))
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        await app.client.views_push(trigger_id=await trigger(sandbox, app), view=modal(external_id="mine"))


# -- submitting


async def test_a_submission_carries_what_stands_in_every_kind_of_field(
    sandbox: Sandbox, app: BoltApp
) -> None:
    options = [option("a"), option("b")]
    await opened(
        sandbox,
        app,
        modal(
            field("text", text_input(initial_value="before")),
            field("one", {"type": "static_select", "action_id": "x", "options": options}),
            field("radio", {"type": "radio_buttons", "action_id": "x", "options": options}),
            field("many", {"type": "checkboxes", "action_id": "x", "options": options}),
            field("who", {"type": "users_select", "action_id": "x"}),
            field("where", {"type": "multi_conversations_select", "action_id": "x"}),
            field("when", {"type": "datepicker", "action_id": "x", "initial_date": "2026-11-25"}),
            field("none", text_input(), optional=True),
            private_metadata="q1",
        ),
    )
    fields: dict[str, Json] = {
        "one": {"x": "b"},
        "radio": {"x": "a"},
        "many": {"x": ["a", "b"]},
        "who": {"x": "U0BEN"},
        "where": {"x": ["C0GENERAL"]},
    }
    assert await sandbox.submit("anna", fields) == {}
    (body,) = app.of_type("view_submission")
    assert (body["view"]["callback_id"], body["view"]["private_metadata"]) == ("feedback", "q1")
    values = body["view"]["state"]["values"]
    assert {block: content for block, (content,) in ((b, v.values()) for b, v in values.items())} == {
        "text": {"type": "plain_text_input", "value": "before"},
        "one": {"type": "static_select", "selected_option": options[1]},
        "radio": {"type": "radio_buttons", "selected_option": options[0]},
        "many": {"type": "checkboxes", "selected_options": options},
        "who": {"type": "users_select", "selected_user": "U0BEN"},
        "where": {"type": "multi_conversations_select", "selected_conversations": ["C0GENERAL"]},
        "when": {"type": "datepicker", "selected_date": "2026-11-25"},
        "none": {"type": "plain_text_input", "value": None},
    }
    assert sandbox.modal("anna") is None


async def test_slack_itself_asks_for_what_is_required_before_the_app_hears_of_it(
    sandbox: Sandbox, app: BoltApp
) -> None:
    await opened(sandbox, app, modal(field("why", text_input()), field("long", text_input(min_length=5))))
    assert await sandbox.submit("anna", {"long": {"text": "abc"}}) == {
        "why": "Please complete this required field.",
        "long": "Please enter at least 5 characters.",
    }
    assert app.of_type("view_submission") == []
    assert sandbox.modal("anna") is not None


@pytest.mark.parametrize(
    ("answer", "problems", "title"),
    [
        ({}, {}, "Root"),
        ({"response_action": "clear"}, {}, None),
        ({"response_action": "errors", "errors": {"why": "Too short."}}, {"why": "Too short."}, "Top"),
        ({"response_action": "update", "view": modal(title="Updated")}, {}, "Updated"),
        ({"response_action": "push", "view": modal(title="Pushed")}, {}, "Pushed"),
        ({"response_action": "update", "view": {"type": "modal"}}, {"": True}, "Top"),
        ({"response_action": "errors", "errors": {"nowhere": "x"}}, {"": True}, "Top"),
    ],
)
async def test_the_acknowledgement_says_what_becomes_of_the_modal(
    sandbox: Sandbox, listening_app: BoltApp, answer: Json, problems: Json, title: str | None
) -> None:
    app = listening_app

    @app.bolt.view("feedback")
    async def submitted(ack: AsyncAck) -> None:
        await ack(**answer)

    @app.bolt.shortcut("ask_anywhere")
    async def asked(ack: AsyncAck) -> None:
        await ack()

    await opened(sandbox, app, modal(title="Root"))
    await app.client.views_push(trigger_id=await trigger(sandbox, app), view=modal(title="Top"))
    found = await sandbox.submit("anna", {"why": {"text": "because"}})
    assert set(found) == set(problems)
    assert found == problems or found[""] == "We had some trouble connecting. Try again?"
    shown = sandbox.modal("anna")
    assert (shown and shown["title"]["text"]) == title


async def test_a_submission_nobody_acknowledges_leaves_the_modal_with_slacks_words(
    impatient_sandbox: Sandbox,
) -> None:
    sandbox = impatient_sandbox
    async with connected_app(sandbox) as app:
        await opened(sandbox, app)
        app.acknowledges = False
        found = await sandbox.submit("anna", {"why": {"text": "because"}})
    assert found == {"": "We had some trouble connecting. Try again?"}
    assert sandbox.modal("anna") is not None


# -- closing and using


async def test_the_app_hears_of_a_closed_modal_where_it_asked_to(sandbox: Sandbox, app: BoltApp) -> None:
    await opened(sandbox, app)
    await sandbox.close("anna")
    assert app.of_type("view_closed") == []
    await opened(sandbox, app, modal(notify_on_close=True))
    top = modal(title="Top", notify_on_close=True, clear_on_close=True)
    await app.client.views_push(trigger_id=await trigger(sandbox, app), view=top)
    await sandbox.close("anna")
    closed = app.of_type("view_closed")
    assert [body["view"]["title"]["text"] for body in closed] == ["Top", "Feedback"]
    assert [body["is_cleared"] for body in closed] == [True, True]
    assert "trigger_id" not in closed[0]
    assert sandbox.modal("anna") is None


async def test_an_element_in_a_modal_acts_at_once_and_the_update_keeps_what_was_typed(
    sandbox: Sandbox, app: BoltApp
) -> None:
    select = {"type": "static_select", "action_id": "pick", "options": [option("wiki"), option("drive")]}
    actions = {"type": "actions", "block_id": "act", "elements": [select]}
    view = await opened(sandbox, app, modal(actions, field("why", text_input())))
    fields = {"why": {"text": "half a sen"}, "act": {"pick": "wiki"}}
    assert await sandbox.use("anna", view, "pick", value="wiki", fields=fields) is None
    (body,) = app.of_type("block_actions")
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    (action,) = body["actions"]
    assert (action["block_id"], action["selected_option"]["value"]) == ("act", "wiki")
    assert body["view"]["state"]["values"]["why"]["text"]["value"] == "half a sen"
    more = modal(actions, field("why", text_input()), field("more", text_input()))
    updated = await app.client.views_update(view_id=view["id"], view=more)
    values = updated["view"]["state"]["values"]
    assert values["why"]["text"]["value"] == "half a sen"
    assert values["more"]["text"]["value"] is None


# -- the Home tab


async def test_the_home_tab_is_told_published_and_used(sandbox: Sandbox, app: BoltApp) -> None:
    sandbox.open_app("anna", tab="home")
    await until(lambda: app.of_type("app_home_opened"), within_s=WITHIN_S)
    (first,) = app.of_type("app_home_opened")
    assert (first["user"], first["tab"], first["channel"]) == ("U0ANNA", "home", "D0ANNA")
    assert "view" not in first
    published = await app.client.views_publish(user_id="U0ANNA", view=home("Hello"))
    shown = sandbox.home("anna")
    assert shown is not None
    assert shown["id"] == published["view"]["id"]
    assert sandbox.home("ben") is None
    assert await sandbox.use("anna", shown, "refresh", value="now") is None
    (body,) = app.of_type("block_actions")
    assert (body["view"]["type"], body["actions"][0]["value"]) == ("home", "now")
    sandbox.open_app("anna", tab="home")
    await until(lambda: len(app.of_type("app_home_opened")) == 2, within_s=WITHIN_S)
    assert app.of_type("app_home_opened")[1]["view"]["id"] == shown["id"]


async def test_what_is_used_while_the_app_publishes_anew_is_not_lost(sandbox: Sandbox, app: BoltApp) -> None:
    """Slack brings a use of what the person had before them; a hash is there to find out that it crossed."""
    select = {"type": "static_select", "action_id": "language", "options": [option("en"), option("de")]}
    choice = {"type": "home", "blocks": [{"type": "actions", "elements": [select]}]}
    before = (await app.client.views_publish(user_id="U0ANNA", view=choice))["view"]
    await app.client.views_publish(user_id="U0ANNA", view=home("newer"))
    assert await sandbox.use("anna", before, "language", value="de") is None
    (body,) = app.of_type("block_actions")
    assert body["actions"][0]["block_id"] == before["blocks"][0]["block_id"]
    assert body["actions"][0]["selected_option"]["value"] == "de"
    assert body["view"]["hash"] != before["hash"]


async def test_publishing_over_somebody_elses_view_is_a_conflict(sandbox: Sandbox, app: BoltApp) -> None:
    first = (await app.client.views_publish(user_id="U0ANNA", view=home("1")))["view"]
    await app.client.views_publish(user_id="U0ANNA", view=home("2"), hash=first["hash"])
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await app.client.views_publish(user_id="U0ANNA", view=home("3"), hash=first["hash"])
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await app.client.views_publish(user_id="U0NOBODY", view=home("1"))
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await app.client.views_publish(user_id="U0ANNA", view=modal())


async def test_an_app_without_a_home_tab_publishes_none(company: Path) -> None:
    file = company / "workspace.toml"
    file.write_text(file.read_text().replace('handle = "answerdesk"', 'handle = "answerdesk"\nhome = false'))
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company) as sandbox:
        with pytest.raises(SlackApiError, match="not_enabled"):
            await web_client(sandbox).views_publish(user_id="U0ANNA", view=home("1"))


async def test_a_submission_takes_its_own_modal_away_though_another_was_pushed_meanwhile(
    sandbox: Sandbox, listening_app: BoltApp
) -> None:
    app = listening_app

    @app.bolt.shortcut("ask_anywhere")
    async def asked(ack: AsyncAck) -> None:
        await ack()

    @app.bolt.view("feedback")
    async def submitted(ack: AsyncAck, body: Json) -> None:
        pushed = modal(title="Pushed", callback_id="other")
        await app.client.views_push(trigger_id=body["trigger_id"], view=pushed)
        await ack()

    await opened(sandbox, app)
    assert await sandbox.submit("anna", {"why": {"text": "because"}}) == {}
    assert sandbox.modal("anna") is None
