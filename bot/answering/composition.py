"""An answer's text as its readers see it grow (pure).

A ``[n]`` is put in by us alone, right after the words that a source supports: sources are numbered in
order of appearance, each document once. A number that the model writes itself is dropped, since nothing
vouches for it; inside code, brackets are code and stay. Only what can no longer become part of such a
number is passed on, so that none is ever seen.

Otherwise the model's Markdown passes as it is. It is untrusted, and whoever renders it decides about
links, pictures, mentions and raw HTML.
"""

import re
from collections.abc import Sequence

from wire.answers import AnswerEvent, Citation, Delta, Source
from wire.search import Passage

_TOKEN = re.compile(r"(?P<ticks>`+)|(?P<line>\n)|(?P<number>[ \t]*\[\d{1,3}(?:[ ,;\u2013-]+\d{1,3})*\])")
_UNDECIDED = re.compile(r"(?:`+|\s*(?:\[[\d ,;\u2013-]{0,20})?)\Z")
"""A tail that the next piece of text may turn into a number, a longer run of backticks, or the end."""
_NUMBERS = re.compile(r"(?:\s\[\d{1,3}\])*\Z")
FENCE_TICKS = 3


def source_of(passage: Passage, *, index: int) -> Source:
    """The document of a passage as a numbered source."""
    return Source(
        index=index,
        source=passage.source,
        document=passage.document,
        version=passage.version,
        title=passage.title,
        url=passage.url,
        heading=passage.heading,
        updated_at=passage.updated_at,
    )


class Composition:
    """Turns a model's text and citations into answer events, and keeps what has been shown.

    Attributes:
        text: all that has been shown.
        citations: for each source shown, its first citation.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.text = ""
        self.citations: list[tuple[Citation, Passage]] = []
        self._passages = passages
        self._held = ""
        self._ticks = 0
        self._after_number = False

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources shown, in order of appearance."""
        return tuple(citation.source for citation, _ in self.citations)

    def write(self, text: str) -> list[AnswerEvent]:
        """The model's next piece of text."""
        text = self._held + text
        undecided = _UNDECIDED.search(text)
        cut = undecided.start() if undecided else len(text)
        self._held = text[cut:]
        return self._show(_TOKEN.sub(self._judge, text[:cut]))

    def cite(self, *, passage: int, quote: str) -> list[AnswerEvent]:
        """What was written last stands on these words of a passage.

        A citation of a passage that is not there, of words that are not in it, or of nothing written
        yet is not shown.
        """
        if not 0 <= passage < len(self._passages):
            return []
        cited, quote = self._passages[passage], quote.strip()
        if not quote or quote not in cited.text:
            return []
        # The number goes before the white space that was held back: it belongs to the words.
        words = self._held.rstrip()
        space = self._held[len(words) :]
        shown = self._show(_TOKEN.sub(self._judge, words))
        if self.text and not self._ticks:
            shown += self._number(cited, quote=quote)
        self._held = space
        return shown

    def finish(self, *, note: str | None = None) -> list[AnswerEvent]:
        """The end; a note about what is missing becomes the last paragraph."""
        shown = self._show(_TOKEN.sub(self._judge, self._held.rstrip()))
        self._held = ""
        if note is not None:
            fence = "\n" + "`" * self._ticks if self._ticks >= FENCE_TICKS else ""
            self._after_number = False
            shown += self._show(f"{fence}\n\n{note}" if self.text else note)
        return shown

    def _judge(self, token: re.Match[str]) -> str:
        found = token.group()
        if token["number"]:
            return found if self._ticks else ""
        if token["line"]:
            # Code between single backticks ends with its line, at the latest.
            self._ticks = self._ticks if self._ticks >= FENCE_TICKS else 0
        elif not self._ticks:
            self._ticks = len(found)
        elif self._ticks == len(found):
            self._ticks = 0
        return found

    def _number(self, passage: Passage, *, quote: str) -> list[AnswerEvent]:
        document = (passage.source, passage.document)
        known = next(
            (source.index for source in self.sources if (source.source, source.document) == document), None
        )
        number = f"[{known or len(self.citations) + 1}]"
        if number in _NUMBERS.findall(self.text)[0]:
            return []
        last_line = self.text[self.text.rfind("\n") + 1 :]
        # Behind a closing fence or a table's row it would break the one and be no part of the other.
        shown = self._show(("\n\n" if last_line.startswith(("```", "|")) else " ") + number)
        self._after_number = True
        if known is None:
            source = source_of(passage, index=len(self.citations) + 1)
            citation = Citation(index=source.index, source=source, quote=quote)
            self.citations.append((citation, passage))
            shown.append(citation)
        return shown

    def _show(self, text: str) -> list[AnswerEvent]:
        if not text:
            return []
        if self._after_number and (text[0] in "([" or text[0].isalnum()):
            # "[1](" would be read as a link.
            text = " " + text
        self._after_number = False
        self.text += text
        return [Delta(text=text)]
