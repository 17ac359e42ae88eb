"""Pieces of Slack's mrkdwn, for what we write ourselves around people's words (pure)."""

from datetime import datetime
from typing import Any

Block = dict[str, Any]


def escaped(text: str) -> str:
    """Slack's three control characters (docs.slack.dev, formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """What somebody typed, as Slack sends it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def linked(text: str, url: str | None) -> str:
    """Words that lead to an address, where there is one."""
    words = escaped(text)
    return f"<{_address(url)}|{words.replace('|', '¦')}>" if url else words


def short(text: str, most: int) -> str:
    """One line, of so many characters at the most."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def day(moment: datetime) -> str:
    """Such as ``3 Nov 2026``."""
    return f"{moment.day} {moment:%b %Y}"


def moment(when: datetime) -> str:
    """Such as ``today at 14:03``, by the reader's own clock; where Slack can't, by the moment's own."""
    written = f"{day(when)} at {when:%H:%M %Z}"
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} at {{time}}|{written}>"


def section(mrkdwn: str) -> Block:
    """A paragraph; names of people and channels in it are words, unless they are written as mentions."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn, "verbatim": True}}


def small_print(mrkdwn: str) -> Block:
    """A line beside what matters."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn, "verbatim": True}]}


def _address(url: str) -> str:
    """An address cannot end the link that holds it."""
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
