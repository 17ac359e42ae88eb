"""What ``/answerdesk`` says of itself, and what it says to who may not (pure)."""

from datetime import datetime

from bot.home.acts import PREFIX
from bot.home.home_view import FORGET, FORGET_SURE
from bot.home.overview import Facts, overview
from bot.home.pieces import bounded, button, buttons, modal
from bot.slack.commands import HELP, said
from bot.slack.mrkdwn import Block, escaped, section, short, small_print
from bot.slack.view import Payload
from wire.search import IndexFreshness as Freshness
from wire.sync_words import span

ADMIN_COMMANDS = ("sources", "failures", "channel", "admin")
COMMANDS = ("help", "status", "forget-me", *ADMIN_COMMANDS)

BLOCKS_AT_MOST = 50
"""docs.slack.dev, of a message."""
CHARS_AT_MOST = 13_000
"""Slack refuses about 13,200 over all blocks of a message (bolt-js#2509)."""
_FORGOTTEN = (
    ":white_check_mark: Done: I have erased what I kept about you. Whatever you ask from now on is new to me."
)
_ONLY_ADMINS = "Only Answerdesk's admins may do that. Whoever runs Answerdesk here can tell you who they are."
_FOR_ADMINS = """\
*For admins*
• `/resync` _source_ `--dry-run` or `--full`: compares a source with its documents now
• `/answerdesk sources`, `failures`: how fresh each source is; what could not be indexed, and why
• `/answerdesk channel`: what I search and how I answer in the channel where you type it
• `/answerdesk admin`: quotas, schedules, questions without an answer, feedback"""


def only_admins() -> Payload:
    """Somebody tried what they may not."""
    return said(_ONLY_ADMINS)


def only_admins_modal() -> Block:
    """The same, in the place of a modal."""
    return modal("Only for admins", [section(_ONLY_ADMINS)])


def status(freshness: Freshness | None) -> Payload:
    """Whether the documents can be searched, and how fresh they are."""
    if freshness is None:
        return said(
            ":warning: I'm here, but the documents can't be searched right now. Please try again in a few "
            "minutes; whoever runs Answerdesk here sees why in its log."
        )
    text = ":white_check_mark: I'm well, and the documents can be searched."
    if not freshness.pending:
        return said(f"{text} Every change that I know of can be found.")
    changes = "1 change is" if freshness.pending == 1 else f"{freshness.pending:,} changes are"
    waits = f", the oldest for {span(freshness.lag_seconds)}" if freshness.lag_seconds else ""
    return said(f"{text} {changes} not yet to be found{waits}.")


def forgetting() -> Payload:
    """What would be erased, and the button that does it."""
    text = f"*Shall I forget you?* {FORGET_SURE}"
    sure = button("Forget me", PREFIX + FORGET, style="danger")
    return Payload(text=text, blocks=[section(text), buttons(sure)])


def forgotten() -> Payload:
    """It is done."""
    return said(_FORGOTTEN)


def overviewed(facts: Facts, *, now: datetime) -> Payload:
    """What admins look at, in one message."""
    blocks = bounded(
        overview(facts, now=now),
        most=BLOCKS_AT_MOST,
        chars=CHARS_AT_MOST,
        last=small_print("… The rest stands on my *Home* tab."),
    )
    return Payload(text="Sources, quotas, questions without an answer, feedback", blocks=blocks)


def helped(*, admin: bool, odd: str = "", near: str | None = None) -> Payload:
    """What there is to be typed; ``odd`` is what could not be read."""
    unknown = f"I don't know `{escaped(short(odd.replace('`', ''), 40))}`."
    if near:
        return said(f"{unknown} Did you mean `/answerdesk {near}`? `/answerdesk help` lists what there is.")
    parts = [*([unknown] if odd else []), HELP, *([_FOR_ADMINS] if admin else [])]
    return Payload(text=parts[0], blocks=[section(part) for part in parts])
