"""An answer says what it may have missed, and only then."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest
from nats.aio.client import Client

from bot.answering.freshness import Freshness
from bot.answering.nats_sources import NatsSources
from bot.answering.question import Attached, Turn
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import valkey
from tests.contract.answering.telling import Desk, question, tell
from tests.retrieval_stand_in import passage
from wire import subjects
from wire.nats_service import serving
from wire.shapes import Shape
from wire.sync import SourcesReply, SourceStatus, SyncRun

ANSWER = "Parents in Germany get 14 months of parental leave. [1]"
NOT_READ = "_The source handbook could not be read lately; what changed there may be missing here._"
NOW = datetime.now(UTC)
PATIENT_S = 20.0
"""For a busy machine; nothing here waits for so long."""


@asynccontextmanager
async def a_worker_whose_last_syncs(
    client: Client, **states: Literal["done", "failed"]
) -> AsyncIterator[list[bytes]]:
    """Serves ``sources.list`` as the worker does; gives the requests that came."""
    asked: list[bytes] = []

    async def listed(data: bytes) -> Shape:
        asked.append(data)
        return SourcesReply(
            sources=tuple(
                SourceStatus(
                    name=name,
                    kind="http",
                    documents=1,
                    runs=(SyncRun(run="r", source=name, state=state, started_at=NOW, ended_at=NOW),),
                )
                for name, state in states.items()
            )
        )

    endpoints = {subjects.SOURCES_LIST: listed}
    async with serving(client, name="admin", endpoints=endpoints, at_once=2, within_s=5):
        yield asked


async def test_an_answer_whose_source_could_not_be_read_says_so(desk: Desk, client: Client) -> None:
    async with a_worker_whose_last_syncs(client, handbook="failed", wiki="done") as asked:
        answering = desk.answering(freshness=Freshness(NatsSources(client), look_within_s=PATIENT_S))
        for _ in range(3):
            told = await tell(answering)
            assert told.done.text == told.deltas == f"{ANSWER}\n\n{NOT_READ}"
    assert len(asked) == 1, "once a minute, whatever is asked"


async def test_one_whose_own_sources_are_well_says_nothing(desk: Desk, client: Client) -> None:
    async with a_worker_whose_last_syncs(client, handbook="done", wiki="failed"):
        told = await tell(desk.answering(freshness=Freshness(NatsSources(client), look_within_s=PATIENT_S)))
    assert told.done.text == ANSWER


async def test_where_nothing_is_found_a_source_that_could_not_be_read_is_said_without_its_name(
    desk: Desk, client: Client
) -> None:
    """Its name may be more than this reader knows."""
    async with a_worker_whose_last_syncs(client, handbook="done", salaries="failed"):
        answering = desk.answering(
            freshness=Freshness(NatsSources(client), look_within_s=PATIENT_S), relevance_floor=0.99
        )
        told = await tell(answering, question("Quantum chromodynamics of parental lattices?"))
    assert "One of my sources could not be read lately" in told.done.text
    assert "salaries" not in told.done.text


async def test_where_nobody_says_nothing_is_said(desk: Desk, client: Client) -> None:
    assert (await tell(desk.answering(freshness=Freshness(NatsSources(client))))).done.text == ANSWER


@pytest.mark.parametrize(("lag_seconds", "told_so"), [(2.0, False), (400.0, True)])
async def test_an_index_that_is_behind_is_told_if_it_is_by_much(
    desk: Desk,
    lag_seconds: float,
    told_so: bool,  # noqa: FBT001 — pytest's way
) -> None:
    desk.retrieval.pending, desk.retrieval.lag_seconds = 3, lag_seconds
    text = (await tell(desk.answering())).done.text
    assert text.endswith("may be missing here._") == told_so
    assert ("3 changed documents are still being read" in text) == told_so


async def test_such_a_note_is_not_kept_for_those_who_are_served_the_answer_later(
    desk: Desk, valkey_url: str
) -> None:
    desk.retrieval.pending, desk.retrieval.lag_seconds = 3, 400.0
    async with valkey(valkey_url) as connection:
        answering = desk.answering(cache=ValkeyCache(connection))
        await tell(answering)
        desk.retrieval.pending = 0
        again = (await tell(answering)).done
    assert again.cached
    assert again.text == ANSWER


async def test_files_that_were_not_read_are_named_in_every_answer(desk: Desk, valkey_url: str) -> None:
    files = (Attached(id="F1", name="plan_*v2*.pdf"), Attached(id="F2", name="chart.png"))
    asked = replace(question(), files=files)
    why = "no language model is connected to read it"
    said = (
        f"_I couldn't read these attached files: plan\\_\\*v2\\*.pdf ({why}); chart.png ({why}). "
        "Paste the text that matters._"
    )
    async with valkey(valkey_url) as connection:
        answering = desk.answering(cache=ValkeyCache(connection))
        for _ in range(2):
            assert (await tell(answering, asked)).done.text == f"{ANSWER}\n\n{said}"
    nothing = await tell(
        desk.answering(relevance_floor=0.99), replace(asked, text="Quantum parental lattices?")
    )
    assert nothing.done.text.endswith(said)


async def test_a_conversation_of_which_only_the_end_is_known_is_said_to_be_one(desk: Desk) -> None:
    said = (Turn(role="user", author="Ada", text="Parental leave is on my mind."),)
    told = await tell(desk.answering(), replace(question(), conversation=said, cut=True))
    assert told.done.text.endswith(
        "_I could not read all of it: the oldest messages of this conversation did not fit._"
    )


async def test_what_did_not_fit_is_said(desk: Desk) -> None:
    desk.retrieval.put(
        *(passage("parental leave Germany " + "word " * 600, document=f"d{n}") for n in range(7))
    )
    said = tuple(Turn(role="user", author="Ada", text="word " * 900) for _ in range(5))
    told = await tell(desk.answering(prompt_tokens=3_000), question(conversation=said))
    assert told.done.text.endswith(
        "of the passages that I found and the oldest messages of this conversation did not fit._"
    )
