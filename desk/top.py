"""``answerdesk top``: the system at a glance, from its own metrics."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp
from pydantic import AwareDatetime

from desk.data_folder import DataFolder
from desk.prometheus_reading import Samples, read_samples
from desk.running import read_running
from wire.errors import UnavailableError
from wire.settings import Settings
from wire.shapes import Shape

LOOK_EVERY_S = 2.0
LOOK_WITHIN_S = 3.0
LAST_S = 60.0
"""Rates and quantiles of the live view are of the last minute."""
LOOPBACK = "127.0.0.1"


class Spread(Shape):
    """Half of them took at most this long, 19 of 20 at most that, seconds; None where there were none."""

    p50: float | None = None
    p95: float | None = None


class Process(Shape):
    """One of ours."""

    url: str
    service: str
    """``away`` where it does not answer."""
    memory_bytes: float = 0.0
    lag_p99_s: float | None = None


class Glance(Shape):
    """What is going on.

    Attributes:
        seconds: rates and spreads are of so long; 0: since each process's start.
    """

    at: AwareDatetime
    seconds: float
    processes: tuple[Process, ...]
    questions: float
    outcomes: dict[str, float]
    origins: dict[str, float]
    waiting: float
    waiting_oldest_s: float
    first_words_s: Spread
    answer_s: Spread
    search_s: Spread
    model_first_words_s: Spread
    model_calls: dict[str, float]
    tokens: dict[str, float]
    saved_tokens: float
    cost_usd: float
    slack_calls: dict[str, float]
    documents: dict[str, float]
    backlog: float
    backlog_oldest_s: float
    given_up: float
    freshness_s: Spread


class Looker:
    """Looks at processes, and remembers the looks of the last minute."""

    def __init__(self, urls: Sequence[str], *, token: str | None = None) -> None:
        """Look at these (``http://host:port``), with ``METRICS_TOKEN`` where it is set."""
        self._urls = urls
        self._token = token
        self._looks: deque[tuple[float, Samples]] = deque()

    async def glance(self, *, live: bool) -> Glance:
        """Look now; ``live`` tells of the last minute, and else it is all since the processes' start.

        Raises:
            UnavailableError: none of them answers, or another program does.
        """
        now = time.monotonic()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LOOK_WITHIN_S)) as session:
            pages = await asyncio.gather(*(self._page(session, url) for url in self._urls))
        told = [(url, page) for url, page in zip(self._urls, pages, strict=True) if page is not None]
        try:
            samples = read_samples(told)
        except ValueError:
            raise UnavailableError(
                f"What answers at {' or '.join(url for url, _ in told)} is no bot or worker of ours.",
                service="metrics",
            ) from None
        if not told:
            raise UnavailableError(
                f"Nothing answers at {' or '.join(self._urls)}. Is it running, and is METRICS_TOKEN right?",
                service="metrics",
            )
        while self._looks and now - self._looks[0][0] > LAST_S:
            self._looks.popleft()
        before = self._looks[0] if live and self._looks else None
        self._looks.append((now, samples))
        lately = samples.since(before[1]) if before else samples
        away = [url for url, page in zip(self._urls, pages, strict=True) if page is None]
        return _glance(samples, lately, seconds=now - before[0] if before else 0.0, away=away)

    async def _page(self, session: aiohttp.ClientSession, url: str) -> str | None:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            async with session.get(f"{url}/metrics", headers=headers) as response:
                return await response.text() if response.status == HTTPStatus.OK else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None


def looker_for(settings: Settings, *, folder_urls: Sequence[str], given: Sequence[str]) -> Looker:
    """Looks at the given addresses, or else at what runs on the data folder, or else where settings say."""
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    urls = [url.rstrip("/") for url in given] or list(folder_urls) or _as_set(settings)
    return Looker(urls, token=token)


def running_urls(settings: Settings) -> list[str]:
    """Where ``answerdesk up`` on this data folder is, if it runs."""
    running = read_running(DataFolder(path=settings.data_dir.absolute()))
    if running is None:
        return []
    ports = (running.bot_http_port, running.worker_http_port)
    return [f"http://{LOOPBACK}:{port}" for port in ports if port]


def _as_set(settings: Settings) -> list[str]:
    ports = (settings.http_port, settings.worker_http_port)
    return [f"http://{LOOPBACK}:{port}" for port in ports if port]


def _glance(samples: Samples, lately: Samples, *, seconds: float, away: Sequence[str]) -> Glance:
    def spread(name: str, **labels: str) -> Spread:
        return Spread(p50=lately.quantile(0.5, name, **labels), p95=lately.quantile(0.95, name, **labels))

    return Glance(
        at=datetime.now(UTC),
        seconds=round(seconds, 1),
        processes=(*_processes(samples, lately), *(Process(url=url, service="away") for url in away)),
        questions=lately.total("answerdesk_answers_total"),
        outcomes=lately.by("outcome", "answerdesk_answers_total"),
        origins=lately.by("origin", "answerdesk_answers_total"),
        waiting=samples.most("answerdesk_questions_pending"),
        waiting_oldest_s=samples.most("answerdesk_questions_pending_oldest_seconds"),
        first_words_s=spread("answerdesk_first_words_seconds"),
        answer_s=spread("answerdesk_answer_seconds"),
        search_s=spread("answerdesk_search_stage_seconds", stage="total"),
        model_first_words_s=spread("answerdesk_model_first_words_seconds"),
        model_calls=lately.by("result", "answerdesk_model_calls_total"),
        tokens=lately.by("kind", "answerdesk_model_tokens_total"),
        saved_tokens=lately.total("answerdesk_answer_saved_tokens_total"),
        cost_usd=lately.total("answerdesk_model_cost_usd_total"),
        slack_calls=lately.by("result", "answerdesk_slack_calls_total"),
        documents=lately.by("outcome", "answerdesk_documents_total"),
        backlog=samples.most("answerdesk_documents_pending"),
        backlog_oldest_s=samples.most("answerdesk_documents_pending_oldest_seconds"),
        given_up=samples.most("answerdesk_documents_failed"),
        freshness_s=spread("answerdesk_document_freshness_seconds"),
    )


def _processes(samples: Samples, lately: Samples) -> list[Process]:
    return [
        Process(
            url=url,
            service=next(iter(samples.by("service", "answerdesk_build_info", instance=url)), "?"),
            memory_bytes=samples.total("process_resident_memory_bytes", instance=url),
            lag_p99_s=lately.quantile(0.99, "answerdesk_event_loop_lag_seconds", instance=url),
        )
        for url in samples.by("instance", "answerdesk_build_info")
    ]
