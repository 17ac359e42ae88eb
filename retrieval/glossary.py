"""What a company's own abbreviations stand for, so that either form finds the other (pure)."""

import re
from collections.abc import Mapping

ADDED_AT_MOST = 5
"""Expansions of one question; more would drown what was asked."""


class Glossary:
    """Abbreviations and their expansions, from ``[glossary]`` in answerdesk.toml."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        forms = {short: long for short, long in entries.items() if short and long}
        forms |= {long: short for short, long in forms.items()}
        self._other = {form.casefold(): other for form, other in forms.items()}
        longest_first = sorted(self._other, key=len, reverse=True)
        alternatives = "|".join(re.escape(form) for form in longest_first)
        self._form = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE) if alternatives else None

    def expanded(self, question: str) -> str:
        """The question with each form's other one in brackets behind it, unless it stands there already."""
        if self._form is None:
            return question
        asked = question.casefold()
        added: set[str] = set()

        def both(match: re.Match[str]) -> str:
            other = self._other.get(match[0].casefold(), "")
            if not other or other.casefold() in asked or other in added or len(added) == ADDED_AT_MOST:
                return match[0]
            added.add(other)
            return f"{match[0]} ({other})"

        return self._form.sub(both, question)


NO_GLOSSARY = Glossary({})
