"""An answer's text as its readers see it grow (pure).

A ``[n]`` is put in by us alone, right after the words that a source supports: sources are numbered in
order of appearance, each document once. All else goes through the gate, where a number that the model
writes itself is dropped; only of a model that can't cite otherwise it is a claim, which is checked.
"""

import re
from collections.abc import Collection, Sequence

from bot.answering.addresses import Addresses, is_web_address
from bot.answering.gate import Gate, Numbers
from bot.answering.outdated import Document, document_of
from bot.answering.support import supporting
from bot.answering.visible import visible
from wire.answers import AnswerEvent, Citation, Delta, Source
from wire.search import Passage

TITLE_CHARS = 200
SENTENCE_CHARS = 1_000
"""The longest sentence that is looked at."""
_NUMBERS = re.compile(r"(?:\s\[\d{1,3}\])*\Z")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])[\"')\]*_]*\s|\n|\[\d{1,3}\]")


def source_of(passage: Passage, *, index: int, old: Collection[Document] = ()) -> Source:
    """The document of a passage as a numbered source; what it says of itself is shown, and does nothing.

    ``old`` are the documents that say that they no longer hold.
    """
    return Source(
        index=index,
        source=passage.source,
        document=passage.document,
        version=passage.version,
        title=_line(passage.title),
        url=passage.url if passage.url and is_web_address(passage.url) else None,
        heading=tuple(map(_line, passage.heading)),
        updated_at=passage.updated_at,
        outdated=document_of(passage) in old,
    )


def _line(text: str) -> str:
    return " ".join(visible(text).split())[:TITLE_CHARS]


class Composition:
    """Turns a model's text and citations into answer events, and keeps what has been shown.

    Attributes:
        text: all that has been shown.
        citations: for each source shown, its first citation.
        numbered: whether the text's own numbers name passages, from 1; each is shown only if its passage
            supports the sentence that it stands in.
    """

    def __init__(self, passages: Sequence[Passage], *, old: Collection[Document] = ()) -> None:
        self.text = ""
        self.citations: list[tuple[Citation, Passage]] = []
        self.numbered = False
        self._passages = passages
        self._old = old
        self._gate = Gate(Addresses(passages))
        self._after_number = False

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources shown, in order of appearance."""
        return tuple(citation.source for citation, _ in self.citations)

    @property
    def full(self) -> bool:
        """Whether the longest length is reached: no more of the model's text is shown."""
        return self._gate.full

    def write(self, text: str) -> list[AnswerEvent]:
        """The model's next piece of text."""
        return self._shown(self._gate.write(text))

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
        return self.settle() + self._number(cited, quote=quote)

    def settle(self) -> list[AnswerEvent]:
        """No more of the model's text comes: what was held back."""
        return self._shown(self._gate.flush())

    def finish(self, *, note: str | None = None) -> list[AnswerEvent]:
        """The end; a note about what is missing becomes the last paragraph."""
        shown = self.settle()
        if note is not None:
            fence = f"\n{self._gate.fence}" if self._gate.fence else ""
            # Closed once: another note behind this one stands outside.
            self._gate.fence = ""
            self._after_number = False
            shown += self._show(f"{fence}\n\n{note}" if self.text else note)
        return shown

    def _shown(self, pieces: Sequence[str | Numbers]) -> list[AnswerEvent]:
        shown: list[AnswerEvent] = []
        for piece in pieces:
            if isinstance(piece, str):
                shown += self._show(piece)
            elif self.numbered:
                shown += [event for number in piece.numbers for event in self._claimed(number)]
        return shown

    def _claimed(self, number: int) -> list[AnswerEvent]:
        if not 1 <= number <= len(self._passages):
            return []
        passage = self._passages[number - 1]
        quote = supporting(passage, sentence=_last_sentence(self.text))
        return [] if quote is None else self._number(passage, quote=quote)

    def _number(self, passage: Passage, *, quote: str) -> list[AnswerEvent]:
        if not self.text or self._gate.fence or self._gate.full:
            return []
        document = (passage.source, passage.document)
        known = next(
            (source.index for source in self.sources if (source.source, source.document) == document), None
        )
        number = f"[{known or len(self.citations) + 1}]"
        if number in _NUMBERS.findall(self.text)[0]:
            return []
        last_line = self.text[self.text.rfind("\n") + 1 :]
        # Behind a closing fence or a table's row it would break the one and be no part of the other.
        put_in = ("\n\n" if last_line.startswith(("```", "|")) else " ") + number
        shown = self._show(put_in)
        self._gate.put_in(put_in)
        self._after_number = True
        if known is None:
            source = source_of(passage, index=len(self.citations) + 1, old=self._old)
            citation = Citation(index=source.index, source=source, quote=quote)
            self.citations.append((citation, passage))
            shown.append(citation)
        return shown

    def _show(self, text: str) -> list[AnswerEvent]:
        if not text:
            return []
        if self._after_number and (text[0] in "([:" or text[0].isalnum()):
            # "[1](" would be read as a link, and "[1]:" at a line's beginning as the definition of one.
            text = " " + text
        self._after_number = False
        self.text += text
        return [Delta(text=text)]


def _last_sentence(text: str) -> str:
    """The sentence that the text ends in, whether or not its full stop is there yet."""
    words = _NUMBERS.sub("", text[-SENTENCE_CHARS:]).rstrip(" .!?*_)\"'\n")
    ends = [match.end() for match in _SENTENCE_ENDS.finditer(words)]
    return words[ends[-1] :] if ends else words
