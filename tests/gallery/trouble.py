"""What goes wrong: quotas, the model, the search, Slack. Each with a bot of its own settings."""

from sandbox.conversations import Message
from sandbox.faults import RateLimited, Refused
from tests.claude_stand_in import Script
from tests.gallery.house import AGAIN, House
from tests.until import until

MOST_ASKED = 20
ASKED = "What may I spend on a hotel in Lisbon?"


async def quotas(house: House) -> None:
    """Four fifths are gone; all is gone; too many at once."""
    async with house.bot(QUOTA_TOKENS_PER_DAY="20000"):
        question = await _until_spent(house)
        await house.photo_thread("60-quota-spent", question)
        await house.command("priya", "travel", "/usage")
        await house.photo_channel("60-usage", "priya", "travel")
        await house.photo_home("60-home", "priya", "used")
        await until(lambda: "tokens" in str(house.slack.messages("dm", person="priya")), within_s=30)
        await house.photo_channel("60-quota-low", "priya", "dm")
    async with house.bot(QUOTA_REQUESTS_PER_MINUTE="1", QUOTA_TOKENS_PER_DAY="0"):
        await house.answered("theo", "engineering", "How fast must code be reviewed?")
        question = await house.answered("theo", "engineering", "And who reviews firmware?")
        await house.photo_thread("60-too-many", question)
        await house.command("theo", "engineering", "/usage")
        await house.photo_channel("60-usage-no-limit", "theo", "engineering")


async def _until_spent(house: House) -> Message:
    for number in range(MOST_ASKED):
        question = await house.answered("priya", "travel", f"{ASKED} ({number})")
        if "share of answers" in str(house.replies(question)):
            return question
    raise AssertionError("the quota is not spent")


async def nearest(house: House) -> None:
    """Nothing relevant, with what comes next to it and who may know."""
    async with house.bot(QUOTA_TOKENS_PER_DAY="0", RELEVANCE_FLOOR="0.98"):
        question = await house.answered("jonas", "travel", "Which hotel in Porto takes dogs?")
        await house.photo_thread("64-nearest", question)
        question = await house.answered("jonas", "dm", "Which hotel in Porto takes dogs?")
        await house.photo_thread("64-nearest-dm", question)


async def stale(house: House) -> None:
    """A source could not be read lately."""
    (house.folder / "rules").rename(house.folder / "gone")
    async with house.bot(QUOTA_TOKENS_PER_DAY="0"):
        await house.command("marta", "travel", "/resync rules")
        newest = house.slack.messages
        await until(lambda: "has failed" in str(newest("dm", person="marta")[-1].blocks), within_s=90)
    async with house.bot(QUOTA_TOKENS_PER_DAY="0"):
        question = await house.answered(
            "jonas", "general", "When is the bicycle cellar of the Berlin office open?"
        )
        await house.photo_thread("65-source-failing", question)
    (house.folder / "gone").rename(house.folder / "rules")


async def models(house: House) -> None:
    """The model is busy, away, refuses our key, or there is none."""
    async with house.bot(QUOTA_TOKENS_PER_DAY="0"):
        for name in ("overloaded", "server_error", "rate_limited"):
            house.claude.default = Script(ending=name, retry_after_s=90 if name == "rate_limited" else None)
            question = await house.answered("jonas", "travel", f"{ASKED} ({name})")
            await house.photo_thread(f"61-model-{name}", question)
        house.claude.default = Script()
    async with house.bot(QUOTA_TOKENS_PER_DAY="0", ANTHROPIC_BASE_URL=""):
        question = await house.answered("jonas", "travel", f"{ASKED} (no model)")
        await house.photo_thread("61-no-model", question)


async def searches(house: House) -> None:
    """Nobody searches."""
    async with house.bot(QUOTA_TOKENS_PER_DAY="0"):
        house.hang_worker(hangs=True)
        question = await house.answered("jonas", "travel", f"{ASKED} (no search)")
        await house.photo_thread("62-no-search", question)
        await house.command("jonas", "travel", "/answerdesk status")
        await house.photo_channel("62-status", "jonas", "travel")
        await house.command("jonas", "travel", "/sources leave")
        await house.photo_channel("62-sources", "jonas", "travel")
        await house.command("marta", "travel", "/resync")
        await house.photo_channel("62-resync", "marta", "travel")
        await house.photo_home("62-home", "marta", "told right now")
        house.hang_worker(hangs=False)


async def slack(house: House) -> None:
    """Slack wants us to wait, takes no blocks, or no message at all."""
    faults = house.slack.faults
    async with house.bot(QUOTA_TOKENS_PER_DAY="0"):
        faults.rate_limited = {"users.info": RateLimited(calls=1000, retry_after_s=3600)}
        question = house.ask("ines", "dm", f"{ASKED} (busy)")
        await house.said(question, "1 hour")
        await house.photo_thread("63-slack-too-busy", question)
        faults.rate_limited = {"conversations.info": RateLimited(calls=1, retry_after_s=40)}
        question = house.ask("ines", "ask-hr", f"{ASKED} (wait)")
        await house.said(question, "go on in")
        await house.photo_thread("63-slack-waits", question)
        await house.said(question, AGAIN)
    async with house.bot(QUOTA_TOKENS_PER_DAY="0"):
        faults.rate_limited = {"chat.postMessage": RateLimited(calls=1000, retry_after_s=3600)}
        question = house.ask("ines", "ask-hr", f"{ASKED} (no post)")
        await house.whispered("ines", "1 hour")
        await house.photo_channel("63-slack-no-post", "ines", "ask-hr")
    faults.rate_limited = {}
    async with house.bot(QUOTA_TOKENS_PER_DAY="0"):
        faults.refused = {"chat.postMessage": Refused(calls=2, error="not_in_channel")}
        house.ask("priya", "general", f"{ASKED} (not there)")
        await until(lambda: "could not write" in str(house.slack.messages("dm", person="priya")), within_s=60)
        await house.photo_channel("63-not-in-channel", "priya", "dm")
    async with house.bot(QUOTA_TOKENS_PER_DAY="0"):
        house.claude.default = Script(text="| a | b |\n| - | - |\n| " + "long " * 2500 + " | x |\n")
        question = house.ask("jonas", "travel", f"{ASKED} (plain)")
        await house.said(question, "did not take")
        await house.photo_thread("63-plain-words", question)
        house.claude.default = Script()
        house.slack.faults.lost_answers = {"conversations.members": 1000}
        question = await house.answered("theo", "engineering", f"{ASKED} (who reads)")
        await house.photo_thread("63-readers-unknown", question)
        house.slack.faults.lost_answers = {}


SCENES = (quotas, models, searches, nearest, stale, slack)
