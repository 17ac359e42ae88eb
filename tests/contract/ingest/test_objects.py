"""The object store adapter, on a real NATS server."""

import asyncio

from tests.contract.ingest.workshop import Workshop


async def test_names_are_listed_while_objects_come_and_go(workshop: Workshop) -> None:
    """The library's own list waited for good for a message that was purged after it had been counted."""
    objects = workshop.texts

    async def come_and_go() -> None:
        for _ in range(100):
            await objects.put("leave", b"28 days")
            await objects.remove("leave")

    going = asyncio.create_task(come_and_go())
    async with asyncio.timeout(30):
        while not going.done():
            assert set(await objects.names()) <= {"leave"}
    await going
    await objects.put("leave", b"28 days")
    assert await objects.names() == ["leave"]
