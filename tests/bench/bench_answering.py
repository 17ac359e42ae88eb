"""What the pipeline adds to an answer, and how many it writes at once: without a model, and without Slack.

Real NATS and Valkey on this machine, retrieval stood in for (it answers at once), and a model that costs
nothing. First answers one after another: the pipeline's own milliseconds for a written and for a cached one,
against the bare round trip to retrieval in the same run. Then 500 at a time for some seconds, each writing
ten pieces of text a second: the process's CPU, its memory, and how late each piece reaches its reader.

Run: ``python tests/bench/bench_answering.py [--answers 500] [--seconds 10] [--json]``
"""

import argparse
import asyncio
import itertools
import json
import re
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.answering.allowance import Allowance
from bot.answering.answering import Answering, Limits
from bot.answering.model import Cited, Finished, ModelEvent, Text, Used
from bot.answering.prompt import Prompt
from bot.answering.question import Question
from bot.answering.quota import QuotaLimits
from bot.answering.tiktoken_tokens import TiktokenTokens
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import valkey
from bot.answering.valkey_flights import ValkeyFlights
from bot.answering.valkey_quota import ValkeyQuota
from desk.engines import nats_command, valkey_command
from retrieval.client import RetrievalClient
from tests.conftest import free_port, run_engine
from tests.retrieval_stand_in import passage, retrieval_stand_in
from wire.answers import Delta, Done, Failed, Usage
from wire.nats_connection import connected
from wire.search import SearchRequest

ONE_BY_ONE = 400
PIECES_A_SECOND = 10
DUE = re.compile(r"at (\d+\.\d+);")
WORDS = "Parents in Germany get fourteen months of parental leave between them. "


class TimedModel:
    """Writes pieces of text, each of which says when it was written."""

    name = "timed"
    metered = True
    reads_highlights = False
    reads_files = True

    def __init__(self, *, pieces: int, pace_s: float) -> None:
        self._pieces = pieces
        self._pace_s = pace_s

    async def count(self, prompt: Prompt) -> int | None:  # noqa: ARG002 — as `Model`
        return None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """Write them."""
        begun = time.monotonic()
        for number in range(self._pieces):
            if self._pace_s:
                await asyncio.sleep(begun + number * self._pace_s - time.monotonic())
            # The time that it was due: that this process came late to it counts as lateness, too.
            due = begun + number * self._pace_s if self._pace_s else time.monotonic()
            yield Text(text=f"at {due:.6f}; ")
        yield Cited(passage=0, quote=prompt.passages[0].text)
        yield Used(usage=Usage(input_tokens=prompt.tokens, output_tokens=20), counted=prompt.tokens + 20)
        yield Finished(stop="end")


@dataclass(frozen=True)
class Rig:
    """What a pipeline is put together from."""

    retrieval: RetrievalClient
    answering: Callable[[TimedModel], Answering]


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    """Engines of its own, on free ports."""
    count = TiktokenTokens.open().count
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        nats = nats_command(folder=folder / "nats", port=free_port(), password="bench")
        redis = valkey_command(folder=folder / "valkey", port=free_port(), password="bench")
        client = await stack.enter_async_context(
            connected(stack.enter_context(contextmanager(run_engine)(nats)), name="bench")
        )
        connection = await stack.enter_async_context(
            valkey(stack.enter_context(contextmanager(run_engine)(redis)))
        )
        shelf = await stack.enter_async_context(retrieval_stand_in(client))
        shelf.put(*(passage(WORDS * 12, document=f"d{number}") for number in range(8)))
        limits = Limits(
            question_chars=4000,
            prompt_tokens=12_000,
            answer_tokens=1500,
            answer_within_s=600,
            relevance_floor=0.0,
            answers_at_once=10_000,
        )
        quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=10**9, workspace_per_month=10**12))

        def answering(model: TimedModel) -> Answering:
            return Answering(
                retrieval=RetrievalClient(client, within_s=30),
                model=model,
                count=count,
                limits=limits,
                cache=ValkeyCache(connection),
                flights=ValkeyFlights(connection),
                quota=Allowance(quota, tokens_per_day=10**12),
            )

        yield Rig(retrieval=RetrievalClient(client), answering=answering)


