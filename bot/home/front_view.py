"""What ``/answerdesk`` says of itself, and what it says to who may not (pure)."""

from bot.home.pieces import modal
from bot.slack.commands import HELP, said
from bot.slack.mrkdwn import Block, escaped, section, short
from bot.slack.view import Payload

ADMIN_COMMANDS = ("sources", "failures", "channel", "admin")
COMMANDS = ("help", "status", "forget-me", *ADMIN_COMMANDS)

_ONLY_ADMINS = (
    "Only Answerdesk's admins may do that. Who is one is set in `answerdesk.toml`; whoever runs Answerdesk "
    "here can tell you."
)
_MORE = """\
• `/answerdesk status`: whether I am well, and how fresh the documents are
• `/answerdesk forget-me`: erases what I keep about you

What I know of you and how I answer you is set on my *Home* tab."""
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


def helped(*, admin: bool, odd: str = "", near: str | None = None) -> Payload:
    """What there is to be typed; ``odd`` is what could not be read."""
    parts = [f"{HELP}\n\n{_MORE}", *([_FOR_ADMINS] if admin else [])]
    if odd:
        maybe = f" Did you mean `/answerdesk {near}`?" if near else ""
        parts.insert(0, f"I don't know `{escaped(short(odd.replace('`', ''), 40))}`.{maybe}")
    return Payload(text=parts[0], blocks=[section(part) for part in parts])
