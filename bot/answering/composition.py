"""An answer's text as its readers see it grow (pure).

A ``[n]`` is put in by us alone, right after the words that a source supports: sources are numbered in
order of appearance, each document once. A number that the model writes itself, in whatever spelling
Markdown shows as ``[n]``, is dropped, since nothing vouches for it; inside code, brackets are code and
stay. Only what can no longer become part of such a number is passed on, so that none is ever seen.

Otherwise the model's Markdown passes as it is. It is untrusted, and whoever renders it decides about
links, pictures, mentions and raw HTML.
"""

import re
from collections.abc import Sequence

from wire.answers import AnswerEvent, Citation, Delta, Source
from wire.search import Passage

_TOKEN = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<tick>`+)"
    r"|(?P<number>[ \t]*\\?\[\d{1,3}(?:[ ,;\u2013-]+\d{1,3})*\\?\])"
    r"|(?P<bracket>&(?=#0{0,5}91;|#[xX]0{0,4}5[bB];|lbrack;|lsqb;))"
)
"""Code within a line, ticks that open a fence or nothing (yet), a number, a bracket by its other name."""
_FENCE_STANDS_BEHIND = re.compile(r"(?:\A|(?<=\n))[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?\Z")
_UNDECIDED = re.compile(r"(?:`+|&[#\w]{0,8}|\s*(?:\\?\[[\d ,;\u2013-]*)?\\?)\Z")
"""A tail that the next piece of text may turn into one of those, or the end."""
FENCE_TICKS = 3
_OPENED = re.compile(r"\[\d{0,3}\Z")
_NUMBERS = re.compile(r"(?:\s\[\d{1,3}\])*\Z")


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
        self._fence = 0
        self._after_number = False

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources shown, in order of appearance."""
        return tuple(citation.source for citation, _ in self.citations)

    def write(self, text: str) -> list[AnswerEvent]:
        """The model's next piece of text."""
        text = self._held + text
        cut = self._decided(text)
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
        if self.text and not self._fence:
            shown += self._number(cited, quote=quote)
        self._held = space
        return shown

    def finish(self, *, note: str | None = None) -> list[AnswerEvent]:
        """The end; a note about what is missing becomes the last paragraph."""
        shown = self._show(_TOKEN.sub(self._judge, self._held.rstrip()))
        self._held = ""
        if note is not None:
            fence = "\n" + "`" * self._fence if self._fence else ""
            self._after_number = False
            shown += self._show(f"{fence}\n\n{note}" if self.text else note)
        return shown

    def _decided(self, text: str) -> int:
        """Where the part begins that what comes next may still turn into code or a number."""
        fence = self._fence
        for token in _TOKEN.finditer(text):
            line_goes_on = "\n" not in text[token.end() :]
            at_end = token.end() == len(text)
            if not fence and ((token["tick"] and line_goes_on) or (token["code"] and at_end)):
                return token.start()
            fence = self._fence_after(token, fence)
        undecided = _UNDECIDED.search(text)
        return undecided.start() if undecided else len(text)

    def _fence_after(self, token: re.Match[str], fence: int) -> int:
        """How many ticks will close the code that this token stands in or opens; 0 outside of code."""
        ticks = len(token["tick"] or "")
        if ticks < max(fence, FENCE_TICKS) or not _FENCE_STANDS_BEHIND.search(self._before(token)):
            return fence
        if "`" in token.string[token.end() :].partition("\n")[0]:
            return fence
        return 0 if fence else ticks

    def _before(self, token: re.Match[str]) -> str:
        return self.text + token.string[: token.start()]

    def _judge(self, token: re.Match[str]) -> str:
        found = token.group()
        fence, self._fence = self._fence, self._fence_after(token, self._fence)
        if fence or self._fence:
            return found
        if token["number"]:
            # What stood around the number must not close up to another one.
            return " " if _OPENED.search(self._before(token)) else ""
        return "&amp;" if token["bracket"] else found

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
