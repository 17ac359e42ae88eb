"""``GET /metrics``: for whom it is, and what it says where figures can't be had."""

import asyncio
import time

import aiohttp
import pytest
from aiohttp import web
from nats.aio.client import Client
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bot.web.aiohttp_server import serving_http
from wire.aiohttp_from_here import is_loopback
from wire.aiohttp_metrics import metrics_route
from wire.nats_connection import connected
from wire.prometheus_process import ProcessMetrics, QueueMetrics

TOKEN = SecretStr("a-long-token")


async def status_of(route: web.RouteDef, **headers: str) -> int:
    async with (
        serving_http(host="127.0.0.1", port=0, routes=[route]) as port,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics", headers=headers) as response,
    ):
        text = await response.text()
        assert ("answerdesk_build_info" in text) == (response.status == 200)
        return response.status


def route(*, token: SecretStr | None, host: str) -> web.RouteDef:
    return metrics_route(ProcessMetrics(service="bot").exposition, token=token, host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_metrics_are_for_whoever_shows_the_token(host: str) -> None:
    """Promise 37: 401 for everybody else, and nothing is told."""
    guarded = route(token=TOKEN, host=host)
    assert await status_of(guarded, Authorization="Bearer a-long-token") == 200
    assert await status_of(guarded) == 401
    assert await status_of(guarded, Authorization="Bearer a-long-toke") == 401
    assert await status_of(guarded, Authorization="Bearer a-long-token2") == 401
    assert await status_of(guarded, Authorization="Basic a-long-token") == 401


async def test_a_header_that_is_no_text_is_no_token() -> None:
    async with serving_http(host="127.0.0.1", port=0, routes=[route(token=TOKEN, host="0.0.0.0")]) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
        async with asyncio.timeout(30):
            assert await reader.readline() == b"HTTP/1.1 401 Unauthorized\r\n"
        writer.close()


async def test_without_a_token_they_are_served_on_this_machine_alone() -> None:
    """Promise 37: a port that is open to the network is no open book."""
    assert await status_of(route(token=None, host="127.0.0.1")) == 200
    assert await status_of(route(token=None, host="0.0.0.0")) == 401
    assert await status_of(route(token=None, host="0.0.0.0"), Authorization="Bearer ") == 401
    assert await status_of(route(token=None, host="0.0.0.0"), Authorization="Bearer None") == 401


async def test_without_a_token_nobody_reads_them_through_a_proxy_or_a_page() -> None:
    """What stands before us on this machine speaks for anybody, and so does a name made to point here."""
    open_here = route(token=None, host="127.0.0.1")
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert await status_of(open_here, **{name: "203.0.113.9"}) == 401
    assert await status_of(open_here, Host="evil.example.com") == 401
    assert await status_of(open_here, Host="localhost:8080") == 200
    guarded = route(token=TOKEN, host="127.0.0.1")
    shown = {"Authorization": "Bearer a-long-token", "X-Forwarded-For": "203.0.113.9"}
    assert await status_of(guarded, **shown) == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("", False),
        ("bot", False),
    ],
)
def test_which_hosts_are_this_machine_alone(host: str, loopback: object) -> None:
    assert is_loopback(host) == loopback


async def test_queues_are_looked_at_when_somebody_asks(client: Client) -> None:
    process = ProcessMetrics(service="worker")
    queues = QueueMetrics(client, process.registry, queues=("DOCUMENTS", "DOCUMENTS_FAILED"))
    process.refreshers.append(queues.refresh)
    await client.jetstream().publish("documents.changed.wiki", b"{}")
    values = {
        sample.name: sample.value
        for family in text_string_to_metric_families((await process.exposition()).decode())
        for sample in family.samples
    }
    assert values["answerdesk_documents_pending"] == 1
    assert values["answerdesk_documents_pending_oldest_seconds"] > 0
    assert values["answerdesk_documents_failed"] == 0
    assert values["answerdesk_documents_failed_oldest_seconds"] == 0


async def test_a_scrape_is_answered_though_the_queues_do_not_answer(own_nats: str) -> None:
    async with connected(own_nats, name="test") as nowhere:
        process = ProcessMetrics(service="worker")
        # No stream stands there.
        queues = QueueMetrics(nowhere, process.registry, queues=("DOCUMENTS",))
        process.refreshers.append(queues.refresh)
        assert b"answerdesk_build_info" in await process.exposition()


async def test_a_late_event_loop_is_seen() -> None:
    process = ProcessMetrics(service="bot")
    async with process.watching():
        await asyncio.sleep(0)
        time.sleep(0.6)  # noqa: ASYNC251 — what a late loop is
        await asyncio.sleep(0.3)
    text = (await process.exposition()).decode()
    values = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels
    }
    assert values["answerdesk_event_loop_lag_seconds_sum"] >= 0.3
