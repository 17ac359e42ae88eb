"""What apps bring to the page, in a real headless Chromium: commands, modals, Home, menus, streams."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect
from slack_bolt.context.ack.async_ack import AsyncAck

from sandbox.service import Sandbox
from tests.contract.sandbox.bolt_app import BoltApp, web_client
from tests.until import until

pytestmark = pytest.mark.browser

WITHIN_S = 10.0

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def feedback(*, title: str = "Feedback") -> Json:
    kinds = [{"text": plain(kind), "value": kind} for kind in ("wrong", "old")]
    radio = {"type": "radio_buttons", "action_id": "kind", "options": kinds}
    words = {"type": "plain_text_input", "action_id": "words", "multiline": True}
    return {
        "type": "modal",
        "callback_id": "feedback",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": [
            {"type": "input", "block_id": "kind", "label": plain("Kind"), "element": radio},
            {"type": "input", "block_id": "words", "label": plain("Words"), "element": words},
        ],
    }


def newest(page: Page, within: str = "messages") -> Locator:
    return page.get_by_test_id(within).get_by_test_id("message").last


async def test_a_command_is_typed_with_suggestions_and_its_answer_is_for_me_alone(
    page: Page, sandbox: Sandbox, listening_app: BoltApp
) -> None:
    @listening_app.bolt.command("/ask")
    async def ask(ack: AsyncAck, command: Json) -> None:
        await ack(f"You asked *{command['text']}*")

    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("/a")
    await expect(page.locator("#composer .completions li")).to_have_count(1)
    await composer.press("Enter")
    await composer.press_sequentially("when?")
    await composer.press("Enter")
    await expect(newest(page)).to_contain_text("Only visible to you")
    await expect(newest(page).locator("b")).to_have_text("when?")
    assert sandbox.messages("general") == []
    await composer.fill("/ask")
    await composer.press("Enter")
    await expect(newest(page)).to_contain_text("You asked **")
    await composer.fill("/nothing")
    await composer.press("Enter")
    await expect(newest(page)).to_contain_text("/nothing is not a valid command.")


async def test_a_modal_is_filled_in_corrected_and_sent(
    page: Page, sandbox: Sandbox, listening_app: BoltApp
) -> None:
    app = listening_app
    sent: list[Json] = []

    @app.bolt.shortcut("answer_this")
    async def asked(ack: AsyncAck, body: Json) -> None:
        await ack()
        await app.client.views_open(trigger_id=body["trigger_id"], view=feedback())

    @app.bolt.view("feedback")
    async def submitted(ack: AsyncAck, view: Json) -> None:
        sent.append(view["state"]["values"])
        errors = {"words": "Say more."} if len(sent) == 1 else None
        await ack(response_action="errors", errors=errors) if errors else await ack()

    sandbox.say("ben", "general", "how much leave?")
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await newest(page).hover()
    await newest(page).get_by_test_id("message-menu").click()
    await page.get_by_test_id("shortcut-answer_this").click()
    modal = page.get_by_test_id("modal")
    await expect(modal.get_by_role("heading")).to_have_text("Feedback")
    await page.get_by_test_id("submit").click()
    await expect(modal.locator(".field-problem")).to_have_text(["Please complete this required field."] * 2)
    await modal.get_by_label("wrong").check()
    await page.get_by_test_id("field-words").fill("no")
    await page.get_by_test_id("submit").click()
    await expect(modal.locator(".field-problem")).to_have_text(["Say more."])
    await expect(page.get_by_test_id("field-words")).to_have_value("no")
    await page.get_by_test_id("field-words").fill("It is 91.")
    await page.get_by_test_id("submit").click()
    await expect(modal).to_be_hidden()
    assert sent[1]["kind"]["kind"]["selected_option"]["value"] == "wrong"
    assert sent[1]["words"]["words"]["value"] == "It is 91."


async def test_an_update_of_a_modal_leaves_what_i_am_typing(
    page: Page, sandbox: Sandbox, app: BoltApp
) -> None:
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await sandbox.pick("anna", "ask_anywhere")
    trigger = app.of_type("shortcut")[-1]["trigger_id"]
    view = (await app.client.views_open(trigger_id=trigger, view=feedback()))["view"]
    await page.get_by_test_id("field-words").fill("half a sentence")
    await page.get_by_test_id("modal").get_by_label("old").check()
    await app.client.views_update(view_id=view["id"], view=feedback(title="Changed"))
    modal = page.get_by_test_id("modal")
    await expect(modal.get_by_role("heading")).to_have_text("Changed")
    await expect(page.get_by_test_id("field-words")).to_have_value("half a sentence")
    await expect(modal.get_by_label("old")).to_be_checked()
    await page.get_by_test_id("modal-close").click()
    await expect(modal).to_be_hidden()
    assert sandbox.modal("anna") is None


async def test_the_home_tab_opens_and_its_buttons_press(page: Page, sandbox: Sandbox, app: BoltApp) -> None:
    button = {"type": "button", "action_id": "refresh", "text": plain("Refresh")}
    section = {"type": "section", "text": plain("Used: 5"), "accessory": button}
    await app.client.views_publish(user_id="U0ANNA", view={"type": "home", "blocks": [section]})
    await page.goto("/?as=U0ANNA&channel=D0ANNA")
    await page.get_by_test_id("tab-home").click()
    home = page.get_by_test_id("home")
    await expect(home).to_contain_text("Used: 5")
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await until(lambda: len(app.of_type("app_home_opened")) == 2, within_s=WITHIN_S)
    assert [event["tab"] for event in app.of_type("app_home_opened")] == ["messages", "home"]
    await home.get_by_test_id("button-refresh").click()
    await until(lambda: app.of_type("block_actions"), within_s=WITHIN_S)
    section["text"] = plain("Used: 6")
    await app.client.views_publish(user_id="U0ANNA", view={"type": "home", "blocks": [section]})
    await expect(home).to_contain_text("Used: 6")


async def test_my_message_is_edited_deleted_and_reacted_to(page: Page, sandbox: Sandbox) -> None:
    sandbox.say("anna", "general", "hello @Ben Ode & all")
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    message = page.get_by_test_id("messages").get_by_test_id("message")

    async def menu(entry: str) -> None:
        await message.hover()
        await message.get_by_test_id("message-menu").click()
        await page.get_by_test_id(entry).click()

    await menu("react-tada")
    await expect(page.get_by_test_id("reaction-tada")).to_contain_text("1")
    await page.get_by_test_id("reaction-tada").click()
    await expect(page.get_by_test_id("reaction-tada")).to_have_count(0)
    await menu("edit")
    await expect(page.get_by_test_id("edit-field")).to_have_value("hello @Ben Ode & all")
    await page.get_by_test_id("edit-field").fill("hello @Ben Ode")
    await page.get_by_test_id("edit-save").click()
    await expect(message).to_contain_text("(edited)")
    assert sandbox.messages("general")[0].text == "hello <@U0BEN>"
    await menu("delete")
    await expect(message).to_have_count(0)


async def test_a_stream_grows_for_its_recipient_and_appears_whole_for_others(
    page: Page, sandbox: Sandbox
) -> None:
    client = web_client(sandbox)
    question = sandbox.say("ben", "general", "@Answerdesk?")
    await page.goto(f"/?as=U0BEN&channel=C0GENERAL&thread={question.ts}")
    task = {"type": "task_update", "id": "1", "title": "Searching the handbook", "status": "in_progress"}
    started = await client.chat_startStream(
        channel="C0GENERAL",
        thread_ts=question.ts,
        recipient_user_id="U0BEN",
        recipient_team_id="T0SMALL",
        chunks=[task],
    )
    ts = started["ts"]
    reply = page.locator(f"#thread [data-ts='{ts}'].message")
    await expect(reply.locator(".task")).to_contain_text("Searching the handbook")
    await client.chat_appendStream(channel="C0GENERAL", ts=ts, markdown_text="It is **90")
    await expect(reply).to_contain_text("It is **90")
    await client.chat_appendStream(channel="C0GENERAL", ts=ts, markdown_text=" days**")
    await expect(reply.locator("b")).to_have_text("90 days")
    await page.get_by_test_id("person-U0ANNA").click()
    await page.get_by_test_id("replies").click()
    later = sandbox.say("anna", "general", "anything?", thread_ts=question.ts)
    await expect(newest(page, "thread")).to_contain_text("anything?")
    await expect(reply).to_have_count(0)
    await client.chat_stopStream(channel="C0GENERAL", ts=ts)
    await expect(reply.locator("b")).to_have_text("90 days")
    shown = await page.locator("#thread .message").evaluate_all("all => all.map(each => each.dataset.ts)")
    assert shown == [question.ts, ts, later.ts]


async def test_the_pane_beside_a_channel_asks_shows_the_status_and_stops(
    page: Page, sandbox: Sandbox, app: BoltApp
) -> None:
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await page.get_by_test_id("agent-open").click()
    await until(lambda: app.of_type("app_home_opened"), within_s=WITHIN_S)
    assert app.of_type("app_home_opened")[0]["context"]["entities"][0]["value"] == "C0GENERAL"
    prompts = [{"title": "Leave", "message": "How much leave do I get?"}]
    await app.client.assistant_threads_setSuggestedPrompts(
        channel_id="D0ANNA", prompts=prompts, title="Ask away"
    )
    pane = page.get_by_test_id("thread")
    await expect(pane.get_by_role("heading", name="Ask away")).to_be_visible()
    await pane.get_by_test_id("prompt").click()
    await until(lambda: sandbox.messages("dm", person="anna"), within_s=WITHIN_S)
    (question,) = sandbox.messages("dm", person="anna")
    assert question.text == "How much leave do I get?"
    thread: Json = {"channel_id": "D0ANNA", "thread_ts": question.ts}
    await app.client.assistant_threads_setStatus(**thread, status="is searching …")
    await expect(pane.get_by_test_id("status")).to_have_text("Answerdesk is searching …")
    await app.client.agents_sessions_setStatus(**thread, status="processing")
    await pane.get_by_test_id("stop").click()
    await until(lambda: app.of_type("agent_session_stopped"), within_s=WITHIN_S)
    await app.client.assistant_threads_setTitle(**thread, title="Leave in general")
    await expect(pane.locator(".bar")).to_contain_text("Leave in general")
    await page.get_by_test_id("channel-C0QUIET").click()
    await until(lambda: app.of_type("app_context_changed"), within_s=WITHIN_S)
    await expect(pane).to_contain_text("How much leave do I get?")


async def test_a_person_is_told_that_the_app_did_not_answer(page: Page, sandbox: Sandbox) -> None:
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await page.get_by_test_id("shortcuts").click()
    await page.get_by_test_id("shortcut-ask_anywhere").click()
    await expect(page.locator("#toast")).to_have_text("This app is not connected: nobody heard this.")


async def test_a_phone_shows_modals_menus_and_the_pane_whole(
    page: Page, sandbox: Sandbox, app: BoltApp
) -> None:
    await page.set_viewport_size({"width": 390, "height": 780})
    sandbox.say("anna", "general", "hello")
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await newest(page).get_by_test_id("message-menu").click()
    box = await page.get_by_test_id("menu").bounding_box()
    assert box is not None
    assert (box["x"], round(box["width"]), round(box["y"] + box["height"])) == (0, 390, 780)
    await page.keyboard.press("Escape")
    await sandbox.pick("anna", "ask_anywhere")
    trigger = app.of_type("shortcut")[-1]["trigger_id"]
    await app.client.views_open(trigger_id=trigger, view=feedback())
    await expect(page.get_by_test_id("submit")).to_be_in_viewport()
    await page.get_by_test_id("modal-close").click()
    await page.get_by_test_id("agent-open").click()
    await expect(page.get_by_test_id("conversation")).to_be_hidden()
    await expect(page.get_by_test_id("thread-composer")).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_quick_faults_are_one_click(page: Page, sandbox: Sandbox, app: BoltApp) -> None:
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await page.get_by_test_id("faults-open").click()
    drawer = page.get_by_test_id("faults")
    await drawer.get_by_role("button", name="Slow Slack").click()
    await expect(drawer).to_contain_text("every call 1.5 s slower")
    await drawer.get_by_role("button", name="429 on edits").click()
    await expect(drawer).to_contain_text("chat.update: 5 times 429")
    await drawer.get_by_role("button", name="All off").click()
    await expect(drawer).to_contain_text("An ordinary day.")
    assert sandbox.faults.slow_api_s == 0
    await drawer.get_by_role("button", name="Drop socket").click()
    await until(lambda: sandbox.deliveries() == [] and sandbox.open_sockets == 1, within_s=30.0)
