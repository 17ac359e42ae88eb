"""Slash commands and the buttons of what they show: read, and what they are answered with (pure)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.answering.quota import Level
from bot.slack.levels import level_line
from bot.slack.mrkdwn import Block, day, escaped, linked, section, short, small_print, unescaped
from bot.slack.rich_text import plain_text
from bot.slack.view import Payload
from wire.search import Passage

ASK_ABOUT, MORE, SHARE = "answerdesk_ask_about", "answerdesk_more_sources", "answerdesk_share"
PER_PAGE = 5
SNIPPET_CHARS = 200
VALUE_CHARS = 2_000
"""docs.slack.dev, button element: the longest value."""

HELP = """\
*Ask me* in a direct message, or mention me in a channel. In a thread that I take part in, just go on.
• `/ask` _question_: a private answer
• `/sources` _words_: documents without an answer; `in:handbook` and `since:90d` narrow it down
• `/usage`: what you have used, and what is left
• `/answerdesk status`: whether all is well
• `/answerdesk forget-me`: erases what I keep about you
• _stop_ or _mute_, in a thread: I stop writing, or stay out

Your settings are on my *Home* tab. I show only what everybody who reads an answer may read."""
_NOTHING = "I found no document about this that you may read"
_ODD_SPAN = (
    "I can't read `{filters}`, so I took it for words. Write `since:90d`, or `2w`, `6m`, `1y`: days, weeks, "
    "months, years."
)
_NO_LIMIT = "There is no limit to what you may ask."
_NO_WORDS = "Tell me what to look for, for example `/sources parental leave in:handbook since:90d`."
_NO_QUESTION = "Tell me what you would like to know, for example `/ask how many days of leave do I get?`"
_FILTER = re.compile(r"(?:^|\s)(in|since):(\S+)", re.IGNORECASE)
_SPAN = re.compile(r"(\d{1,3})([dwmy])", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_CLOSENESS = ((0.7, "close match"), (0.4, "related"))


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command, as somebody typed it."""

    name: str
    text: str
    """As it was typed."""
    user: str
    channel: str
    team: str
    trigger: str = ""
    """Opens a modal, within 3 s, and names this one time that it was typed."""


@dataclass(frozen=True, kw_only=True)
class Click:
    """A press of a button in what a command has shown.

    Attributes:
        message: the ``ts`` of the message that the button stands in.
        answer_url: where Slack takes what is to stand in the message's place.
    """

    action: str
    value: str
    user: str
    channel: str
    team: str
    message: str
    answer_url: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What ``/sources`` is to look for.

    Attributes:
        typed: all of it, for the next page.
        changed_within: only documents that have changed since.
        odd: filters that can't be read.
    """

    typed: str
    words: str
    sources: tuple[str, ...] = ()
    changed_within: timedelta | None = None
    odd: tuple[str, ...] = ()


def read_command(body: dict[str, Any]) -> Command | None:
    """The command in a payload of Slack's, if it is one."""
    if not str(body.get("command") or "").startswith("/"):
        return None
    return Command(
        name=str(body["command"]).removeprefix("/").lower(),
        text=unescaped(str(body.get("text") or "")).strip(),
        user=str(body["user_id"]),
        channel=str(body["channel_id"]),
        team=str(body["team_id"]),
        trigger=str(body.get("trigger_id") or ""),
    )


def read_click(body: dict[str, Any]) -> Click | None:
    """The press in a ``block_actions`` payload, if it is of a button of ours."""
    for action in body.get("actions") or [] if body.get("type") == "block_actions" else []:
        if action.get("action_id") in (ASK_ABOUT, MORE, SHARE):
            return Click(
                action=action["action_id"],
                value=str(action.get("value") or ""),
                user=str(body["user"]["id"]),
                channel=str((body.get("channel") or {}).get("id") or ""),
                team=str((body.get("team") or {}).get("id") or ""),
                message=str((body.get("container") or {}).get("message_ts") or ""),
                answer_url=str(body.get("response_url") or ""),
            )
    return None


def read_wanted(typed: str) -> Wanted:
    """Words, and the filters among them; a filter that can't be read is taken for words."""
    sources: list[str] = []
    odd: list[str] = []
    within: timedelta | None = None
    words = typed
    for match in _FILTER.finditer(typed):
        span = _SPAN.fullmatch(match[2])
        if match[1].lower() == "in":
            sources.append(match[2].lower())
        elif span:
            within = timedelta(days=int(span[1]) * _DAYS[span[2].lower()])
        else:
            odd.append(match[0].strip())
            continue
        words = words.replace(match[0], " ", 1)
    return Wanted(
        typed=typed,
        words=" ".join(words.split()),
        sources=tuple(sources),
        changed_within=within,
        odd=tuple(odd),
    )


