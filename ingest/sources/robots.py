"""What a host lets be read, as RFC 9309 has it: the longest rule that matches decides.

Python's own reader takes the first one, and knows neither ``*`` nor ``$``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

RULES_AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Rule:
    """A path with its ``*`` taken out, and whether it ends with ``$``."""

    parts: tuple[str, ...]
    whole: bool
    allows: bool

    @property
    def length(self) -> int:
        return sum(map(len, self.parts))

    def matches(self, path: str) -> bool:
        """Each part at its first place: never slower than the path is long."""
        first, *others = self.parts
        if not path.startswith(first):
            return False
        at = len(first)
        for part in others:
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        if not self.whole or at == len(path):
            return True
        return bool(others) and path.endswith(others[-1])


class Robots:
    """The rules of a robots.txt for one reader."""

    def __init__(self, text: str, *, agent: str) -> None:
        """Read the group that names the agent, or else everybody's.

        Args:
            text: the file.
            agent: what we call ourselves.
        """
        groups = list(_groups(text))
        named = [rules for names, rules in groups if agent.lower() in names]
        everybodys = [rules for names, rules in groups if "*" in names]
        lines = [line for rules in named or everybodys for line in rules][:RULES_AT_MOST]
        self._rules = [_rule(path, allows=allows) for path, allows in lines if path]

    def lets(self, address: str) -> bool:
        """Whether a page of that host may be read."""
        parts = urlsplit(address)
        path = _encoded(parts.path or "/") + (f"?{_encoded(parts.query)}" if parts.query else "")
        matching = [(rule.length, rule.allows) for rule in self._rules if rule.matches(path)]
        return max(matching)[1] if matching else True


def _groups(text: str) -> Iterator[tuple[set[str], list[tuple[str, bool]]]]:
    """The names of readers, and the paths that they may read (True) or not."""
    names, rules = set[str](), list[tuple[str, bool]]()
    for line in text.splitlines():
        field, _, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if field == "user-agent":
            if rules:
                yield names, rules
                names, rules = set(), []
            names.add(value.lower())
        elif field in {"allow", "disallow"} and names:
            rules.append((value, field == "allow"))
    yield names, rules


def _rule(path: str, *, allows: bool) -> _Rule:
    parts = tuple(_encoded(part) for part in path.removesuffix("$").split("*"))
    return _Rule(parts, path.endswith("$"), allows)


def _encoded(path: str) -> str:
    """In one spelling, however its letters are written."""
    return quote(unquote(path), safe="/?&=;:@!$'()*+,%~")
