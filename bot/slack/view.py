"""What an answer's message looks like, at each moment of it (pure)."""

from dataclasses import dataclass, field, replace
from typing import Any

from bot.answering.small_talk import SMALL_TALK
from bot.answering.unanswered import NO_MODEL
from bot.answering.writing import broken_off
from bot.slack.mrkdwn import Block, day, escaped, linked, moment, short, small_print
from bot.slack.pages import pages
from bot.slack.rated import rated
from bot.slack.rich_text import markdown_blocks, plain_text
from bot.slack.unfinished import presentable
from wire.answers import AnswerEvent, Citation, Delta, Done, Failed, Source, Sources, Status
from wire.documents import document_key

FALLBACK_CHARS = 3_900
"""chat.update refuses a ``text`` over 4,000 characters whole (docs.slack.dev, chat.update)."""
SOURCES_SHOWN = 10
SOURCES_CHARS = 2_900
"""A text object holds 3,000; an address alone may have 2,048."""
WRITING = "Writing…"
OUTDATED = "says it is out of date"
_STOPPED = "Stopped."


@dataclass(frozen=True, kw_only=True)
class View:
    """An answer as it stands.

    Attributes:
        text: Markdown written so far.
        doing: what is going on, while the answer is unfinished; None ends it.
        sources: those cited so far, by their numbers.
        notice: a line in small print under a finished answer, as mrkdwn.
        about: what feedback on it is about (`bot.slack.rated`); empty while it is no answer.
        so_far: of an answer that broke off, what there is of it to go on from.
        written_from: the keys of the documents that it is written from, which look like nothing.
        repeatable: whether asking the same again may bring something else.
    """

    text: str = ""
    doing: str | None = None
    sources: tuple[Source, ...] = ()
    notice: str | None = None
    about: str = ""
    so_far: str = ""
    written_from: frozenset[str] = field(default=frozenset(), compare=False)
    repeatable: bool = True


@dataclass(frozen=True, kw_only=True)
class Payload:
    """What Slack is sent: blocks for those who see, text for notifications and screen readers.

    Without blocks Slack shows the text, and takes away the blocks that stood before.

    Attributes:
        finished: whether nothing more comes.
        goes_on: whether it broke off, and may be gone on with.
        about: as in `View`.
        repeatable: as in `View`.
    """

    text: str
    blocks: list[Block] = field(default_factory=list)
    finished: bool = True
    about: str = ""
    goes_on: bool = False
    repeatable: bool = True


def payloads(view: View) -> tuple[Payload, ...]:
    """The messages for this view, in order: within Slack's limits and with no half-open markup.

    All but the last are as they stay; what is going on, sources and notices stand in the last.
    """
    *full, last = pages(view.text)
    before = (payload(View(text=page, sources=view.sources), foot=False) for page in full)
    return (*before, payload(replace(view, text=last)))


def payload(view: View, *, foot: bool = True) -> Payload:
    """The message for a view that fits one; ``foot`` lists the sources under it."""
    text = view.text if view.doing is None else presentable(view.text)
    blocks = markdown_blocks(text, {source.index: source.url for source in view.sources})
    if view.doing is not None:
        blocks.append(small_print(f":hourglass_flowing_sand: {escaped(view.doing)}"))
    elif view.sources and foot:
        blocks.append(small_print(_sources(view.sources)))
    if view.doing is None and view.notice:
        blocks.append(small_print(view.notice))
    words = plain_text(text) or view.doing or ""
    return Payload(
        text=_within(escaped(words), FALLBACK_CHARS),
        blocks=blocks,
        finished=view.doing is None,
        about=view.about,
        goes_on=bool(view.so_far),
        repeatable=view.repeatable,
    )


def without_blocks(shown: Payload, *, note: str) -> Payload:
    """The plainest form of a message, for when Slack refuses its blocks."""
    return Payload(text=f"{_within(shown.text, FALLBACK_CHARS - len(note) - 2)}\n\n{note}")


def _within(text: str, most: int) -> str:
    """So much of it, and never the half of an address."""
    return text if len(text) <= most else (text[:most].rpartition(" ")[0] or text[:most])


def _sources(sources: tuple[Source, ...]) -> str:
    text = ""
    for shown, source in enumerate(sources):
        line = _source_line(source)
        if shown == SOURCES_SHOWN or len(text) + len(line) > SOURCES_CHARS:
            return f"{text}and {len(sources) - shown} more"
        text += f"{line}\n"
    return text.rstrip("\n")


def _source_line(source: Source) -> str:
    named = linked(short(source.title or source.document, 80), source.url)
    inside = [part for part in source.heading if part != source.title]
    where = f" \N{RIGHTWARDS ARROW} {escaped(short(inside[-1], 60))}" if inside else ""
    age = f" · {day(source.updated_at)}" if source.updated_at else ""
    old = f" · *{OUTDATED}*" if source.outdated else ""
    return f"*{source.index}*  {named}{where}{age}{old}"


def slack_arguments(shown: Payload) -> dict[str, Any]:
    """As chat.postMessage and chat.update take it: nothing unfurls, and Slack links nothing by itself."""
    quiet = {"parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}
    return {"text": shown.text or "…", **quiet, **({"blocks": shown.blocks} if shown.blocks else {})}


def after(view: View, event: AnswerEvent) -> View:
    """The view once this event has happened."""
    match event:
        case Status():
            return replace(view, doing=event.text)
        case Sources():
            return replace(view, written_from=view.written_from | _keys(event.sources))
        case Delta():
            before = View(written_from=view.written_from) if event.anew else view
            return replace(before, text=before.text + event.text, doing=WRITING)
        case Citation():
            known = {source.index: source for source in view.sources} | {event.index: event.source}
            return replace(view, sources=tuple(known[index] for index in sorted(known)))
        case Done():
            return replace(_finished(event), written_from=view.written_from | _keys(event.sources))
        case Failed():
            return View(text=event.message)


def _keys(sources: tuple[Source, ...]) -> frozenset[str]:
    return frozenset(document_key(source.source, source.document) for source in sources)


def as_stopped(view: View) -> View:
    """What was written so far, closed properly; nothing else is to be expected."""
    if view.doing is None and view.text:
        return view
    text = presentable(view.text)
    return replace(
        view, text=text or _STOPPED, doing=None, notice=_STOPPED if text else None, so_far=view.text
    )


def _finished(done: Done) -> View:
    if done.model == SMALL_TALK:
        return View(text=done.text, repeatable=False)
    return View(
        text=done.text,
        sources=done.sources,
        notice=_notice(done),
        about=str(rated(done)),
        so_far="" if done.complete else broken_off(done.text),
    )


def _notice(done: Done) -> str | None:
    if done.cached:
        when = f", {moment(done.answered_at)}" if done.answered_at else ""
        return f"An earlier answer{when}; its documents still say the same."
    # A question that found nothing may have cost something, too: a small model made it stand alone.
    written_by_a_model = (done.usage.output_tokens > 0 or done.joined) and done.model != NO_MODEL
    if not written_by_a_model:
        return None
    if not done.sources:
        return "Written by AI, with no source: check it before you rely on it."
    return "Written by AI; check what matters."