def found(wanted: Wanted, passages: Sequence[Passage], *, offset: int, now: datetime) -> Payload:
    """A page of documents, each at its best passage."""
    if not wanted.words:
        return said(_NO_WORDS)
    documents = [passage for passage in _firsts(passages) if _is_recent(passage, wanted, now=now)]
    page = documents[offset : offset + PER_PAGE]
    odd = [small_print(_ODD_SPAN.format(filters=_quoted(" ".join(wanted.odd))))] if wanted.odd else []
    if not page:
        told = said(_nothing(wanted) if not offset else "That was all.")
        return replace(told, blocks=[*told.blocks, *odd])
    blocks = [*odd, *(block for passage in page for block in _document(passage, wanted))]
    if len(documents) > offset + PER_PAGE:
        more = _button("More", MORE, f"{offset + PER_PAGE} {wanted.typed}")
        blocks.append({"type": "actions", "elements": [more]})
    titles = ", ".join(passage.title or passage.document for passage in page)
    return Payload(text=escaped(short(f"Found: {titles}", 300)), blocks=blocks)


def _nothing(wanted: Wanted) -> str:
    filters = [match[0].strip() for match in _FILTER.finditer(wanted.typed)]
    read = " ".join(each for each in filters if each not in wanted.odd)
    return f"{_NOTHING}, with `{_quoted(read)}`. Look again without it." if read else f"{_NOTHING}."


def _quoted(typed: str) -> str:
    return escaped(short(typed.replace("`", ""), 100))


def more_of(value: str) -> tuple[int, str]:
    """The page and the words that a "More" button carries."""
    offset, _, typed = value.partition(" ")
    return (int(offset) if offset.isdecimal() else 0), typed


def answering_privately(question: str, *, link: str, shareable: bool) -> Payload:
    """Where the private answer is, and the offer to ask openly."""
    text = f"I'm answering in <{link}|our direct message>, where only you can read it."
    blocks: list[Block] = [section(text)]
    if shareable and len(question) <= VALUE_CHARS:
        button = _button("Ask it here instead", SHARE, question)
        blocks.append({"type": "actions", "elements": [button]})
    return Payload(text=text, blocks=blocks)


def used(levels: Sequence[Level]) -> Payload:
    """How much has been drawn of each quota that a person has a share in."""
    return said("\n".join(map(level_line, levels)) or _NO_LIMIT)


def helped() -> Payload:
    """What there is to be typed."""
    return said(HELP)


def no_question() -> Payload:
    """``/ask`` without one."""
    return said(_NO_QUESTION)


def _firsts(passages: Sequence[Passage]) -> list[Passage]:
    best: dict[tuple[str, str], Passage] = {}
    for passage in passages:
        best.setdefault((passage.source, passage.document), passage)
    return list(best.values())


def _is_recent(passage: Passage, wanted: Wanted, *, now: datetime) -> bool:
    if wanted.changed_within is None:
        return True
    return passage.updated_at is not None and passage.updated_at >= now - wanted.changed_within


def _document(passage: Passage, wanted: Wanted) -> list[Block]:
    """Its title with the button beside it, and below them what a phone needs the whole line for."""
    title = short(passage.title or passage.document, 80)
    inside = [part for part in passage.heading if part != passage.title]
    where = f" \N{RIGHTWARDS ARROW} {escaped(short(inside[-1], 60))}" if inside else ""
    snippet = escaped(short(plain_text(passage.text), SNIPPET_CHARS))
    closeness = next((words for least, words in _CLOSENESS if passage.score >= least), "loosely related")
    facts = [escaped(passage.source), closeness]
    if passage.updated_at:
        facts.insert(1, f"changed {day(passage.updated_at)}")
    question = f"What does “{title}” say about {wanted.words}?"
    ask = _button("Ask about this", ASK_ABOUT, short(question, VALUE_CHARS))
    named = {**section(f"*{linked(title, passage.url)}*{where}"), "accessory": ask}
    return [named, section(f">{snippet}"), small_print(" · ".join(facts))]


def said(mrkdwn: str) -> Payload:
    """A sentence."""
    return Payload(text=mrkdwn, blocks=[section(mrkdwn)])


def _button(label: str, action: str, value: str) -> Block:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "action_id": action,
        "value": value[:VALUE_CHARS],
    }
