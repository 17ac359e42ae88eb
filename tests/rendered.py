"""What a reader's program makes of an answer: its links, pictures and words. None of the bot's own code.

The words are searched for all that a program may turn into a link by itself.
"""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://(?=[^\W_])|\b(?:javascript|data|mailto|vbscript|file|tel):(?=[^\W_])"
    r"|\bwww\.(?=[^\W_])|//(?=[\w-]+\.\w))[^\s<>|]*"
    r"|\b(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?[/?#](?=[^\s<>|]*[^\W_])[^\s<>|.,;:!?)]+"
    r"|\b[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}",
    re.IGNORECASE,
)
HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\U000e0000-\U000e01ff]")
SLACK = re.compile(r"<(?:!(?:channel|here|everyone|subteam|date)|@[UWB]|#[CG])")


@dataclass
class Rendered:
    """What comes of a text.

    Attributes:
        links: where its links lead.
        pictures: what would be fetched to show it.
        html: what a browser would take for HTML.
        words: what it says; a line each block.
    """

    links: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    words: str = ""

    @property
    def addresses(self) -> set[str]:
        """All that leads anywhere, whether it is marked up or only linked by some program or other."""
        said = {found.rstrip(".,;:!?*_~`\"')]}") for found in ADDRESS.findall(self.words)}
        closed = {found + ")" * (found.count("(") - found.count(")")) for found in said}
        return {*self.links, *self.pictures, *closed}


def rendered(markdown: str) -> Rendered:
    """As CommonMark has it, with tables and HTML."""
    seen = Rendered()
    for token in PARSER.parse(markdown):
        _see(token, seen)
        if token.type == "inline" or token.type in ("fence", "code_block"):
            seen.words += "\n"
    return seen


def _see(token: Token, seen: Rendered) -> None:
    match token.type:
        case "html_block" | "html_inline":
            seen.html.append(token.content)
        case "link_open":
            seen.links.append(str(token.attrs["href"]))
            seen.words += " "
        case "link_close":
            seen.words += " "
        case "image":
            seen.pictures.append(str(token.attrs["src"]))
            seen.words += token.content
        case "softbreak" | "hardbreak":
            seen.words += "\n"
        case "text" | "code_inline" | "fence" | "code_block":
            seen.words += token.content
    for child in token.children or ():
        _see(child, seen)


def in_slack(arguments: dict[str, Any]) -> Rendered:
    """What Slack makes of a call's text and blocks: rich text's links, mrkdwn's, and bare addresses."""
    seen = Rendered()
    _see_mrkdwn(str(arguments.get("text") or ""), seen)
    _see_block(arguments.get("blocks") or [], seen)
    return seen


def _see_mrkdwn(text: str, seen: Rendered) -> None:
    for target, _, label in (found.partition("|") for found in re.findall(r"<([^<>]*)>", text)):
        (seen.html if target[:1] in "@#!" else seen.links).append(html.unescape(target))
        seen.words += f" {label} "
    seen.words += html.unescape(re.sub(r"<[^<>]*>", " ", text)) + "\n"


def _see_block(part: Any, seen: Rendered) -> None:
    if isinstance(part, list):
        for each in part:
            _see_block(each, seen)
        if any(isinstance(each, dict) and "text" in each for each in part):
            seen.words += "\n"
    elif isinstance(part, dict):
        match part.get("type"):
            case "link":
                seen.links.append(part["url"])
                seen.words += f" {part.get('text', '')} "
            case "text":
                seen.words += part["text"]
            case "mrkdwn":
                _see_mrkdwn(part["text"], seen)
            case "image" | "user" | "usergroup" | "channel" | "broadcast":
                seen.pictures.append(str(part))
            case _:
                for value in part.values():
                    _see_block(value, seen)
