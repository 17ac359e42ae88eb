"""Answers without a model: the documents' own best sentences, told as a model would tell them.

The search names each passage's sentences that are nearest to the question; the best few are shown in
reading order, the best document first, a table or list item whole, each document cited behind its part.
Nothing is invented, and where no sentence is near enough, nothing is said.
"""

import asyncio
import itertools
import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.answering.model import Cited, Finished, ModelEvent, Text
from bot.answering.outdated import Document, document_of
from bot.answering.prompt import Prompt
from bot.answering.quoting import Kind, Piece, pieces
from bot.answering.sentences import as_markdown
from wire.search import Passage

NEAR_ENOUGH = 0.35
"""The least similarity of a sentence to the question (cosine)."""
LEAST_RELEVANCE = 0.6
"""The least that the search must think of what it found. A model that reads a near miss can say that it is
none, and asks for less (`RELEVANCE_FLOOR`). Measured by ``tests/bench/bench_quoting.py``: docs/quality.md."""
NEAR_THE_BEST = 0.2
"""And how much less than the best one it may be worth: what is far behind only distracts."""
OF_PASSAGE = 2.0
"""What a passage's score counts beside the similarity of its sentence: the search has seen more of it. With
less the first document quoted is right less often; with more it is not so surely right more often, and fewer
others are shown (`tests/bench/bench_quoting.py`: docs/quality.md)."""
LINKED = 0.75
"""What a sentence with a link counts: it often only says where the answer stands."""
SIGNPOST = 0.5
"""What one counts that hardly says more than that ("For a lost key, see ..."), or that is a question."""
SIGNPOST_WORDS = 9
"""Besides the link at its end."""
IN_FORCE = 0.6
"""The share of an outdated document's best similarity from which one that holds is preferred to it."""
MOST = 5
MOST_IN_COMPANY = 6
"""Most list items shown because the line before them announces them."""
DOCUMENTS = 3
WORDS_AT_ONCE = 3
PACE_S = 0.075
"""A pause after each few words: 40 words a second, about as fast as a model."""
OUTDATED = " (which says that it was replaced or is out of date)"
CLOSING = "_No language model is connected, so these are the documents' own sentences._"

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_LEANS = re.compile(
    r"\s*(?:so|they|it|this|that|these|those|he|she|then|both|otherwise|instead|(?:after|beyond) that)\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"\A\s*(?:[-*+]|\d{1,9}[.)])\s+")
_WORDS = re.compile(rf"\s*(?:\S+\s*){{1,{WORDS_AT_ONCE}}}|\s+")


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A piece of a passage that may be shown.

    Attributes:
        passage: which of the passages it is from.
        place: which of the passage's pieces it is.
        piece: where in the passage's text it stands.
        nearness: its similarity to the question or a part of it; less where it only says where to look.
        worth: that, and how much worse its passage is than the best one; only the order tells something.
    """

    passage: int
    place: int
    piece: Piece
    nearness: float = 0.0
    worth: float = 0.0


class ExtractiveModel:
    """Quotes instead of writing; costs nothing."""

    name = "extractive"
    metered = False
    reads_highlights = True
    reads_files = False

    def __init__(self, *, pace_s: float = PACE_S) -> None:
        self._pace_s = pace_s

    async def count(self, prompt: Prompt) -> int | None:  # noqa: ARG002 — as `Model`
        """Nobody counts what costs nothing."""
        return None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """Tell the best sentences."""
        shown = chosen(prompt.passages, prompt.outdated)
        if not shown:
            yield Finished(stop="nothing")
            return
        for event in _told(shown, prompt.passages, prompt.outdated):
            if isinstance(event, Text):
                for words in _WORDS.findall(event.text):
                    yield Text(text=words)
                    await asyncio.sleep(self._pace_s)
            else:
                yield event
        yield Finished(stop="end")


def quotes(passages: Sequence[Passage], *, least: float = NEAR_ENOUGH) -> list[Quote]:
    """The pieces that are near enough to the question, best first."""
    near = [quote for quote in _weighed(passages) if quote.nearness >= least]
    return sorted(near, key=lambda quote: quote.worth, reverse=True)


def chosen(passages: Sequence[Passage], outdated: frozenset[Document] = frozenset()) -> list[Quote]:
    """The best pieces with what they can't be understood without.

    The best document first, in reading order within each.
    """
    documents: dict[Document, list[Quote]] = {}
    seen: set[str] = set()
    found = _in_force(quotes(passages), passages, outdated)
    for quote in found:
        words = " ".join(_text(quote, passages).split())
        document = document_of(passages[quote.passage])
        enough = len(seen) == MOST or (document not in documents and len(documents) == DOCUMENTS)
        if quote.worth >= found[0].worth - NEAR_THE_BEST and words not in seen and not enough:
            seen.add(words)
            documents.setdefault(document, []).append(quote)
    return [
        quote
        for rank, of_document in enumerate(documents.values())
        for quote in sorted(
            _with_company(of_document, passages, is_best=rank == 0),
            key=lambda quote: (passages[quote.passage].ordinal, quote.place),
        )
    ]


def _in_force(found: list[Quote], passages: Sequence[Passage], outdated: frozenset[Document]) -> list[Quote]:
    """Without those of documents that no longer hold, where others answer as well."""
    holding = [quote for quote in found if document_of(passages[quote.passage]) not in outdated]
    enough = max((quote.nearness for quote in found), default=0.0) * IN_FORCE
    return holding if any(quote.nearness >= enough for quote in holding) else found


def _weighed(passages: Sequence[Passage]) -> Iterator[Quote]:
    best = max((passage.score for passage in passages), default=0.0)
    for index, passage in enumerate(passages):
        for place, piece in enumerate(pieces(passage.text)):
            scores = [
                highlight.score
                for highlight in passage.highlights or ()
                if highlight.start < piece.end and piece.start < highlight.end
            ]
            if scores and piece.kind != "heading":
                nearness = max(scores) * _weight(passage.text[piece.start : piece.end])
                worth = nearness - OF_PASSAGE * (best - passage.score)
                yield Quote(passage=index, place=place, piece=piece, nearness=nearness, worth=worth)


def _weight(text: str) -> float:
    links = list(_LINK.finditer(text))
    ends_in_link = bool(links) and not any(map(str.isalnum, text[links[-1].end() :]))
    few_words = len(_LINK.sub("", text).split()) <= SIGNPOST_WORDS
    if text.rstrip().endswith("?") or (ends_in_link and few_words):
        return SIGNPOST
    return LINKED if links else 1.0


def _with_company(of_document: list[Quote], passages: Sequence[Passage], *, is_best: bool) -> Iterable[Quote]:
    """With what a piece can't be understood without; the best one, if it is alone, with the next, too."""
    wanted = {(quote.passage, quote.place): quote for quote in of_document}
    for quote in of_document:
        text = passages[quote.passage].text
        around = pieces(text)
        places = _company(around, text, quote.place)
        lone = is_best and len(of_document) == 1 and not places
        if lone and _kinds(around, quote.place, 2) == ("sentence", "sentence"):
            places = [quote.place + 1]
        if _leans(around, text, quote.place):
            places = [quote.place - 1, *places]
        for place in places:
            beside = Quote(passage=quote.passage, place=place, piece=around[place])
            wanted.setdefault((quote.passage, place), beside)
    return wanted.values()


