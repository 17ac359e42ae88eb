"""Threads that people wrote in, edited or deleted from: the worker is told; they may be its documents."""

import contextlib
from datetime import UTC, datetime
from typing import Any

from nats.aio.client import Client

from wire import subjects
from wire.nats_connection import FAULTS
from wire.sync import SlackThreadTouched

_DIRECT = ("im", "mpim")


async def tell_of_threads(body: dict[str, Any], *, client: Client) -> None:
    """Tell the worker, if this ``event_callback`` touches a thread; what gets lost, a resync mends."""
    touched = read_touched(body.get("event") or {})
    if touched is not None and client.is_connected:
        with contextlib.suppress(*FAULTS):
            await client.publish(subjects.SLACK_TOUCHED, touched.to_json())


def read_touched(event: dict[str, Any]) -> SlackThreadTouched | None:
    """The thread that a message's event is about; None for apps' messages (ours are edited all the time)."""
    message = event.get("message") or event.get("previous_message") or event
    thread, channel, at = message.get("thread_ts"), event.get("channel"), event.get("event_ts")
    if event.get("type") != "message" or event.get("channel_type") in _DIRECT or message.get("bot_id"):
        return None
    if not (thread and channel and at):
        return None
    touched_at = datetime.fromtimestamp(float(at), tz=UTC)
    return SlackThreadTouched(channel=str(channel), thread=str(thread), touched_at=touched_at)
