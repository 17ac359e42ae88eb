"""The page in a real headless Chromium."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, expect

from sandbox.service import Sandbox, serving
from tests.contract.sandbox.bolt_app import APP_TOKEN, BOT_TOKEN, BoltApp, web_client
from tests.until import until

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 800}
WITHIN_S = 5.0

Json = dict[str, Any]


def actions(*buttons: Json) -> list[Json]:
    return [{"type": "actions", "elements": list(buttons)}]


def button(text: str, action_id: str, **more: object) -> Json:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, "action_id": action_id, **more}


async def test_a_question_is_typed_with_completion_and_its_thread_opens_when_the_answer_comes(
    page: Page, sandbox: Sandbox, app: BoltApp
) -> None:
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("@answ")
    await composer.press("Enter")
    await composer.press_sequentially("how much leave?")
    await composer.press("Shift+Enter")
    await composer.press_sequentially("I forgot")
    await composer.press("Enter")
    await until(lambda: sandbox.messages("general"), within_s=WITHIN_S)
    (question,) = sandbox.messages("general")
    assert question.text == "<@U0DESK> how much leave?\nI forgot"
    shown = page.get_by_test_id("messages").get_by_test_id("message")
    await expect(shown).to_contain_text("@Answerdesk how much leave?")
    answer = await app.client.chat_postMessage(channel="C0GENERAL", text="Looking …", thread_ts=question.ts)
    reply = page.get_by_test_id("thread").get_by_test_id("message").nth(1)
    await expect(reply).to_contain_text("Looking …")
    await app.client.chat_update(channel="C0GENERAL", ts=answer["ts"], text="*30 days* a year [1]")
    await expect(reply.locator("b")).to_have_text("30 days")
    await expect(reply).to_contain_text("(edited)")
    await expect(page.get_by_test_id("replies")).to_contain_text("1 reply")
    assert f"thread={question.ts}" in page.url


async def test_files_are_attached_left_out_again_and_sent(page: Page, sandbox: Sandbox) -> None:
    for size in (None, PHONE):
        if size:
            await page.set_viewport_size({"width": size["width"], "height": size["height"]})
        await page.goto("/?as=U0ANNA&channel=C0GENERAL")
        names = ("plan.md", "a name that is longer than any telephone of today is wide.pdf")
        given = [FilePayload(name=name, mimeType="text/plain", buffer=b"# Plan") for name in names]
        await page.get_by_test_id("attach").set_input_files(given)
        attached = page.get_by_test_id("attached")
        await expect(attached.get_by_test_id("file")).to_have_count(2)
        await attached.get_by_role(
            "button", name="Leave out a name that is longer than any telephone of today is wide.pdf"
        ).click()
        await expect(attached.get_by_test_id("file")).to_have_text(["plan.md6 B"])
        await page.get_by_test_id("composer").fill("what does it say?")
        await page.get_by_test_id("send").click()
        shown = page.get_by_test_id("messages").get_by_test_id("message").last
        await expect(shown).to_contain_text("what does it say?")
        await expect(shown.get_by_test_id("file")).to_contain_text("plan.md")
        await expect(attached).to_be_hidden()
        width = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0
    assert [[file.name for file in each.files] for each in sandbox.messages("general")] == [["plan.md"]] * 2


async def test_a_message_that_grows_keeps_its_elements_and_the_readers_place(
    page: Page, sandbox: Sandbox
) -> None:
    client = web_client(sandbox)
    for number in range(40):
        sandbox.say("ben", "general", f"line {number}")
    posted = await client.chat_postMessage(channel="C0GENERAL", text="Answer")
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    last = page.locator(f"[data-ts='{posted['ts']}'].message")
    await expect(last).to_be_in_viewport()
    await last.evaluate("node => { node.seen = true; node.querySelector('.text').seen = true; }")
    for words in (20, 60, 120):
        await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Answer" + " word" * words)
        await expect(last).to_contain_text("Answer" + " word" * words)
        assert await last.evaluate("node => node.seen && node.querySelector('.text').seen")
    at_bottom = "s => s.scrollHeight - s.scrollTop - s.clientHeight < 5"
    scroll = page.locator("#scroll")
    await until(lambda: scroll.evaluate(at_bottom), within_s=WITHIN_S)
    await scroll.evaluate("s => { s.scrollTop = 100; }")
    await expect(page.locator("#jump")).to_be_visible()
    await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Answer" + " word" * 200)
    await expect(last).to_contain_text("word " * 150)
    assert await scroll.evaluate("s => s.scrollTop") == 100


LINK = 'target="_blank" rel="noopener noreferrer nofollow"'
MRKDWN = {
    "*bold* _italic_ ~gone~ `a*b*`": "<b>bold</b> <i>italic</i> <s>gone</s> <code>a*b*</code>",
    "*_both_*": "<b><i>both</i></b>",
    "2*3*4, snake_case_name, a * b * c": "2*3*4, snake_case_name, a * b * c",
    "*not\nacross lines*": "*not<br>across lines*",
    "&lt;b&gt; &amp;amp; &quot;": "&lt;b&gt; &amp;amp; &amp;quot;",
    "&gt; quoted\n&gt; on\nplain": "<blockquote>quoted<br>on</blockquote>plain",
    "before\n&gt;&gt;&gt; all\nthe rest": "before<blockquote>all<br>the rest</blockquote>",
    "```x = *1*\n&lt;y&gt;```": "<pre><code>x = *1*\n&lt;y&gt;</code></pre>",
    "<https://x.example?b&amp;c|the *p*>": f'<a href="https://x.example?b&amp;c" {LINK}>the <b>p</b></a>',
    "<mailto:a@x.example|write>": f'<a href="mailto:a@x.example" {LINK}>write</a>',
    "<javascript:alert(1)|click>": "<span>click</span>",
    "<@U0ANNA>": '<span class="pill mine" data-user="U0ANNA">@Anna Berg</span>',
    "<!here>": '<span class="pill mine">@here</span>',
    "<!subteam^S0ONCALL>": '<span class="pill">@on-call</span>',
    ":tada: :nothing: 10:30:00": '<span class="emoji" title=":tada:">🎉</span> :nothing: 10:30:00',
}
DRAW = """async (texts) => {
  const { mrkdwn } = await import("/static/mrkdwn.js");
  const names = {
    me: "U0ANNA", user: () => ({ name: "Anna Berg" }), group: () => ({ handle: "on-call" }),
    channel: () => "general", mayOpen: () => false,
  };
  return texts.map((text) => {
    const box = document.createElement("div");
    box.append(...mrkdwn(text, names));
    return box.innerHTML;
  });
}"""


async def test_mrkdwn_is_drawn_as_slack_draws_it(page: Page) -> None:
    await page.goto("/")
    drawn = await page.evaluate(DRAW, list(MRKDWN))
    assert dict(zip(MRKDWN, drawn, strict=True)) == MRKDWN


async def test_blocks_are_drawn_as_slack_draws_them(page: Page, sandbox: Sandbox) -> None:
    def rich(kind: str) -> Json:
        return {"type": kind, "elements": [{"type": "text", "text": "x", "style": {"bold": True}}]}

    rows = (("Country", "Days"), ("Germany", "90"))
    items = [rich("rich_text_section")] * 2
    ordered = {"type": "rich_text_list", "style": "ordered", "elements": items}
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Title"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*b*"}, "accessory": button("Open", "open")},
        {"type": "rich_text", "elements": [ordered, rich("rich_text_quote"), rich("rich_text_preformatted")]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": text} for text in row] for row in rows]},
        {"type": "markdown", "text": "## Head\n\n1. **one**\n2. [two](https://x.example)"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
    ]
    await web_client(sandbox).chat_postMessage(channel="C0GENERAL", text="fallback", blocks=blocks)
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    message = page.get_by_test_id("messages").get_by_test_id("message")
    await expect(message.get_by_role("heading", name="Title")).to_be_visible()
    await expect(message.get_by_test_id("button-open")).to_be_visible()
    await expect(message.locator(".rich_text ol > li b")).to_have_text(["x", "x"])
    await expect(message.locator(".rich_text blockquote b")).to_have_text("x")
    await expect(message.locator(".rich_text pre code")).to_have_text("x")
    await expect(message.get_by_role("columnheader")).to_have_text(["Country", "Days"])
    await expect(message.get_by_role("cell")).to_have_text(["Germany", "90"])
    await expect(message.locator(".markdown ol li")).to_have_text(["one", "two"])
    await expect(message.locator(".context")).to_have_text("small")
    await expect(message).not_to_contain_text("fallback")


async def test_what_people_and_apps_write_runs_nothing(page: Page, sandbox: Sandbox) -> None:
    evil = "<img src=x onerror=alert(1)> <javascript:alert(1)|click> &lt;script&gt;"
    link = button("a button", "evil", url="javascript:alert(1)")
    await web_client(sandbox).chat_postMessage(channel="C0GENERAL", text=evil)
    await web_client(sandbox).chat_postMessage(channel="C0GENERAL", text="x", blocks=actions(link))
    sandbox.say("ben", "general", "<script>alert(1)</script>")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    messages = page.get_by_test_id("messages")
    await expect(messages.get_by_test_id("message").nth(1)).to_contain_text("a button")
    await expect(messages.get_by_test_id("message").nth(2)).to_contain_text("<script>alert(1)</script>")
    assert await messages.locator("img, script, a[href^=javascript]").count() == 0
    assert dialogs == []


async def test_a_press_asks_first_where_the_button_says_so(
    page: Page, sandbox: Sandbox, app: BoltApp
) -> None:
    confirm = {
        "title": {"type": "plain_text", "text": "Delete?"},
        "text": {"type": "mrkdwn", "text": "It is *gone* then."},
        "confirm": {"type": "plain_text", "text": "Delete"},
        "deny": {"type": "plain_text", "text": "Keep"},
    }
    blocks = actions(button("Again", "again"), button("Delete", "delete", style="danger", confirm=confirm))
    await app.client.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    await page.goto("/?as=U0BEN&channel=C0GENERAL")

    def pressed() -> list[str]:
        return [body["actions"][0]["action_id"] for body in app.bodies if body["type"] == "block_actions"]

    await page.get_by_test_id("button-again").click()
    await until(lambda: pressed() == ["again"], within_s=WITHIN_S)
    await page.get_by_test_id("button-delete").click()
    await page.get_by_test_id("confirm").get_by_text("Keep").click()
    await page.get_by_test_id("button-delete").click()
    await page.get_by_test_id("confirm").get_by_role("button", name="Delete").click()
    await until(lambda: pressed() == ["again", "delete"], within_s=WITHIN_S)


async def test_people_are_switched_in_one_click_and_unread_messages_show(
    page: Page, sandbox: Sandbox
) -> None:
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await expect(page.get_by_test_id("channel-C0SECRET")).to_be_visible()
    sandbox.say("ben", "team", "news")
    await expect(page.get_by_test_id("channel-C0TEAM").locator(".dot")).to_have_text("1")
    await page.get_by_test_id("channel-C0TEAM").click()
    await expect(page.get_by_test_id("messages")).to_contain_text("news")
    await expect(page.get_by_test_id("channel-C0TEAM").locator(".dot")).to_have_count(0)
    await page.get_by_test_id("person-U0GUS").click()
    await expect(page.get_by_test_id("channel-C0SECRET")).to_have_count(0)
    await expect(page.get_by_test_id("channel-D0GUS")).to_be_visible()


async def test_a_suggestion_asks_and_in_a_channel_mentions_the_app(page: Page, sandbox: Sandbox) -> None:
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await page.get_by_test_id("suggestion").first.click()
    await until(lambda: sandbox.messages("general"), within_s=WITHIN_S)
    assert sandbox.messages("general")[0].text == "<@U0DESK> How much leave do I get?"
    await page.get_by_test_id("channel-D0ANNA").click()
    await page.get_by_test_id("suggestion").first.click()
    await until(lambda: sandbox.messages("dm", person="anna"), within_s=WITHIN_S)
    assert sandbox.messages("dm", person="anna")[0].text == "What may I spend?"


async def test_an_app_that_is_not_in_the_channel_can_be_invited(
    page: Page, sandbox: Sandbox, app: BoltApp
) -> None:
    await page.goto("/?as=U0ANNA&channel=C0QUIET")
    await page.get_by_test_id("composer").fill("@Answerdesk hello")
    await page.get_by_test_id("send").click()
    await page.get_by_test_id("invite").click()
    await until(lambda: "member_joined_channel" in [event["type"] for event in app.events], within_s=WITHIN_S)


async def test_a_phone_shows_one_pane_at_a_time(page: Page, sandbox: Sandbox) -> None:
    question = sandbox.say("anna", "general", "question")
    await web_client(sandbox).chat_postMessage(channel="C0GENERAL", text="answer", thread_ts=question.ts)
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await page.goto("/?as=U0ANNA")
    await expect(page.get_by_test_id("conversation")).to_be_hidden()
    await page.get_by_test_id("channel-C0GENERAL").click()
    await expect(page.get_by_test_id("person-switch")).to_be_hidden()
    await page.get_by_test_id("replies").click()
    await expect(page.get_by_test_id("conversation")).to_be_hidden()
    await expect(page.get_by_test_id("thread")).to_contain_text("answer")
    await page.go_back()
    await expect(page.get_by_test_id("conversation")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_test_id("person-switch")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_what_grows_while_the_page_scrolls_by_itself_is_followed(page: Page) -> None:
    """A message of one's own once stayed half hidden: the page took its own scrolling for the reader's."""
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    result = await page.evaluate("""async () => {
        const { Bottom } = await import("/static/scrolling.js");
        const scroll = document.createElement("div");
        scroll.style = "height: 200px; overflow-y: auto";
        document.body.append(scroll);
        const bottom = new Bottom(scroll);
        const grow = () => {
            scroll.append(document.createElement("div"));
            scroll.lastChild.style.height = "500px";
        };
        const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const gap = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight;
        grow();
        await frames();
        grow();
        bottom.keep();
        grow(); // before the event of that scrolling is told
        await frames();
        bottom.keep();
        const followed = gap();
        await frames();
        scroll.scrollTop = 100;
        await frames();
        grow();
        bottom.keep();
        return [followed, scroll.scrollTop];
    }""")
    assert result == [0, 100]


async def test_a_person_who_is_not_there_does_not_leave_the_page_empty(page: Page) -> None:
    await page.goto("/?as=U0NOBODY&channel=C0GENERAL")
    await expect(page.get_by_test_id("channel-C0GENERAL")).to_be_visible()
    assert "as=U0ANNA" in page.url


async def test_the_page_comes_back_by_itself_after_the_sandbox_was_away(page: Page, company: Path) -> None:
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company) as first:
        port = int(first.url.rsplit(":", 1)[1])
        await page.goto(f"{first.url}/?as=U0ANNA&channel=C0GENERAL")
        await expect(page.get_by_test_id("channel-C0GENERAL")).to_be_visible()
    await expect(page.locator("body")).to_have_class(re.compile("broken"))
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, company=company, port=port) as second:
        second.say("ben", "general", "here again")
        await expect(page.get_by_test_id("messages")).to_contain_text("here again")
        await expect(page.locator("body")).not_to_have_class(re.compile("broken"))


async def test_the_drawer_sets_faults_and_shows_the_calls(page: Page, sandbox: Sandbox) -> None:
    await web_client(sandbox).auth_test()
    await page.goto("/?as=U0ANNA&channel=C0GENERAL")
    await page.get_by_test_id("faults-open").click()
    drawer = page.get_by_test_id("faults")
    await expect(drawer).to_contain_text("auth.test")
    await drawer.get_by_role("button", name="Set").first.click()
    await expect(drawer).to_contain_text("Armed: chat.postMessage: 3 times 429")
    assert sandbox.faults.rate_limited["chat.postMessage"].calls == 3
    await drawer.get_by_role("button", name="All off").click()
    await expect(drawer).to_contain_text("An ordinary day.")
    assert sandbox.faults.rate_limited == {}
