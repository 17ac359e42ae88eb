"""Slack's events, read: which of them ask us something (pure)."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bot.slack.mrkdwn import unescaped
from bot.slack.viewing import read_viewing
from wire.questions import AskedFile, QuestionAsked, QuestionName, StopAsked

_USER_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_CHANNEL_MENTION = re.compile(r"<#[CG][A-Z0-9]+(?:\|([^>]*))?>")
_SPECIAL_MENTION = re.compile(r"<!(?:subteam\^[A-Z0-9]+\|?@?|date\^[^|>]*\|)?([^>|]*)(?:\|([^>]*))?>")
_LINK = re.compile(r"<((?:https?|mailto):[^>|]+)(?:\|([^>]*))?>")
FILES = 10
"""As many as a message of Slack's may have."""
FILE_NAME_CHARS = 200
_PLAIN_SUBTYPES = (None, "file_share", "thread_broadcast")
_MUTE = re.compile(
    r"(?:please )?(?:mute|hush|shush|be quiet|stay out of this(?: thread)?"
    r"|\N{FACE WITH FINGER COVERING CLOSED LIPS}|:shushing_face:)(?: please)?[.!]*",
    re.IGNORECASE,
)
_STOP = re.compile(r"(please )?(stop|cancel|never ?mind)( please)?[.!]*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A message that may be a question.

    Attributes:
        addressed: it is for us for certain: a mention, or a direct message. Otherwise only if its
            thread is one that we take part in.
    """

    question: QuestionAsked
    addressed: bool


def read_asked(body: dict[str, Any], *, bot_user: str, team: str) -> Asked | None:
    """The question in an ``event_callback``, if it holds one.

    Messages of bots, edits, deletions and joins ask nothing; a thread's message that names somebody
    else and not us is meant for them. Twins (``app_mention`` and ``message``) give the same question.

    Args:
        body: the event as Slack sent it.
        bot_user: who we are.
        team: our workspace, for an event that names none.
    """
    event = body.get("event") or {}
    if not _is_said(event) or event["user"] == bot_user:
        return None
    mentioned = _USER_MENTION.findall(event.get("text") or "")
    question = _question(event, team=body.get("team_id") or team, external=body.get("is_ext_shared_channel"))
    addressed = question.direct or bot_user in mentioned or event["type"] == "app_mention"
    if not addressed and (mentioned or question.thread_ts is None):
        return None
    return Asked(question=question, addressed=addressed)


@dataclass(frozen=True, kw_only=True)
class Reworded:
    """Somebody changed a message of theirs, which may have been a question to us.

    Attributes:
        asked: the question as it was first asked.
        anew: the same, asked anew in its new words.
    """

    asked: QuestionName
    anew: QuestionName
    thread_ts: str
    by: str


@dataclass(frozen=True, kw_only=True)
class MuteAsked:
    """Somebody wants us to stay out of a thread."""

    team: str
    channel: str
    thread_ts: str
    by: str


def read_mute(body: dict[str, Any], *, bot_user: str, team: str) -> MuteAsked | None:
    """The wish that we stay out of a channel's thread: a message of it that says no more than that."""
    event = body.get("event") or {}
    channel, thread_ts = str(event.get("channel") or ""), event.get("thread_ts")
    if not _is_said(event) or thread_ts is None or channel.startswith("D"):
        return None
    if not _MUTE.fullmatch(spoken(str(event.get("text") or ""), bot_user=bot_user, names={})):
        return None
    return MuteAsked(
        team=body.get("team_id") or team, channel=channel, thread_ts=str(thread_ts), by=str(event["user"])
    )


def read_stop(body: dict[str, Any], *, bot_user: str) -> StopAsked | None:
    """The wish to stop an answer: by Slack's own button, or in so many words; or the question is gone."""
    event = body.get("event") or {}
    channel = str(event.get("channel") or "")
    if (gone := _deleted(event)) is not None:
        return StopAsked(channel=channel, ts=gone)
    if event.get("type") == "agent_session_stopped":
        return StopAsked(channel=channel, thread_ts=event.get("thread_ts"), by=str(event.get("user") or ""))
    if not _is_said(event):
        return None
    if not _STOP.fullmatch(spoken(str(event.get("text") or ""), bot_user=bot_user, names={})):
        return None
    if event.get("thread_ts") is None and not channel.startswith("D"):
        return None
    return StopAsked(channel=channel, thread_ts=event.get("thread_ts"), by=str(event["user"]))


def _is_said(event: dict[str, Any]) -> bool:
    """Whether a person has said something: no app, and no edit, deletion or join."""
    return (
        event.get("type") in ("app_mention", "message")
        and event.get("subtype") in _PLAIN_SUBTYPES
        and not event.get("bot_id")
        and bool(event.get("user"))
    )


def _deleted(event: dict[str, Any]) -> str | None:
    """The message that this event says is gone; one with replies, such as our answer, leaves a tombstone."""
    message = event.get("message") or {}
    match event.get("type"), event.get("subtype"), message.get("subtype"):
        case "message", "message_deleted", _:
            return str(event.get("deleted_ts") or "")
        case "message", "message_changed", "tombstone":
            return str(message.get("ts") or "")
    return None


def read_reworded(body: dict[str, Any], *, team: str) -> Reworded | None:
    """The change of a person's message, if its words have changed (Slack tells of unfurled links, too)."""
    event = body.get("event") or {}
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if event.get("type") != "message" or event.get("subtype") != "message_changed":
        return None
    edited = message.get("edited") or {}
    if message.get("bot_id") or not message.get("user") or not edited:
        return None
    if message.get("text") == before.get("text"):
        return None
    asked = QuestionName(body.get("team_id") or team, str(event["channel"]), str(message["ts"]))
    # Each wording is an attempt of its own, and the same one for every redelivery.
    anew = replace(asked, attempt=int(float(edited.get("ts") or event["event_ts"])))
    thread_ts = message.get("thread_ts") or message["ts"]
    return Reworded(asked=asked, anew=anew, thread_ts=str(thread_ts), by=str(message["user"]))


def _question(event: dict[str, Any], *, team: str, external: bool | None) -> QuestionAsked:
    direct = str(event["channel"]).startswith("D")
    return QuestionAsked(
        team=team,
        channel=str(event["channel"]),
        ts=str(event["ts"]),
        thread_ts=event.get("thread_ts"),
        user=str(event["user"]),
        text=str(event.get("text") or ""),
        external=external,
        files=asked_files(event),
        viewing=read_viewing(event, team=team) if direct else None,
        asked_at=datetime.fromtimestamp(float(event["ts"]), tz=UTC),
    )


def asked_files(message: dict[str, Any]) -> tuple[AskedFile, ...]:
    """The files of a message."""
    return tuple(
        AskedFile(id=str(file.get("id") or ""), name=str(file.get("name") or "a file")[:FILE_NAME_CHARS])
        for file in (message.get("files") or [])[:FILES]
    )


def spoken(text: str, *, bot_user: str, names: dict[str, str]) -> str:
    """A message as it was meant: without the mention of us, other mentions as names, entities undone."""
    text = re.sub(rf"<@{re.escape(bot_user)}(?:\|[^>]*)?>[\s,:]*", "", text)
    text = _USER_MENTION.sub(lambda match: f"@{names.get(match[1], 'somebody')}", text)
    text = _CHANNEL_MENTION.sub(lambda match: f"#{match[1] or 'a channel'}", text)
    text = _LINK.sub(lambda match: match[2] or match[1], text)
    text = _SPECIAL_MENTION.sub(lambda match: f"@{match[2] or match[1]}", text)
    return unescaped(text).strip()
