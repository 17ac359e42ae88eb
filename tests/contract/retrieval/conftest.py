"""The real encoder (0.1 s to load)."""

from collections.abc import AsyncIterator

import pytest

from retrieval.fastembed_encoder import PACKAGED, FastembedEncoder, open_encoder


@pytest.fixture
async def encoder() -> AsyncIterator[FastembedEncoder]:
    async with open_encoder(model=PACKAGED, threads=1) as opened:
        yield opened
