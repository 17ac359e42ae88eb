"""What Slack's Web API answers, read, and what our messages carry to be known by (pure)."""

from collections import defaultdict
from typing import Any

from bot.slack.ports import Identity, Person, SharedFile, ThreadMessage, UserGroup
from bot.slack.view import Payload

Json = dict[str, Any]

METADATA_EVENT = "answerdesk_answer"
"""Marks our message with its question's id, and nothing else: anybody in the workspace may read it."""
ASKED_EVENT = "answerdesk_asked"
"""Marks a question that we posted for somebody."""


def answer_metadata(question: str, shown: Payload, part: int) -> Json:
    """What a message of an answer carries."""
    about = {"question": question, "finished": shown.finished, "part": part}
    return {"event_type": METADATA_EVENT, "event_payload": about}


def asked_metadata(asker: str) -> Json:
    """What a question carries that we posted for somebody."""
    return {"event_type": ASKED_EVENT, "event_payload": {"asker": asker}}


def answer_parts(
    messages: list[Json], *, question: str, identity: Identity, streams: bool
) -> dict[int, list[str]]:
    """The messages of a question's answer by their parts; several of one where it was posted anew.

    One that is being streamed names no question before its end. A thread's questions are answered one at a
    time: ``streams`` says that it is this one's turn, so that such a message is its first.
    """
    parts: defaultdict[int, list[str]] = defaultdict(list)
    for message in messages:
        metadata = message.get("metadata") or {}
        about = metadata.get("event_payload") or {}
        if not _is_ours(message, identity):
            continue
        if metadata.get("event_type") == METADATA_EVENT and about.get("question") == question:
            parts[int(about.get("part") or 0)].append(str(message["ts"]))
        elif streams and not metadata and message.get("streaming_state"):
            parts[0].append(str(message["ts"]))
    return dict(parts)


def thread_message(message: Json, identity: Identity) -> ThreadMessage:
    """A message of a thread."""
    metadata = message.get("metadata") or {}
    ours = _is_ours(message, identity)
    kind = metadata.get("event_type") if ours else None
    about = (metadata.get("event_payload") or {}) if kind in (METADATA_EVENT, ASKED_EVENT) else {}
    # A question that we posted for somebody is theirs.
    asker = str(about.get("asker") or "") if kind == ASKED_EVENT else ""
    return ThreadMessage(
        ts=str(message["ts"]),
        user=asker or str(message.get("user") or ""),
        ours=ours and not asker,
        question=about.get("question"),
        finished=bool(about.get("finished")),
        text=str(message.get("text") or ""),
    )


def next_cursor(page: Json) -> str:
    """Where the next page begins; empty: this was the last."""
    return (page.get("response_metadata") or {}).get("next_cursor") or ""


def shared_file(file: Json) -> SharedFile:
    """A file."""
    gone = file.get("is_external") or file.get("mode") in ("external", "tombstone", "hidden_by_limit")
    return SharedFile(
        name=str(file.get("name") or file.get("title") or "a file"),
        media_type=str(file.get("mimetype") or "application/octet-stream"),
        bytes=int(file.get("size") or 0),
        url=None if gone else file.get("url_private_download") or file.get("url_private"),
        preview_url=None if gone else file.get("thumb_1024"),
    )


def read_person(user: Json, team: str) -> Person:
    """Somebody, as seen from our workspace."""
    outside = (
        user.get("is_restricted")
        or user.get("is_ultra_restricted")
        or user.get("is_stranger")
        or user.get("team_id") != team
    )
    profile = user.get("profile") or {}
    return Person(
        id=user["id"],
        name=profile.get("display_name") or user.get("real_name") or user.get("name") or "somebody",
        email=profile.get("email"),
        outside=bool(outside),
        zone=user.get("tz") or None,
        full_name=user.get("real_name") or profile.get("real_name") or "",
        admin=bool(user.get("is_admin") or user.get("is_owner")),
    )


def read_group(group: Json) -> UserGroup:
    """A user group."""
    return UserGroup(
        id=group["id"],
        name=str(group.get("name") or ""),
        handle=str(group.get("handle") or ""),
        members=frozenset(group.get("users") or ()),
    )


def _is_ours(message: Json, identity: Identity) -> bool:
    return message.get("bot_id") == identity.bot or message.get("user") == identity.user
