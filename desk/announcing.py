"""Announce documents, and wait until they can be found: for ``publish``, ``delete`` and the sample.

What can never succeed is told document by document; NATS being away ends the whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from desk.together import together
from ingest.client import IngestClient
from wire.documents import DocumentChanged
from wire.errors import MalformedError, UnavailableError
from wire.shapes import Shape

AT_ONCE = 16
"""Documents under way at a time: enough to hide JetStream's acknowledgements, few bodies in memory."""
INDEXED_WITHIN_S = 120.0
"""Waiting ends once a document has not been indexed for this long after the ones before it."""

ItemT = TypeVar("ItemT")
Advance = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A document still to be read, so that a folder of them is never in memory at once.

    ``read`` runs in a thread, gives the same each time, and raises MalformedError where it can't.
    """

    id: str
    read: Callable[[], DocumentChanged]


class Outcome(Shape):
    """What became of one document.

    ``announced``: JetStream has it. ``indexed``: it can be found (a deleted one no longer).
    ``failed``: it never will be, and why. ``waiting``: JetStream has it, but it was not indexed in time.
    """

    id: str
    state: Literal["announced", "indexed", "failed", "waiting"]
    version: int | None = None
    reason: str | None = None


async def announce_all(drafts: Sequence[Draft], *, ingest: IngestClient, advance: Advance) -> list[Outcome]:
    """Read and announce each document; the outcomes are in the drafts' order.

    Raises:
        UnavailableError: NATS does not take them. Those announced before it stay announced.
    """
    outcomes: dict[str, Outcome] = {}

    async def announce(draft: Draft) -> None:
        try:
            changed = await asyncio.to_thread(draft.read)
            await ingest.announce(changed)
            outcomes[draft.id] = Outcome(id=draft.id, state="announced", version=changed.version)
        except MalformedError as error:
            outcomes[draft.id] = Outcome(id=draft.id, state="failed", reason=str(error))
        advance()

    await _each(drafts, announce)
    return [outcomes[draft.id] for draft in drafts]


async def wait_for_all(
    drafts: Sequence[Draft],
    announced: Sequence[Outcome],
    *,
    ingest: IngestClient,
    advance: Advance,
    within_s: float = INDEXED_WITHIN_S,
) -> list[Outcome]:
    """Wait until each that was announced can be found or is reported as failed; in the same order.

    The first that is not indexed ``within_s`` ends the waiting for the rest.
    """
    outcomes = {outcome.id: outcome for outcome in announced}
    too_late = asyncio.Event()

    async def indexed(draft: Draft) -> dict[str, str]:
        if too_late.is_set():
            return {"state": "waiting"}
        try:
            await ingest.wait_until_indexed(await asyncio.to_thread(draft.read), within_s=within_s)
        except MalformedError as error:
            return {"state": "failed", "reason": str(error)}
        except UnavailableError as error:
            too_late.set()
            return {"state": "waiting", "reason": str(error)}
        return {"state": "indexed"}

    async def wait(draft: Draft) -> None:
        so_far = outcomes[draft.id]
        if so_far.state == "announced":
            outcomes[draft.id] = so_far.model_copy(update=await indexed(draft))
        advance()

    await _each(drafts, wait)
    return [outcomes[draft.id] for draft in drafts]


async def _each(items: Iterable[ItemT], do: Callable[[ItemT], Awaitable[None]]) -> None:
    left = iter(items)

    async def work() -> None:
        for item in left:  # shared: each item goes to one worker
            await do(item)

    await together(*(work() for _ in range(AT_ONCE)))
