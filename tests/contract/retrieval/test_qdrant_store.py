"""What only a Qdrant server has to keep, as far as it can be seen without one.

A few answers of a server, over real HTTP: the rest of the contract runs in the client's local mode, and on a
server where TEST_QDRANT_URL names one.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from qdrant_client import AsyncQdrantClient

from retrieval.qdrant_store import Layout, QdrantStore, open_qdrant_store
from wire.errors import SettingsError, UnavailableError

Answer = Callable[[web.Request], web.Response]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[tuple[str, list[tuple[str, str, Any]]]]:
    """A server that answers so, its URL, and what it was asked: method, path, body."""
    asked: list[tuple[str, str, Any]] = []

    async def serve(request: web.Request) -> web.Response:
        body = await request.text()
        asked.append((request.method, request.path, json.loads(body) if body else None))
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}", asked
    finally:
        await runner.cleanup()


def version(number: str) -> Answer:
    """A server that is that new and has no collection."""

    def answer(request: web.Request) -> web.Response:
        if request.path == "/":
            return web.json_response({"title": "qdrant - vector search engine", "version": number})
        result: Any = {"exists": False} if request.path.endswith("/exists") else {"collections": []}
        return web.json_response({"result": result, "status": "ok", "time": 0.0})

    return answer


async def test_a_server_that_cannot_count_rarity_for_one_reader_is_refused() -> None:
    """Before 1.19 words' rarity would be counted over everybody's documents: promise 28."""
    async with server(version("1.18.2")) as (url, _):
        with pytest.raises(SettingsError, match=r"Qdrant 1\.18\.2; 1\.19 or newer"):
            async with open_qdrant_store(url, api_key=None, prefix="t", layout=Layout()):
                pass
    async with (
        server(version("1.19.0-dev")) as (url, _),
        open_qdrant_store(url, api_key=None, prefix="t", layout=Layout()) as store,
    ):
        assert await store.notes() == []


async def test_a_server_that_refuses_the_key_is_a_setting_to_mend() -> None:
    async with server(lambda _: web.json_response({"status": {"error": "Forbidden"}}, status=403)) as (
        url,
        _,
    ):
        with pytest.raises(SettingsError, match="QDRANT_API_KEY"):
            async with open_qdrant_store(url, api_key=None, prefix="t", layout=Layout()):
                pass


async def test_a_server_that_is_away_or_fails_is_unavailable() -> None:
    with pytest.raises(UnavailableError):
        async with open_qdrant_store("http://127.0.0.1:1", api_key=None, prefix="t", layout=Layout()):
            pass
    async with server(lambda _: web.Response(text="secret", status=503)) as (url, _):
        with pytest.raises(UnavailableError, match="HTTP 503") as caught:
            async with open_qdrant_store(url, api_key=None, prefix="t", layout=Layout()):
                pass
        assert "secret" not in str(caught.value)


async def test_a_collection_is_made_as_its_settings_say() -> None:
    layout = Layout(shards=6, replicas=3, quantization="scalar")
    async with server(version("1.20.0")) as (url, asked):
        client = AsyncQdrantClient(url=url, check_compatibility=False)
        store = QdrantStore(client, prefix="desk", layout=layout)
        with pytest.raises(UnavailableError):
            async with store.open(fingerprint="a model", dimensions=384):
                pass
        await client.close()
    (made,) = [body for method, path, body in asked if method == "PUT" and "/collections/desk_" in path]
    assert made["vectors"]["dense"] == {"size": 384, "distance": "Cosine"}
    assert made["sparse_vectors"]["words"] == {"modifier": "idf"}
    assert (made["shard_number"], made["replication_factor"]) == (6, 3)
    assert made["write_consistency_factor"] == 2
    assert made["quantization_config"]["scalar"]["type"] == "int8"
    assert made["metadata"]["fingerprint"] == "a model"


@pytest.mark.parametrize(
    ("layout", "written", "read"),
    [
        (Layout(), 1, None),
        (Layout(replicas=2), 2, None),
        (Layout(replicas=3), 2, 2),
        (Layout(replicas=3, write_consistency=3), 3, None),
        (Layout(replicas=3, write_consistency=1), 1, 3),
    ],
)
def test_whoever_reads_asks_a_replica_that_has_every_write(
    layout: Layout, written: int, read: int | None
) -> None:
    assert (layout.written_to, layout.read_from) == (written, read)
