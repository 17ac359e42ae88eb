"""The real encoder (0.1 s to load), and the real stores."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from retrieval.fastembed_encoder import PACKAGED, FastembedEncoder, open_encoder
from tests.contract.retrieval.stores_under_test import (
    KINDS,
    OpenIndex,
    OpenStore,
    of,
    opening,
    running_postgres,
)


@pytest.fixture
async def encoder() -> AsyncIterator[FastembedEncoder]:
    async with open_encoder(model=PACKAGED, threads=1) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server, shared by the run; tests take names of their own on it."""
    with running_postgres() as url:
        yield url


@pytest.fixture(params=KINDS)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Each store in turn."""
    url = request.getfixturevalue("postgres_url") if request.param == "pgvector" else None
    return opening(request.param, folder=tmp_path / "index", postgres_url=url)


@pytest.fixture
def open_index(open_store: OpenStore) -> OpenIndex:
    """An index of each."""
    return of(open_store, fingerprint="a model", dimensions=3)
