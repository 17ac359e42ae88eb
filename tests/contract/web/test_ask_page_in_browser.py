"""The page in a real browser: asks, shows an answer as it grows, and lets nothing in it act."""

from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client
from playwright.async_api import Page, expect

from tests.claude_stand_in import Script
from tests.contract.web.conftest import KEY, QUESTION, Face, serving_api
from tests.contract.web.snippets import blocks
from tests.e2e.demo import PHONE, browser_page

pytestmark = pytest.mark.browser

WITHIN_MS = 30_000
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"> <script>document.title='owned'</script>",
    "[click](javascript:document.title='owned') [data](data:text/html,<script>alert(1)</script>)",
    "[a](https://a.example/\"onmouseover=\"document.title='owned') <svg/onload=alert(1)>",
    "`<b>` **<i>x</i>** | <u> | </td><script>\n|---|---|\n| <b>1</b> | <iframe src=https://x.example> |",
    "- <form action=https://x.example>\n> <style>*{display:none}</style>",
)


@pytest.fixture
async def page(face: Face, client: Client) -> AsyncIterator[Page]:
    async with (
        serving_api(face.streams, client, None, open_here=True) as url,
        browser_page(url, size=PHONE) as page,
    ):
        await page.goto("/ask")
        yield page


async def ask(page: Page, question: str = QUESTION) -> None:
    await page.get_by_label("Your question").fill(question)
    await page.keyboard.press("Enter")


async def test_an_answer_grows_and_names_its_sources_and_the_next_question_follows(
    face: Face, page: Page
) -> None:
    face.claude.default = Script(sentences=3, pace_s=0.05)
    await ask(page)
    await expect(page.locator(".growing")).to_contain_text("14 months", timeout=WITHIN_MS)
    await expect(page.get_by_role("list", name="Sources")).to_contain_text("Leave policy", timeout=WITHIN_MS)
    cited = page.get_by_role("link", name="Source 1: Leave policy").first
    assert await cited.get_attribute("href") == "https://docs.example.com/leave-policy"
    assert "noopener" in (await cited.get_attribute("rel") or "")
    await ask(page, "And who may share them?")
    await expect(page.get_by_role("list", name="Sources")).to_have_count(2, timeout=WITHIN_MS)
    assert len(face.claude.requests[-1]["messages"]) > 1
    fits = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert fits, "a phone need not be scrolled sideways"


async def test_escape_stops_an_answer_and_the_next_question_can_be_asked(face: Face, page: Page) -> None:
    face.claude.scripts.append(Script(sentences=40, pace_s=0.05))
    await ask(page)
    await expect(page.locator(".growing")).to_contain_text("14 months", timeout=WITHIN_MS)
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("Stopped.")).to_be_visible(timeout=WITHIN_MS)
    await ask(page)
    await expect(page.get_by_role("list", name="Sources")).to_have_count(1, timeout=WITHIN_MS)


async def test_nothing_that_an_answer_holds_becomes_markup(page: Page) -> None:
    """Promise 31 and 32 on this face."""
    for text in HOSTILE:
        found = await page.evaluate(
            """async (text) => {
                const { markdown } = await import("/ask/markdown.js");
                const box = document.createElement("div");
                box.append(markdown(text, () => null));
                document.body.append(box);
                const names = [...box.querySelectorAll("*")];
                return {
                    elements: names.map((element) => element.localName),
                    links: [...box.querySelectorAll("a")].map((link) => link.protocol),
                    attributes: names.flatMap((element) => element.getAttributeNames()),
                };
            }""",
            text,
        )
        assert not {"script", "img", "svg", "iframe", "form", "style", "b", "i", "u"} & set(found["elements"])
        assert set(found["links"]) <= {"https:", "http:"}
        assert set(found["attributes"]) <= {"href", "target", "rel", "class", "start"}
    assert await page.title() == "Ask · Answerdesk"


async def test_markdown_is_shown_as_what_it_means(page: Page) -> None:
    html = await page.evaluate(
        """async () => {
            const { markdown } = await import("/ask/markdown.js");
            const box = document.createElement("div");
            const text = "# Head\\n\\nA **bold** and *slanted* `code` [1] [9].\\n\\n" +
                "1. one\\n2. two\\n   - deep\\n\\n```\\n<x>\\n```\\n\\n" +
                "| a | b |\\n|---|---|\\n| c | d |\\n\\n2 * 3 * 4 and snake_case_name";
            box.append(markdown(text, (n) => (n === 1 ? document.createElement("mark") : null)));
            return box.innerHTML;
        }"""
    )
    assert html == (
        "<h3>Head</h3><p>A <strong>bold</strong> and <em>slanted</em> <code>code</code> "
        "<mark></mark> [9].</p>"
        '<ol start="1"><li>one</li><li>two<ul><li>deep</li></ul></li></ol><pre><code>&lt;x&gt;</code></pre>'
        '<div class="wide"><table><thead><tr><th>a</th><th>b</th></tr></thead>'
        "<tbody><tr><td>c</td><td>d</td></tr></tbody></table></div><p>2 * 3 * 4 and snake_case_name</p>"
    )


async def test_where_a_key_is_needed_it_is_asked_for_and_kept_for_the_tab(face: Face) -> None:
    async with browser_page(face.url) as page:
        await page.goto("/ask")
        await ask(page)
        await page.get_by_label("Key", exact=True).fill("a key that nobody has")
        await page.get_by_role("button", name="Use it").click()
        await expect(page.get_by_text("That key is not known here.")).to_be_visible(timeout=WITHIN_MS)
        await page.get_by_label("Key", exact=True).fill(KEY)
        await page.keyboard.press("Enter")
        sources = page.get_by_role("list", name="Sources")
        await expect(sources).to_have_count(1, timeout=WITHIN_MS)
        await page.reload()
        await ask(page)
        await expect(sources).to_have_count(1, timeout=WITHIN_MS)


async def test_the_examples_in_javascript_work_as_they_stand_in_the_documentation(face: Face) -> None:
    fetching, socket = blocks("js")
    async with browser_page(face.url) as page:
        await page.goto("/ask")
        for code in (f"{fetching}\nask(QUESTION, onEvent).catch(reject);", socket):
            events = await page.evaluate(
                f"""([BASE, KEY, QUESTION]) => new Promise((resolve, reject) => {{
                    const events = [];
                    const onEvent = (event) => {{
                        events.push(event);
                        if (event.event === "done" || event.event === "error") resolve(events);
                    }};
                    {code}
                }})""",
                [face.url, KEY, QUESTION],
            )
            assert events[-1]["event"] == "done"
            assert "14 months" in events[-1]["text"]