def question(number: int) -> Question:
    """One of its own."""
    return Question(
        id=f"T1:C1:{number}:0",
        text=f"How many months of parental leave in Germany, case {number}?",
        person=f"T1:U{number % 50}",
        principals=("public",),
    )


async def one_by_one(rig: Rig) -> dict[str, Any]:
    """Milliseconds of one answer: written, from the cache, and the bare search."""
    answering = rig.answering(TimedModel(pieces=20, pace_s=0))
    took: dict[str, list[float]] = {"bare search": [], "written": [], "from the cache": []}
    cpu: dict[str, list[float]] = {name: [] for name in took}
    for number in range(ONE_BY_ONE):
        asked = question(number)
        request = SearchRequest(query=asked.text, principals=("public",), with_vector=True)
        for name, times in took.items():
            started, cpu_s = time.perf_counter(), time.process_time()
            if name == "bare search":
                await rig.retrieval.search(request)
            else:
                async for event in answering.answer(asked):
                    assert not isinstance(event, Done) or event.cached == (name == "from the cache")
            times.append(time.perf_counter() - started)
            cpu[name].append(time.process_time() - cpu_s)
    return {
        name: _spread(times) | {"cpu_p50_ms": round(statistics.median(cpu[name]) * 1000, 2)}
        for name, times in took.items()
    }


async def all_at_once(rig: Rig, *, answers: int, seconds: float) -> dict[str, Any]:
    """So many answers that grow at the same time."""
    model = TimedModel(pieces=round(seconds * PIECES_A_SECOND), pace_s=1 / PIECES_A_SECOND)
    answering = rig.answering(model)
    late: list[float] = []
    ends: Counter[str] = Counter()

    async def read(number: int) -> None:
        # As people ask: not all in the same millisecond.
        await asyncio.sleep(number / answers)
        shown = ""
        async for event in answering.answer(question(10**6 + number)):
            if isinstance(event, Delta):
                shown += event.text
                late.extend(time.monotonic() - float(due) for due in DUE.findall(shown))
                shown = shown[shown.rfind(";") + 1 :]
            elif isinstance(event, Done | Failed):
                ends[event.event if isinstance(event, Done) else event.code] += 1

    before_mib, cpu_s, started = _rss_mib(), time.process_time(), time.monotonic()
    await asyncio.gather(*(read(number) for number in range(answers)))
    wall_s = time.monotonic() - started
    return {
        "answers": answers,
        "ends": str(dict(ends)),
        "pieces": len(late),
        "wall_s": round(wall_s, 1),
        "cpu_s": round(time.process_time() - cpu_s, 1),
        "mib_more": round(_rss_mib() - before_mib, 1),
        "late": _spread(late),
    }


def _spread(times: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100)
    return {
        "p50_ms": round(statistics.median(times) * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "max_ms": round(max(times) * 1000, 1),
    }


def _rss_mib() -> float:
    """The most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def run(*, answers: int, seconds: float) -> dict[str, Any]:
    """All figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    async with rig() as engines:
        return {
            "one answer": await one_by_one(engines),
            "at once": await all_at_once(engines, answers=answers, seconds=seconds),
        }


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = asyncio.run(run(answers=arguments.answers, seconds=arguments.seconds))
    if arguments.json:
        print(json.dumps(found))
        return
    for name, row in itertools.chain.from_iterable(part.items() for part in found.values()):
        print(
            f"{name:16}",
            row if not isinstance(row, dict) else "  ".join(f"{k} {v:g}" for k, v in row.items()),
        )


if __name__ == "__main__":
    main()
