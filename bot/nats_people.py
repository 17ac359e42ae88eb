"""``people.forget``, answered by the bot: what is kept about people is kept by it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client

from bot.forgetting import Forgetting
from wire import subjects
from wire.nats_service import serving
from wire.people import ForgetRequest, Forgotten
from wire.shapes import read_shape

ANSWER_WITHIN_S = 60.0


@asynccontextmanager
async def serving_people(client: Client, *, forgetting: Forgetting) -> AsyncIterator[None]:
    """Serve it for as long as the block lasts."""

    async def forget(data: bytes) -> Forgotten:
        asked = read_shape(ForgetRequest, data)
        return await forgetting.forget(asked.person, by=asked.by)

    async with serving(
        client,
        name="admin",
        endpoints={subjects.PEOPLE_FORGET: forget},
        at_once=2,
        within_s=ANSWER_WITHIN_S,
    ):
        yield
