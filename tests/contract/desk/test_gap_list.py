"""``answerdesk gaps``: what somebody should write, on a real stream."""

import io
from datetime import UTC, datetime

from nats.aio.client import Client
from rich.console import Console

from bot.answering.nats_gaps import NatsGaps
from desk.gap_list import list_gaps, show_gaps
from wire.gaps import KnowledgeGap, NearDocument


def gap(number: int, *, person: str, question: str) -> KnowledgeGap:
    return KnowledgeGap(
        id=str(number),
        person=person,
        question=question,
        why="not_found",
        relevance=0.1,
        nearest=(NearDocument(source="wiki", document="rooms.md", title="Meeting rooms"),),
        asked_at=datetime.now(UTC),
    )


async def test_questions_are_listed_most_wanted_first_and_nobody_is_named(
    client: Client, nats_url: str
) -> None:
    gaps = NatsGaps(client, within_s=20)
    await gaps.record(gap(1, person="T1:ADA", question="Who waters the plants?"))
    await gaps.record(gap(2, person="T1:ADA", question="Where is the [bold]bicycle cellar?"))
    await gaps.record(gap(3, person="T1:BEN", question="where is the [bold]bicycle cellar"))
    listed = await list_gaps(nats_url=nats_url)
    assert [(each.times, each.people) for each in listed.gaps] == [(2, 2), (1, 1)]
    written = io.StringIO()
    show_gaps(listed, Console(file=written, width=120), limit=1)
    text = written.getvalue()
    assert "2 people" in text
    assert "[bold]bicycle cellar" in text
    assert "wiki: Meeting rooms" in text
    assert "... and 1 more" in text
    assert "ADA" not in text + listed.to_json().decode()


async def test_where_every_question_has_found_an_answer_it_is_said(client: Client, nats_url: str) -> None:
    written = io.StringIO()
    show_gaps(await list_gaps(nats_url=nats_url), Console(file=written), limit=30)
    assert "has found an answer" in written.getvalue()
