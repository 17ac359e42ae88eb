"""An answer from the first sight of it to its end, in a channel and in a direct message."""

from tests.claude_stand_in import Ending, Script
from tests.gallery.house import AGAIN, House

LEAVE = "How many days of parental leave do I get in Germany?"
LONG = "\n\n".join(
    f"### Step {n}\n\nTake the laptop out of its box and keep the box. "
    + "Then go on with the next thing. " * 16
    for n in range(1, 13)
)
RICH = """\
**Short answer:** yes, with your lead's agreement.

## What to do

1. Write to `it@larkspur.example`
2. Pick one of
   - a *standard* laptop
   - a **developer** laptop
3. Wait for the parcel

> Laptops are kept for four years.

| Model | Memory | Price | For |
| --- | --- | ---: | --- |
| Standard | 16 GB | EUR 1,290 | everybody |
| Developer | 64 GB | EUR 2,480 | engineers who build firmware |

```sh
larkspur-vpn login            # opens the browser
larkspur-vpn up --region eu
```

See also ~~the old list~~ the list of models.
"""


async def growing(house: House) -> None:
    """Searching, reading, writing; by edits in a channel, streamed in a direct message."""
    for channel in ("general", "dm"):
        house.hang_worker(hangs=True)
        question = house.ask("jonas", channel, f"{LEAVE} ({channel})")
        if channel == "dm":
            await house.photo_channel("01-dm-searching", "jonas", "dm")
        else:
            await house.said(question, "Searching")
        await house.photo_thread(f"01-{channel}-searching-thread", question)
        house.hang_worker(hangs=False)
        await house.said(question, AGAIN)
    for number, (channel, person) in enumerate((("general", "jonas"), ("dm", "jonas"))):
        house.claude.scripts.append(Script(ending="stall", pings=True, after_words=0))
        question = house.ask(person, channel, f"How many days of leave do I get? ({number})")
        await house.writing()
        await house.photo_thread(f"02-{channel}-reading", question)
        await house.stop(question)
        house.claude.scripts.append(Script(sentences=4, ending="stall", pings=True, after_words=45))
        question = house.ask(person, channel, f"{LEAVE} ({number} again)")
        await house.said(question, "90 working days")
        await house.photo_thread(f"03-{channel}-writing", question)
        await house.stop(question)
        await house.photo_thread(f"04-{channel}-stopped", question)


async def finished(house: House) -> None:
    """Answers that stand."""
    one = await house.answered("jonas", "ask-hr", LEAVE)
    await house.photo_thread("05-one-source", one)
    await house.photo_channel("05-channel-with-an-answer", "jonas", "ask-hr")
    again = await house.answered("theo", "ask-hr", LEAVE)
    await house.photo_thread("06-cached", again)
    house.claude.scripts.append(Script(documents=6, sentences=6))
    many = await house.answered(
        "jonas", "ask-hr", "What do I get as paid leave, allowance or budget each year?"
    )
    await house.photo_thread("07-several-sources", many)
    table = await house.answered("theo", "engineering", "How much is a week of on-call paid?")
    await house.photo_thread("08-table", table)
    code = await house.answered("theo", "engineering", "How do I set up the VPN on my laptop, in a terminal?")
    await house.photo_thread("09-code", code)
    house.claude.scripts.append(Script(text=RICH))
    rich = await house.answered("theo", "engineering", "May I choose my own laptop?")
    await house.photo_thread("10-rich", rich)
    direct = await house.answered("jonas", "dm", "When do I need a doctor's note?")
    await house.photo_thread("11-dm-answer", direct)
    await house.photo_channel("11-dm", "jonas", "dm")


async def long_and_broken(house: House) -> None:
    """Answers that are long, or broke off."""
    house.claude.scripts.append(Script(text=LONG))
    long = await house.answered("theo", "engineering", "What happens in my first week, step by step?")
    await house.photo_thread("12-long", long)
    endings: dict[str, Ending] = {"cut": "cut", "too-long": "max_tokens", "declined": "refusal"}
    for name, ending in endings.items():
        house.claude.scripts.append(Script(sentences=4, ending=ending, after_words=30))
        broken = await house.answered(
            "theo", "engineering", f"When is the deploy freeze at the end of 2026? ({name})"
        )
        await house.photo_thread(f"13-{name}", broken)


async def sources_say(house: House) -> None:
    """Notes on what documents say of themselves."""
    house.claude.scripts.append(Script(documents=3, sentences=3))
    travel = await house.answered(
        "jonas", "travel", "What was the hotel limit in Lisbon until 31 January 2026?"
    )
    await house.photo_thread("14-outdated", travel)
    nothing = await house.answered("jonas", "ask-hr", "Which dentist does the company recommend in Lisbon?")
    await house.photo_thread("15-nothing-found", nothing)
    nonsense = await house.answered("jonas", "ask-hr", "Who won the chess olympiad of 1972?")
    await house.photo_thread("15-nothing-near", nonsense)
    words = house.ask("jonas", "general", "")
    await house.said(words, "What would you like")
    await house.photo_thread("16-no-words", words)


SCENES = (growing, finished, long_and_broken, sources_say)
