"""Which index this worker starts to serve from: its own, or a former one while its own is being built."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from retrieval.encoding import Encoder
from retrieval.fastembed_encoder import PACKAGED, open_encoder
from retrieval.index import Index, IndexNote, Store
from retrieval.nats_served import NatsServed, Served
from retrieval.payload import has_meanings_of, made_for
from wire.errors import SettingsError
from wire.settings import Settings, StoreKind

_log = structlog.get_logger("worker")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An index, and the encoder that its vectors come from.

    Attributes:
        served: what the record says while readers are served from it.
    """

    index: Index
    encoder: Encoder
    served: Served


@asynccontextmanager
async def opened(store: Store, *, settings: Settings, kind: StoreKind) -> AsyncIterator[Pair]:
    """The index of ``EMBEDDING_MODEL``, made where there is none, for as long as the block lasts.

    Raises:
        SettingsError: there is no such model.
        UnavailableError: the index's server does not answer.
    """
    model = settings.embedding_model
    async with open_encoder(model=model, threads=settings.embedding_threads) as encoder:
        fingerprint, dimensions = made_for(encoder), encoder.dimensions
        async with store.open(fingerprint=fingerprint, dimensions=dimensions) as index:
            served = Served(
                store=kind, name=index.name, fingerprint=fingerprint, dimensions=dimensions, model=model
            )
            yield Pair(index=index, encoder=encoder, served=served)


@asynccontextmanager
async def opened_again(store: Store, served: Served, *, settings: Settings) -> AsyncIterator[Pair]:
    """A former index with its encoder, or with what this release has of the packaged one.

    Of the packaged model another release's file is nowhere to be had, and vectors of one find those of the
    other: they are the same but for rounding (retrieval/model/README.md).

    Raises:
        SettingsError: its model can't be had any more.
        UnavailableError: the index's server does not answer.
    """
    async with open_encoder(model=served.model, threads=settings.embedding_threads) as encoder:
        is_packaged = (served.model, served.dimensions) == (PACKAGED, encoder.dimensions)
        if not is_packaged and not has_meanings_of(served.fingerprint, encoder):
            raise SettingsError(
                f"EMBEDDING_MODEL: the index that answers was made by another {served.model!r} than is there "
                "now; put that model back until the new index is complete"
            )
        async with store.open(fingerprint=served.fingerprint, dimensions=served.dimensions) as index:
            yield Pair(index=index, encoder=encoder, served=served)


async def to_serve_first(
    record: NatsServed, *, store: Store, pair: Pair, settings: Settings
) -> Served | None:
    """The former index to serve from until this pair's is complete; None: serve from this pair's at once.

    Raises:
        SettingsError: passages are in another store, or a copy of them is not finished, or was made.
        UnavailableError: NATS or the index's server does not answer.
    """
    notes = {note.name: note for note in await store.notes()}
    ours = notes[pair.index.name]
    _check_whole(ours, kind=store.kind)
    while True:
        served, revision = await record.look_up()
        if served is None:
            first = await _before_the_record(notes, pair=pair, settings=settings)
        elif served.name == ours.name:
            return None
        elif copy := next((note for note in notes.values() if _is_copy(note, served)), None):
            first = served.model_copy(update={"store": store.kind, "name": copy.name})
        elif served.store != store.kind:
            raise SettingsError(
                f"VECTOR_STORE: the passages are in {served.store}; stop the workers and run answerdesk "
                f"migrate-index {served.store} {store.kind}, or set VECTOR_STORE={served.store}"
            )
        elif served.name in notes:
            _check_whole(notes[served.name], kind=store.kind)
            return served
        else:
            _log.warning("the index that answered is gone: publish again, or sync each source with --full")
            first = pair.served
        await record.advance(first, over=revision)


def _check_whole(note: IndexNote, *, kind: StoreKind) -> None:
    if not note.whole:
        raise SettingsError(
            f"VECTOR_STORE: the copy into {kind} is not finished, or it was copied to another store; set "
            "VECTOR_STORE to that one, or run answerdesk migrate-index again"
        )


def _is_copy(note: IndexNote, served: Served) -> bool:
    return note.whole and note.copy_of == served.name


async def _before_the_record(notes: dict[str, IndexNote], *, pair: Pair, settings: Settings) -> Served:
    """An index that an earlier release made, or else ours."""
    former = next((note for note in notes.values() if note.name != pair.index.name and note.whole), None)
    if former is None or await pair.index.count():
        return pair.served
    return Served(
        store=pair.served.store,
        name=former.name,
        fingerprint=former.fingerprint,
        dimensions=former.dimensions,
        model=settings.embedding_model,
    )
