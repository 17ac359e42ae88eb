"""``answerdesk search``: what a reader finds, for a person to look at."""

import re
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from desk.terminal import printable
from retrieval.client import RetrievalClient
from wire.nats_connection import connected
from wire.search import Passage, SearchReply, SearchRequest

SNIPPET_CHARS = 280
HIGHLIGHTED_CHARS = 4
"""Shorter words are mostly "the" and "of"."""
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_AGES = ((365 * 86400, "year"), (30 * 86400, "month"), (7 * 86400, "week"), (86400, "day"), (3600, "hour"))


async def find(request: SearchRequest, *, nats_url: str) -> SearchReply:
    """Ask the running worker.

    Raises:
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk search") as client:
        return await RetrievalClient(client).search(request)


def show_reply(reply: SearchReply, console: Console, *, request: SearchRequest) -> None:
    """The passages, best first, as a list."""
    now = datetime.now(tz=UTC)
    for number, passage in enumerate(reply.passages, start=1):
        console.print(_entry(number, passage, query=request.query, now=now))
    readers = ", ".join(request.principals)
    if not reply.passages:
        console.print(Text(f"Nothing found that {readers} may read."))
    line = f"relevance {reply.relevance:.2f} · {reply.timings_ms.total:.0f} ms · read as {readers}"
    if reply.index.pending or reply.index.lag_seconds:
        line += f" · {reply.index.pending} not yet indexed, behind by {reply.index.lag_seconds:.0f} s"
    console.print(Text(line, style="dim"))


def _entry(number: int, passage: Passage, *, query: str, now: datetime) -> RenderableType:
    head = Text.assemble((f"{number}. ", "dim"), (printable(passage.title or passage.document), "bold"))
    path = " / ".join(printable(part) for part in passage.heading if part != passage.title)
    if path:
        head.append(f"  {path}", style="cyan")
    facts = [f"{passage.source}/{passage.document}", f"score {passage.score:.3f}"]
    if passage.updated_at:
        facts.insert(0, age_in_words(passage.updated_at, now=now))
    if passage.url:
        facts.append(passage.url)
    about = Text(printable(" · ".join(facts)), style="dim")
    below = Group(about, _snippet(passage.text, query=query))
    return Group(head, Padding(below, (0, 0, 1, 3), expand=False))


def _snippet(text: str, *, query: str) -> Text:
    whole = printable(" ".join(_LINK.sub(r"\1", text).split()))
    cut = whole if len(whole) <= SNIPPET_CHARS else whole[:SNIPPET_CHARS].rsplit(" ", 1)[0] + " …"
    snippet = Text(cut)
    words = [word for word in query.split() if len(word) >= HIGHLIGHTED_CHARS]
    snippet.highlight_words(words, "bold", case_sensitive=False)
    return snippet


def age_in_words(when: datetime, *, now: datetime) -> str:
    """How old something is, in its largest whole unit: ``3 weeks old``."""
    seconds = (now - when).total_seconds()
    for unit_s, name in _AGES:
        if seconds >= unit_s:
            count = int(seconds // unit_s)
            return f"{count} {name}{'s' if count > 1 else ''} old"
    return "new"
