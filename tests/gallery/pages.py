"""The Home tab, the agent's pane, the page at ``/ask``, and the sandbox's own page."""

from playwright.async_api import Page

from tests.claude_stand_in import Script
from tests.gallery.camera import Act, place
from tests.gallery.house import House

QUESTION = "How many days of parental leave do I get in Canada?"


async def homes(house: House) -> None:
    """An employee's and an admin's."""
    await house.answered("jonas", "ask-hr", "How many public holidays are there in Portugal?")
    await house.photo_home("50-home", "jonas", "public holidays")
    await house.photo_home("51-home-admin", "marta", "Feedback of the last")


async def agent(house: House) -> None:
    """The pane when it opens, at work, and with an answer."""
    house.slack.open_app("ines", context="general")
    url = place(house.slack.url, person="U0INES", channel="C0GENERAL", agent="")
    await house.camera.photo("52-agent", url, drawn='[data-testid="prompt"]')
    await house.photo_channel("52-greeting", "ines", "dm")
    house.claude.scripts.append(Script(sentences=3, ending="stall", pings=True, after_words=30))
    question = house.slack.say("ines", "dm", QUESTION, beside="general")
    await house.writing()
    await house.said(question, "weeks")
    url = place(house.slack.url, person="U0INES", channel="C0GENERAL", agent=question.ts)
    drawn = f'[data-testid="thread"] [data-ts="{house.replies(question)[-1].ts}"]'
    await house.camera.photo("52-agent-at-work", url, drawn=drawn)
    await house.stop(question)
    question = await house.answered("ines", "dm", QUESTION + " Please.")
    url = place(house.slack.url, person="U0INES", channel="C0GENERAL", agent=question.ts)
    drawn = f'[data-testid="thread"] [data-ts="{house.replies(question)[-1].ts}"]'
    await house.camera.photo("52-agent-answer", url, drawn=drawn)


async def web(house: House) -> None:
    """The page at /ask."""
    await house.camera.photo("53-web-empty", house.ask_url, drawn="textarea, input")

    house.claude.default = Script(sentences=4, ending="stall", pings=True, after_words=30)
    await _web(house, "53-web-writing", f"{QUESTION} (web)", "weeks")
    house.claude.default = Script()
    await _web(house, "53-web-answer", f"{QUESTION} (anew)", "Sources")
    await _web(house, "53-web-again", "How many days of parental leave do I get in Canada?", "Sources")
    await _web(house, "53-web-nothing", "Who won the chess olympiad of 1972?", "find")
    house.claude.default = Script(ending="server_error")
    await _web(house, "53-web-error", f"{QUESTION} (away)", "Please try again")


async def _web(house: House, name: str, words: str, seen: str) -> None:
    async def ask(page: Page) -> None:
        await page.get_by_label("Your question").fill(words)
        await page.keyboard.press("Enter")
        await page.get_by_text(seen).first.wait_for(timeout=30_000)

    await house.camera.photo(name, house.ask_url, drawn="textarea", act=ask)


async def sandbox(house: House) -> None:
    """The look-alike itself."""
    await house.camera.photo(
        "54-sandbox-start", f"{house.slack.url}/?as=U0PRIYA", drawn='[data-testid="channel-C0GENERAL"]'
    )
    await house.photo_channel("54-sandbox-channel", "priya", "partner-fernhill")

    pressed = {"faults": "faults-open", "shortcuts": "shortcuts", "message-menu": "message-menu"}
    for name, test_id in pressed.items():
        await house.photo_channel(f"54-sandbox-{name}", "priya", "general", act=_pressing(test_id))
    house.slack.say("jonas", "garden-club", "@Answerdesk When is the summer party?")

    async def ask(page: Page) -> None:
        await page.get_by_test_id("composer").first.fill("@Answerdesk When is the summer party?")
        await page.get_by_test_id("composer").first.press("Enter")
        await page.get_by_test_id("invite").wait_for()

    await house.photo_channel("54-sandbox-not-in-channel", "jonas", "garden-club", act=ask)


def _pressing(test_id: str) -> Act:
    async def act(page: Page) -> None:
        if not await page.get_by_test_id(test_id).first.is_visible():
            await page.get_by_role("button", name="Back to channels").first.click()
        await page.get_by_test_id(test_id).first.click()

    return act


SCENES = (homes, agent, web, sandbox)
