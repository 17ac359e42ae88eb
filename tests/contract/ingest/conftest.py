"""Ingest on real parts: NATS, Qdrant Edge, the packaged model."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from ingest.indexing import Indexing
from ingest.leftovers import Leftovers
from retrieval.edge_index import open_edge_index
from retrieval.fastembed_encoder import PACKAGED, FastembedEncoder, open_encoder
from retrieval.nats_backlog import NatsBacklog
from retrieval.nats_heads import open_heads
from retrieval.search import Search
from tests.contract.ingest.workshop import Workshop
from wire import subjects
from wire.nats_objects import open_objects


@pytest.fixture
async def encoder() -> AsyncIterator[FastembedEncoder]:
    async with open_encoder(model=PACKAGED, threads=1) as opened:
        yield opened


@pytest.fixture
async def workshop(client: Client, tmp_path: Path, encoder: FastembedEncoder) -> AsyncIterator[Workshop]:
    async with (
        open_edge_index(
            tmp_path / "index", dimensions=encoder.dimensions, fingerprint=encoder.fingerprint
        ) as index,
        open_heads(client) as heads,
    ):
        texts = await open_objects(client, subjects.TEXTS_BUCKET)
        bodies = await open_objects(client, subjects.DOCUMENTS_BUCKET)
        leftovers = Leftovers(index=index, heads=heads, texts=texts, grace_s=0.0)
        indexing = Indexing(
            index=index, encoder=encoder, heads=heads, bodies=bodies, texts=texts, leftovers=leftovers
        )
        search = Search(index=index, encoder=encoder, heads=heads, backlog=NatsBacklog())
        yield Workshop(indexing, leftovers, index, heads, encoder, bodies, texts, search)