def _company(around: Sequence[Piece], text: str, place: int) -> list[int]:
    """Where the line that announces a list, table or code stands, or what such a line announces."""
    if around[place].kind == "sentence":
        following = around[place + 1 : place + 1 + MOST_IN_COMPANY] if _announces(around[place], text) else []
        kind = following[0].kind if following else "sentence"
        alike = list(itertools.takewhile(lambda piece: piece.kind == kind == "item", following))
        return list(range(place + 1, place + 1 + (len(alike) or int(kind in ("table", "code")))))
    before = place - 1
    while before >= 0 and around[before].kind == around[place].kind == "item":
        before -= 1
    return [before] if before >= 0 and _announces(around[before], text) else []


def _leans(around: Sequence[Piece], text: str, place: int) -> bool:
    """Whether a sentence begins with a word for something in the one before ("They ...")."""
    before_and_it = _kinds(around, place - 1, 2) if place else ()
    return before_and_it == ("sentence", "sentence") and _LEANS.match(text, around[place].start) is not None


def _announces(piece: Piece, text: str) -> bool:
    return piece.kind == "sentence" and text[piece.start : piece.end].rstrip().endswith(":")


def _kinds(around: Sequence[Piece], place: int, number: int) -> tuple[Kind, ...]:
    return tuple(piece.kind for piece in around[place : place + number])


def _told(
    shown: Sequence[Quote], passages: Sequence[Passage], outdated: frozenset[Document]
) -> Iterator[ModelEvent]:
    """The chosen pieces as Markdown; what a document's part stands on is cited at its end."""
    documents = [
        (document, list(group))
        for document, group in itertools.groupby(
            shown, key=lambda quote: document_of(passages[quote.passage])
        )
    ]
    for _, group in documents:
        before: Kind | None = None
        cited: list[Cited] = []
        old = document_of(passages[group[0].passage]) in outdated
        if len(documents) > 1 or old:
            title = passages[group[0].passage].title or passages[group[0].passage].document
            yield Text(text=f"**{as_markdown(title)}**{OUTDATED if old else ''}\n\n")
        for run in _runs(group):
            first, last = run[0].piece, run[-1].piece
            quote = passages[run[0].passage].text[first.start : last.end].strip()
            yield Text(text=_space(before, first.kind) + _readable(quote, lone=len(run) == 1))
            cited.append(Cited(passage=run[0].passage, quote=quote))
            before = last.kind
        yield from cited
        yield Text(text="\n\n")
    yield Text(text=CLOSING)


def _readable(quote: str, *, lone: bool) -> str:
    """Without links, which lead nowhere from here, and without the mark of a list that is not there."""
    words = _LINK.sub(r"\1", quote)
    return _MARK.sub("", words) if lone else words


def _runs(shown: Sequence[Quote]) -> Iterator[list[Quote]]:
    run: list[Quote] = []
    for quote in shown:
        if run and (quote.passage, quote.place) != (run[-1].passage, run[-1].place + 1):
            yield run
            run = []
        run.append(quote)
    if run:
        yield run


def _space(before: Kind | None, after: Kind) -> str:
    match before, after:
        case None, _:
            return ""
        case "sentence", "sentence":
            return " "
        case "item", "item":
            return "\n"
        case _:
            return "\n\n"


def _text(quote: Quote, passages: Sequence[Passage]) -> str:
    return passages[quote.passage].text[quote.piece.start : quote.piece.end]
