"""Whom a document's line of owners names: people, and user groups (pure)."""

import re
from collections.abc import Collection, Iterable

from bot.slack.ports import UserGroup

_BETWEEN = re.compile(r"\s*[,;/&|]\s*|\s+and\s+")
_KINDS = re.compile(r" (?:team|group|department|dept)$")


def names_in(owner: str) -> list[str]:
    """The line itself, which may be one name with a comma in it, and then its parts."""
    parts = [part for part in _BETWEEN.split(owner) if part]
    return [owner] if len(parts) < 2 else [owner, *parts]  # noqa: PLR2004 — one part is the line itself


def group_named(name: str, groups: Iterable[UserGroup], *, domains: Collection[str]) -> UserGroup | None:
    """The one user group that this names: by its name, its handle, or an address of the company with it.

    "People team", "people-team", "@people" and "people@example.com" are one to the reader, and here. Anyone
    may take a handle: this is for whom to ask, and says nothing of who may read.

    Args:
        name: a document's word for it.
        groups: those there are.
        domains: of the company's own e-mail addresses.
    """
    local, at, domain = name.strip("<> ").rpartition("@")
    if at and local:
        if domain.casefold() not in domains:
            return None
        name = local
    wanted = _plain(name)
    found = [group for group in groups if wanted and wanted in (_plain(group.name), _plain(group.handle))]
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    words = " ".join(re.split(r"[\s_-]+", name.strip().removeprefix("@").casefold()))
    return _KINDS.sub("", words)
