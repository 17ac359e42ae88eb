"""``answerdesk migrate-index``: what one store holds, copied into another without encoding anything again.

A copy that was broken off goes on where it stopped. Ids follow from what a passage says, so one that is
there already is right. The copy has a new name and says what it is a copy of: by that a worker knows that
it may serve it, and an older copy, which has missed what was written since, is not taken for it. What was
copied is whole no longer: of the two only one may be served, or each would miss what the other is told.
"""

import dataclasses
import uuid
from collections.abc import Callable

from desk.terminal import Terminal
from retrieval.index import Index, IndexNote, Store
from retrieval.stores import open_store
from wire.errors import AnswerdeskError
from wire.settings import Settings, StoreKind
from wire.shapes import Shape

PAGE = 500
"""Passages copied at a time, about two megabytes with their vectors."""


class Migrated(Shape):
    """What was copied; ``migrate-index --json`` prints it."""

    source: StoreKind
    target: StoreKind
    indexes: int
    passages: int
    """In the copy, counted there."""
    copied: int
    """By this run; the others were there already."""
    removed: int
    """Which the copy had and the source no longer has."""


async def migrate_index(
    settings: Settings, *, source: StoreKind, target: StoreKind, terminal: Terminal
) -> Migrated:
    """Copy every index of one store into another. No worker may be writing to either.

    Raises:
        SettingsError: a store's settings are missing, or a worker has the embedded one open.
        AnswerdeskError: there is nothing to copy, the target is in use, or the copy is not like the source.
        UnavailableError: a store does not answer; what is copied stays, for the next run.
    """
    if source == target:
        raise AnswerdeskError("Name two different stores.")
    async with open_store(settings, kind=source) as there, open_store(settings, kind=target) as here:
        copies = {note.copy_of for note in await here.notes()}
        notes = [note for note in await there.notes() if note.whole or note.name in copies]
        if not notes:
            raise AnswerdeskError(f"There is no index in {source}.")
        migrated = Migrated(source=source, target=target, indexes=0, passages=0, copied=0, removed=0)
        for note in notes:
            copied = await _copy_index(note, source=there, target=here, terminal=terminal)
            migrated = migrated.model_copy(
                update={
                    "indexes": migrated.indexes + 1,
                    "passages": migrated.passages + copied.passages,
                    "copied": migrated.copied + copied.copied,
                    "removed": migrated.removed + copied.removed,
                }
            )
        return migrated


def show_migrated(migrated: Migrated, terminal: Terminal) -> None:
    """In one line, and what to do now."""
    terminal.say(
        f"{migrated.target} holds all {migrated.passages} passages of {migrated.source} "
        f"({migrated.copied} copied now). Set VECTOR_STORE={migrated.target} and start the workers."
    )


@dataclasses.dataclass(frozen=True)
class _Copied:
    passages: int
    copied: int
    removed: int


async def _copy_index(note: IndexNote, *, source: Store, target: Store, terminal: Terminal) -> _Copied:
    async with (
        source.open(fingerprint=note.fingerprint, dimensions=note.dimensions) as original,
        target.open(fingerprint=note.fingerprint, dimensions=note.dimensions) as copy,
    ):
        (ours,) = [each for each in await target.notes() if each.fingerprint == note.fingerprint]
        if not note.whole and ours.whole:
            # Copied by an earlier run; what the copy was told since is not in the source.
            return _Copied(await copy.count(), copied=0, removed=0)
        await _check_free(ours, note, copy=copy, kind=target.kind)
        await target.write_note(dataclasses.replace(ours, copy_of=note.name, whole=False))
        passages = await original.count()
        with terminal.progress("Copying", total=passages) as advance:
            copied, removed = await _copy_passages(original, copy, advance=advance)
        counted = await copy.count()
        if counted != await original.count():
            raise AnswerdeskError(
                f"The copy has {counted} passages and the source {await original.count()}: a worker has "
                "written meanwhile. Stop all workers, and run this again."
            )
        # In this order, so that a kill between leaves none to serve rather than two: the next run goes on.
        await source.write_note(dataclasses.replace(note, whole=False))
        whole = dataclasses.replace(ours, name=uuid.uuid4().hex, copy_of=note.name, whole=True)
        await target.write_note(whole)
        return _Copied(counted, copied, removed)


async def _check_free(ours: IndexNote, theirs: IndexNote, *, copy: Index, kind: str) -> None:
    """Only an empty index, a copy of that one, or what that one is a copy of, may be written over."""
    if ours.copy_of != theirs.name and theirs.copy_of != ours.name and (held := await copy.count()):
        raise AnswerdeskError(
            f"{kind} holds another index of {held} passages. Remove that one first, or set another "
            "INDEX_PREFIX (or DATA_DIR, for edge)."
        )


async def _copy_passages(original: Index, copy: Index, *, advance: Callable[[], None]) -> tuple[int, int]:
    """How many were copied, and how many removed."""
    there, seen, copied = await _ids(copy), set[str](), 0
    page: str | None = None
    while True:
        passages, page = await original.copies(after=page, limit=PAGE)
        missing = [passage for passage in passages if passage.passage.id not in there]
        await copy.upsert(missing)
        copied += len(missing)
        seen.update(passage.passage.id for passage in passages)
        for _ in passages:
            advance()
        if page is None:
            break
    gone = sorted(there - seen)
    for start in range(0, len(gone), PAGE):
        await copy.delete(gone[start : start + PAGE])
    return copied, len(gone)


async def _ids(index: Index) -> set[str]:
    ids: set[str] = set()
    page: str | None = None
    while True:
        names, page = await index.all_names(after=page, limit=PAGE)
        ids.update(name.id for name in names)
        if page is None:
            return ids
