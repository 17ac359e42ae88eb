"""What is between people and us: private answers, feedback, colleagues, shortcuts, files, outsiders."""

from typing import Any

from tests.claude_stand_in import Script
from tests.contract.ingest.formats.documents import pdf
from tests.gallery.house import AGAIN, House
from tests.until import until

SALARY = "What is the salary band of a senior engineer in Berlin?"
LAPTOP = "I lost my laptop, what do I do now?"


async def privately(house: House) -> None:
    """Where the asker may read more than others there."""
    question = await house.answered("marta", "general", SALARY)
    offer = await house.whispered("marta", "answerdesk_privately")
    await house.photo_thread("20-offer-privately", question)
    house.slack.click("marta", offer, "answerdesk_privately")
    await house.whispered("marta", "where only you can read it")
    await house.photo_thread("20-answering-privately", question)
    await until(lambda: _answered_privately(house, "marta"), within_s=60)
    await house.photo_channel("20-private-answer", "marta", "dm")
    shown = await house.command("jonas", "general", "/ask How big is the learning budget?")
    await house.photo_channel("21-ask", "jonas", "general")
    house.slack.click("jonas", shown, "answerdesk_share")
    await house.whispered("jonas", "Asked below")
    await house.photo_channel("21-ask-shared", "jonas", "general")
    await house.command("jonas", "general", "/ask")
    await house.photo_channel("21-ask-nothing", "jonas", "general")


def _answered_privately(house: House, person: str) -> bool:
    asked = house.slack.messages("dm", person=person)
    return any(AGAIN in str(house.slack.thread("dm", each.ts, person=person)) for each in asked)


async def rating(house: House) -> None:
    """Thumbs, the reasons, thanks."""
    question = await house.answered("theo", "general", LAPTOP)
    answer = house.replies(question)[-1]
    house.slack.click("theo", answer, "answerdesk_rate", value=_thumb(answer.blocks, "positive_button"))
    await house.whispered("theo", "Thank you")
    await house.photo_thread("22-thanks", question)
    house.slack.click("theo", answer, "answerdesk_rate", value=_thumb(answer.blocks, "negative_button"))
    await house.photo_modal("22-what-was-wrong", "theo")
    fields = {"reason": {"reason": "The form has moved to Beacon."}}
    await house.slack.submit("theo", fields)
    await house.whispered("theo", "read it")
    await house.photo_thread("22-thanks-for-words", question)


def _thumb(blocks: list[dict[str, Any]], which: str) -> str:
    [pair] = [each for block in blocks if block["type"] == "context_actions" for each in block["elements"]]
    return str(pair[which]["value"])


async def colleagues(house: House) -> None:
    """Ask a human: what is posted, where, and that it was."""
    question = await house.answered("theo", "general", "Who may park a bicycle in the Toronto office?")
    house.slack.click("theo", house.replies(question)[-1], "answerdesk_human")
    await house.photo_modal("23-ask-a-human", "theo")
    await house.slack.submit("theo", {})
    await house.whispered("theo", "I have asked")
    await house.photo_thread("23-asked", question)
    await house.photo_channel("23-posted", "marta", "ask-hr")


async def quiet(house: House) -> None:
    """Muted; waiting for its turn; reworded."""
    question = await house.answered("theo", "general", "How do I report a phishing mail?")
    answer = house.replies(question)[-1]
    house.slack.click("theo", answer, "answerdesk_mute", value=_only_option(answer.blocks))
    await house.whispered("theo", "stay out")
    await house.photo_thread("24-muted", question)
    house.claude.scripts.append(Script(sentences=3, ending="stall", pings=True, after_words=20))
    first = house.ask("theo", "general", "What is the notice period in probation?")
    await house.said(first, "probation the notice")
    second = house.ask("theo", "general", "And after it?", within=first)
    await house.said(second, "Waiting")
    await house.photo_thread("25-waiting-its-turn", first)
    house.slack.click("theo", house.replies(first)[0], "answerdesk_stop")
    await until(lambda: str(house.replies(first)).count(AGAIN) >= 2, within_s=60)
    house.slack.edit(question, "@Answerdesk How do I report a phishing text message?")
    await house.whispered("theo", "changed your question")
    await house.photo_thread("26-reworded", question)


def _only_option(blocks: list[dict[str, Any]]) -> str:
    [menu] = [each for block in blocks for each in block.get("elements", ()) if each["type"] == "overflow"]
    return str(menu["options"][0]["value"])


async def shortcuts(house: House) -> None:
    """Answer this; Ask a question."""
    message = house.slack.say("priya", "general", "Does anybody know how many days I may work from abroad?")
    await house.slack.pick("jonas", "answer_this", message)
    await house.whispered("jonas", "answering in")
    await house.photo_channel("27-answer-this-told", "jonas", "general")
    await house.said(message, AGAIN)
    await house.photo_thread("27-answer-this", message, person="U0JONAS")
    await house.slack.pick("jonas", "ask_a_question")
    await house.photo_modal("28-ask-a-question", "jonas")
    await house.slack.submit("jonas", {"question": {"question": "How big is the home office allowance?"}})
    await house.photo_modal("28-asked", "jonas", words="where only you")
    await house.slack.close("jonas")


async def files(house: House) -> None:
    """Files that come with a question, read or not."""
    sent = [("move.pdf", pdf(["The office moves to Lisbon on the ninth of March."])), ("chart.exe", b"x")]
    question = await house.answered("jonas", "dm", "When does the office move to Lisbon?", files=sent)
    await house.photo_thread("29-files", question)
    alone = house.ask("jonas", "dm", "", files=sent[:1])
    await house.said(alone, "What would you like")
    await house.photo_thread("29-file-alone", alone)


async def outsiders(house: House) -> None:
    """Guests, strangers, channels that are shared."""
    guest = await house.answered("sam", "field-trials", "What is the salary band of an engineer?")
    await house.photo_thread("30-guest-in-channel", guest)
    shared = await house.answered("priya", "partner-fernhill", SALARY)
    await house.whispered("priya", "answerdesk_privately")
    await house.photo_thread("30-shared-channel", shared)
    partner = await house.answered(
        "rosa", "partner-fernhill", "How long does Fernhill get support for a trial probe?"
    )
    await house.photo_thread("30-partner", partner)
    await house.slack.command("sam", "field-trials", "/answerdesk status")
    await house.photo_channel("30-guest-command", "sam", "field-trials")


SCENES = (privately, rating, colleagues, quiet, shortcuts, files, outsiders)
