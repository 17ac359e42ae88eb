"""Documents that are deleted: answers that were written from them and are kept go as well."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from nats.aio.client import Client

from wire import subjects
from wire.documents import document_key
from wire.errors import UnavailableError
from wire.heads import Head
from wire.nats_work import Delivery, WorkQueue, hand_out
from wire.stopping import stopped

AT_ONCE = 20
AGAIN_AFTER_S = 5.0


class KeptAnswers(Protocol):
    """What is kept of answers."""

    async def forget_document(self, document: str) -> int:
        """Erase what was written from this document, by its key. Raises UnavailableError."""
        ...


@asynccontextmanager
async def hearing_deletions(client: Client, *, answers: Sequence[KeptAnswers]) -> AsyncIterator[None]:
    """Hear of every change of a document's head, by one bot each, for as long as the block lasts.

    What is deleted while no bot runs, or while one that keeps answers is away, is heard of later.
    """
    queue = WorkQueue(
        client,
        Head,
        stream=subjects.HEADS_STREAM,
        consumer=subjects.DELETIONS_CONSUMER,
        ack_wait_s=subjects.DELETIONS_ACK_WAIT_S,
    )

    async def see_to(changed: Delivery[Head]) -> None:
        head = changed.item
        if head.state == "deleted":
            try:
                for keeper in answers:
                    await keeper.forget_document(document_key(head.source, head.document))
            except UnavailableError:
                await changed.put_back(delay_s=AGAIN_AFTER_S)
                return
        await changed.done()

    under_way: set[asyncio.Task[None]] = set()
    hearing = asyncio.create_task(
        hand_out(queue.take, see_to, at_once=AT_ONCE, under_way=under_way), name="hear of deletions"
    )
    try:
        yield
    finally:
        await stopped(hearing, *under_way)
