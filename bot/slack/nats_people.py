"""News of people, told to every bot over NATS by the one that Slack has told.

It is not kept: what gets lost is mended by age, since nothing that is remembered of people lasts long.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from bot.slack.people_events import read_people_changed
from wire import subjects
from wire.errors import MalformedError
from wire.nats_connection import FAULTS
from wire.nats_hearing import hearing
from wire.people_news import PeopleChanged
from wire.shapes import read_shape

_log = structlog.get_logger("people")


async def tell_of_people(body: dict[str, Any], *, client: Client, team: str) -> None:
    """Tell every bot, this one included, if this ``event_callback`` is news of people of our workspace."""
    changed = read_people_changed(body.get("event") or {}, team=team)
    if changed is not None and client.is_connected:
        with contextlib.suppress(*FAULTS):
            await client.publish(subjects.PEOPLE_CHANGED, changed.to_json())


@asynccontextmanager
async def hearing_of_people(client: Client, changed: Callable[[PeopleChanged], None]) -> AsyncIterator[None]:
    """Hear what any bot is told, for as long as the block lasts."""

    async def hear(message: Msg) -> None:
        try:
            changed(read_shape(PeopleChanged, message.data))
        except MalformedError:
            _log.warning("news of people that can't be read")

    async with hearing(client, subjects.PEOPLE_CHANGED, hear):
        yield
