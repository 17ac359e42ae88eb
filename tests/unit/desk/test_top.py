"""The system at a glance: what several processes count, added up and shown."""

import io
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console

from bot.answering.observing import Told
from bot.prometheus_metrics import BotMetrics
from desk.glancing import shown
from desk.prometheus_reading import Samples, read_samples
from desk.top import Glance, Looker, Process, Spread
from wire.errors import UnavailableError
from wire.prometheus_process import ProcessMetrics


async def page(*seconds: float) -> str:
    """What a bot exposes after answers that took so long."""
    process = ProcessMetrics(service="bot")
    metrics = BotMetrics(process.registry)
    for each in seconds:
        metrics.told(Told(face="slack", outcome="answered", origin="written", seconds=each))
    return (await process.exposition()).decode()


async def test_what_two_bots_count_is_added_up() -> None:
    samples = read_samples([("http://a", await page(0.1, 0.2)), ("http://b", await page(3.0))])
    assert samples.total("answerdesk_answers_total") == 3
    assert samples.by("outcome", "answerdesk_answers_total") == {"answered": 3}
    assert samples.by("instance", "answerdesk_answers_total") == {"http://a": 2, "http://b": 1}
    assert samples.total("answerdesk_answers_total", outcome="not_found") == 0


async def test_a_quantile_lies_within_the_bucket_that_holds_it() -> None:
    samples = read_samples([("http://a", await page(*[0.2] * 95, *[4.0] * 5))])
    median = samples.quantile(0.5, "answerdesk_answer_seconds")
    slowest = samples.quantile(0.99, "answerdesk_answer_seconds")
    assert median is not None
    assert slowest is not None
    assert 0.1 <= median <= 0.25
    assert 3.0 <= slowest <= 5.0
    assert samples.quantile(0.5, "answerdesk_first_words_seconds") is None


async def test_only_what_came_since_is_told_and_a_restart_begins_anew() -> None:
    before = read_samples([("http://a", await page(0.1, 0.1, 0.1))])
    after = read_samples([("http://a", await page(0.1, 0.1, 0.1, 0.1))])
    assert after.since(before).total("answerdesk_answers_total") == 1
    restarted = read_samples([("http://a", await page(0.1))])
    assert restarted.since(before).total("answerdesk_answers_total") == 1


def test_nothing_is_nothing() -> None:
    assert Samples({}).most("answerdesk_questions_pending") == 0


GLANCE = Glance(
    at=datetime(2026, 11, 25, 12, 0, tzinfo=UTC),
    seconds=60.0,
    processes=(
        Process(url="http://127.0.0.1:8080", service="bot", memory_bytes=120 * 1024 * 1024, lag_p99_s=0.004),
        Process(url="http://127.0.0.1:8081", service="away"),
    ),
    questions=30,
    outcomes={"answered": 28, "model_unavailable": 2},
    origins={"written": 20, "same_words": 8},
    waiting=2,
    waiting_oldest_s=90.0,
    first_words_s=Spread(p50=0.8, p95=6.2),
    answer_s=Spread(p50=2.0, p95=9.0),
    search_s=Spread(p50=0.02, p95=0.05),
    model_first_words_s=Spread(),
    model_calls={"end": 20},
    tokens={"input": 40_000, "output": 4_000},
    saved_tokens=16_000,
    cost_usd=0.18,
    slack_calls={"ok": 120, "rate_limited": 3},
    documents={"indexed": 5},
    backlog=0,
    backlog_oldest_s=0,
    given_up=1,
    freshness_s=Spread(p50=0.4, p95=0.9),
)


@pytest.mark.parametrize("width", [200, 100, 46])
def test_it_is_told_within_the_terminals_width(width: int) -> None:
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False).print(shown(GLANCE))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    for told in ("30.0 a minute", "model unavailable", "800 ms / 6.2 s", "2, oldest 90 s", "away", "$0.1800"):
        assert told in text, text


async def test_another_program_at_that_address_is_told_of() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<p>hello {there}</p>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/metrics", page)
    async with TestServer(app) as server:
        with pytest.raises(UnavailableError, match="no bot or worker of ours"):
            await Looker([str(server.make_url("")).rstrip("/")]).glance(live=False)
