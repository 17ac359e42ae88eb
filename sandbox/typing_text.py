"""What a person types becomes Slack's text and rich text: mentions, channels, links, escaped entities."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.company import Company

RichText = list[dict[str, Any]]

_BROADCASTS = ("here", "channel", "everyone")
_LINK = r"https?://[^\s<>|]*[^\s<>|.,;:!?)\]'\"]"


def escape(text: str) -> str:
    """The three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def links_of(part: object) -> tuple[str, ...]:
    """Every address that a text (``<https://…|…>``) or blocks of it link to, once."""
    return tuple(dict.fromkeys(_links(part)))


def _links(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield from re.findall(r"<(https?://[^|>\s]+)", part)
    elif isinstance(part, list):
        for item in part:
            yield from _links(item)
    elif isinstance(part, dict) and part.get("type") == "link":
        yield part["url"]
    elif isinstance(part, dict):
        yield from _links(list(part.values()))


class Typing:
    """Reads typed text as the workspace's people, groups and channels stand."""

    def __init__(self, company: Company) -> None:
        users = {person.id: (person.handle, person.name) for person in company.people}
        users[company.bot.user_id] = (company.bot.handle, company.bot.name)
        self._handles = {user_id: names[0] for user_id, names in users.items()}
        self._mentions: dict[str, dict[str, str]] = {
            name: {"type": "broadcast", "range": name} for name in _BROADCASTS
        }
        for group in company.groups:
            self._mentions[group.handle.lower()] = {"type": "usergroup", "usergroup_id": group.id}
        for user_id, names in users.items():
            for name in names:
                self._mentions[name.lower()] = {"type": "user", "user_id": user_id}
        self._channels = {channel.name: channel.id for channel in company.channels if not channel.private}
        self._pattern = re.compile(
            rf"(?P<link>{_LINK})"
            rf"|(?<![\w@])@(?P<mention>{_any_of(self._mentions)})(?![\w-])"
            rf"|(?<![\w#&])#(?P<channel>{_any_of(self._channels)})(?![\w-])",
            re.IGNORECASE,
        )

    def read(self, typed: str) -> tuple[str, RichText]:
        """Give the message's ``text`` and its ``blocks``, as Slack's own composer would."""
        elements: list[dict[str, Any]] = []
        position = 0
        for match in self._pattern.finditer(typed):
            _add_text(elements, typed[position : match.start()])
            elements.append(self._element(match))
            position = match.end()
        _add_text(elements, typed[position:])
        text = "".join(self._written(element) for element in elements)
        section = {"type": "rich_text_section", "elements": elements}
        return text, [{"type": "rich_text", "elements": [section]}]

    def escaped(self, typed: str) -> str:
        """A command's text as an app gets it that wants names as ids: ``<@U…|handle>``, ``<#C…|name>``."""
        text, _ = self.read(typed)
        return re.sub(r"<@(U\w+)>", lambda match: f"<@{match[1]}|{self._handles[match[1]]}>", text)

    def _element(self, match: re.Match[str]) -> dict[str, Any]:
        if match["link"]:
            return {"type": "link", "url": match["link"]}
        if match["mention"]:
            return dict(self._mentions[match["mention"].lower()])
        return {"type": "channel", "channel_id": self._channels[match["channel"].lower()]}

    def _written(self, element: Mapping[str, str]) -> str:
        match element["type"]:
            case "user":
                return f"<@{element['user_id']}>"
            case "usergroup":
                return f"<!subteam^{element['usergroup_id']}>"
            case "broadcast":
                return f"<!{element['range']}>"
            case "channel":
                names = {identifier: name for name, identifier in self._channels.items()}
                return f"<#{element['channel_id']}|{names[element['channel_id']]}>"
            case "link":
                return f"<{escape(element['url'])}>"
            case _:
                return escape(element["text"])


def _any_of(names: Mapping[str, object]) -> str:
    """Longest first, so that a name is not cut short by one that begins it; nothing where there are none."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or "(?!)"


def _add_text(elements: list[dict[str, Any]], text: str) -> None:
    if text:
        elements.append({"type": "text", "text": text})
