"""What a newcomer does first, in a real browser: ask, open a source, publish a file, ask about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.demo import PHONE, Demo, browser_page, running_demo
from tests.until import until

pytestmark = pytest.mark.browser

ANSWERED_WITHIN_MS = 20_000
QUESTION = "How many days of parental leave do I get in Germany?"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


async def ask(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").first.fill(text)
    await page.get_by_test_id("composer").first.press("Enter")


async def answered(page: Page, words: str) -> None:
    await expect(page.get_by_test_id("thread")).to_contain_text(words, timeout=ANSWERED_WITHIN_MS)


async def test_a_mention_is_answered_and_its_citation_opens_the_right_document(demo: Demo) -> None:
    async with browser_page(demo.url) as page:
        await page.goto("/?as=U0JONAS&channel=C0GENERAL")
        await ask(page, f"@Answerdesk {QUESTION}")
        await answered(page, "90 working days")
        citation = page.get_by_test_id("thread").get_by_role("link", name="[1]").first
        async with page.expect_popup() as opened:
            await citation.click()
        document = await opened.value
        await expect(document.get_by_role("heading", level=1)).to_contain_text("Parental leave in Germany")
        await expect(document.locator("body")).to_contain_text("90 working days")


async def test_a_direct_message_is_answered_on_a_phone(demo: Demo) -> None:
    async with browser_page(demo.url, size=PHONE) as page:
        await page.goto("/?as=U0THEO&channel=D0THEO")
        await ask(page, QUESTION)
        await page.get_by_role("button", name="1 reply").click()
        await answered(page, "90 working days")


async def test_what_only_the_people_team_may_read_is_found_by_them_alone(demo: Demo) -> None:
    question = "What is the salary band of an engineer at level 3?"
    async with browser_page(demo.url) as page:
        await page.goto("/?as=U0MARTA&channel=D0MARTA")
        await ask(page, question)
        await expect(page.get_by_test_id("thread")).to_contain_text(
            "Salary bands", timeout=ANSWERED_WITHIN_MS
        )
    async with browser_page(demo.url) as page:
        await page.goto("/?as=U0JONAS&channel=D0JONAS")
        await ask(page, question)
        await expect(page.get_by_test_id("thread")).to_contain_text("[1]", timeout=ANSWERED_WITHIN_MS)
        await expect(page.get_by_test_id("thread")).not_to_contain_text("Salary bands")


async def test_a_file_of_ones_own_is_published_and_found(demo: Demo, tmp_path: Path) -> None:
    note = tmp_path / "coffee.md"
    note.write_text(
        "# Coffee machine\n\nThe coffee machine in Berlin is descaled every second Thursday by Jonas.\n"
    )
    demo.answerdesk("publish", str(note), "--allow", "public", "--wait")
    async with browser_page(demo.url) as page:
        await page.goto("/?as=U0PRIYA&channel=D0PRIYA")
        await ask(page, "When is the coffee machine in Berlin descaled?")
        await answered(page, "every second Thursday")


async def test_the_home_tab_leads_back_to_an_answer_and_keeps_what_is_chosen_on_a_phone(demo: Demo) -> None:
    async with browser_page(demo.url, size=PHONE) as page:
        await page.goto("/?as=U0INES&channel=D0INES")
        await ask(page, QUESTION)
        await page.get_by_role("button", name="1 reply").click()
        await answered(page, "90 working days")
        await page.goto("/?as=U0INES&channel=D0INES")
        await page.get_by_test_id("tab-home").click()
        home = page.get_by_test_id("home")
        link = home.get_by_role("link", name=QUESTION)

        async def listed() -> bool:
            """It is listed once the answer is finished, which it need not be when its words are there."""
            await home.get_by_role("button", name="Refresh").click()
            return bool(await link.count())

        await until(listed, within_s=30, every_s=0.5)
        async with page.expect_response("**/page/use") as used:
            await home.get_by_test_id("field-home_language").select_option("German")
        assert (await used.value).ok
        await page.goto("/?as=U0INES&channel=D0INES&tab=home")
        await expect(home.get_by_test_id("field-home_language")).to_have_value(
            "German", timeout=ANSWERED_WITHIN_MS
        )


async def test_an_admin_looks_after_the_documents_from_the_home_tab(demo: Demo) -> None:
    async with browser_page(demo.url) as page:
        await page.goto("/?as=U0MARTA&channel=D0MARTA")
        await page.get_by_test_id("tab-home").click()
        home = page.get_by_test_id("home")
        await expect(home).to_contain_text("Questions without an answer", timeout=ANSWERED_WITHIN_MS)
        await expect(home).to_contain_text("handbook")
        await page.goto("/?as=U0JONAS&channel=D0JONAS")
        await page.get_by_test_id("tab-home").click()
        await expect(home).to_contain_text("Your last questions", timeout=ANSWERED_WITHIN_MS)
        await expect(home).not_to_contain_text("For admins")
