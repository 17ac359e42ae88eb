"""A growing text as Slack's own streaming is given it: what was sent once is never taken back (pure)."""

import re

from bot.slack.view import View

_PARTS = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,}).*?(?:^ {0,3}(?P=fence)|\Z)"
    r"|(?P<ticks>`+).*?(?:(?<!`)(?P=ticks)(?!`)|\Z)"
    r"|\\."
    r"|\[(?P<number>\d{1,3})\]"
    r"|(?P<half>\[\d{0,3}\Z)",
    re.DOTALL | re.MULTILINE,
)
_IN_TARGET = str.maketrans({mark: f"%{ord(mark):02X}" for mark in "()<> "})
"""What would end a link's address early."""


def streamed(view: View) -> str:
    """The text so far, each ``[n]`` of it a link to its source.

    It ends before a number whose source is not told yet. A later view's begins with it, if that view's own
    text begins with this one's.
    """
    text, addresses = view.text, {source.index: source.url for source in view.sources}
    parts: list[str] = []
    at = 0
    for match in _PARTS.finditer(text):
        number = int(match["number"] or 0)
        if match["half"] is not None or (number and number not in addresses):
            return "".join((*parts, text[at : match.start()]))
        if number and (address := addresses[number]):
            parts += text[at : match.start()], f"[{number}]({address.translate(_IN_TARGET)})"
            at = match.end()
    return "".join((*parts, text[at:]))
