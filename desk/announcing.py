"""Announce documents, and wait until they can be found: for ``publish``, ``delete`` and the sample.

What can never succeed is told document by document; NATS being away ends the whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from desk.together import together
from ingest.client import Announced, IngestClient
from wire.documents import DocumentChanged, DocumentUpsert
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


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of a draft so far, and what waiting for it goes by."""

    outcome: Outcome
    changed: DocumentChanged | None = None
    """Without its body."""
    announced: Announced | None = None


async def announce_all(drafts: Sequence[Draft], *, ingest: IngestClient, advance: Advance) -> list[Sent]:
    """Read and announce each document; in the drafts' order.

    Raises:
        UnavailableError: NATS does not take them. Those announced before it stay announced.
    """
    sent: dict[str, Sent] = {}

    async def announce(draft: Draft) -> None:
        try:
            changed = await asyncio.to_thread(draft.read)
            announced = await ingest.announce(changed)
            outcome = Outcome(id=draft.id, state="announced", version=changed.version)
            sent[draft.id] = Sent(outcome=outcome, changed=_light(changed), announced=announced)
        except MalformedError as error:
            outcome = Outcome(id=draft.id, state="failed", reason=str(error))
            sent[draft.id] = Sent(outcome=outcome)
        advance()

    await _each(drafts, announce)
    return [sent[draft.id] for draft in drafts]


async def wait_for_all(
    sent: Sequence[Sent], *, ingest: IngestClient, advance: Advance, within_s: float = INDEXED_WITHIN_S
) -> list[Outcome]:
    """Wait until each that was announced can be found or is reported as failed; in the same order.

    The first that is not indexed ``within_s`` ends the waiting for the rest.
    """
    outcomes = {one.outcome.id: one.outcome for one in sent}
    too_late = asyncio.Event()

    async def indexed(changed: DocumentChanged, announced: Announced | None) -> dict[str, str]:
        if too_late.is_set():
            return {"state": "waiting"}
        try:
            await ingest.wait_until_indexed(changed, within_s=within_s, announced=announced)
        except MalformedError as error:
            return {"state": "failed", "reason": str(error)}
        except UnavailableError as error:
            too_late.set()
            return {"state": "waiting", "reason": str(error)}
        return {"state": "indexed"}

    async def wait(one: Sent) -> None:
        if one.changed is not None:
            became = await indexed(one.changed, one.announced)
            outcomes[one.outcome.id] = one.outcome.model_copy(update=became)
        advance()

    await _each(sent, wait)
    return [outcomes[one.outcome.id] for one in sent]


def _light(changed: DocumentChanged) -> DocumentChanged:
    if isinstance(changed, DocumentUpsert):
        return changed.model_copy(update={"body": "", "body_base64": None, "metadata": {}})
    return changed


async def _each(items: Iterable[ItemT], do: Callable[[ItemT], Awaitable[None]]) -> None:
    left = iter(items)

    async def work() -> None:
        for item in left:  # shared: each item goes to one worker
            await do(item)

    await together(*(work() for _ in range(AT_ONCE)))
