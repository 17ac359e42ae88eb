"""Where the documents have no answer: who may know is named, and the question is kept."""

from datetime import UTC, datetime

from nats.aio.client import Client

from bot.answering.nats_gaps import NatsGaps
from bot.answering.small_talk import HELLO
from bot.answering.unanswered import NO_MODEL
from tests.claude_stand_in import Script
from tests.contract.answering.telling import Desk, question, tell
from tests.retrieval_stand_in import passage
from wire import subjects
from wire.gaps import KnowledgeGap

TRAVEL = passage(
    "# Travel\n\n- Owner: Finance *team* <!here>\n\nTrips are booked early.",
    document="travel",
    title="Travel policy",
)
LATER = passage("Trains are better than planes.", document="travel", title="Travel policy", ordinal=3)
TRAINS = "Are trains better than rockets for visits to the moon?"


async def test_nothing_found_names_the_nearest_and_whom_to_ask(desk: Desk) -> None:
    desk.retrieval.put(TRAVEL, LATER)
    desk.retrieval.remove("leave-policy")
    told = await tell(desk.answering(relevance_floor=0.95), question(TRAINS))
    assert told.done.model == NO_MODEL
    assert told.done.text == (
        "I couldn't find this in the documents that I may show here. The nearest is Travel policy [1]. "
        "You could ask Finance \\*team\\* &lt;\\!here\\>."
    )


async def test_a_question_without_an_answer_is_kept_once(desk: Desk, client: Client) -> None:
    gaps = NatsGaps(client, within_s=20)
    answering = desk.answering(gaps=gaps, relevance_floor=0.95)
    for _ in range(2):
        await tell(answering, question(TRAINS))
    (gap,) = await gaps.newest()
    assert (gap.question, gap.why, gap.person) == (TRAINS, "not_found", "T1:U1")
    assert [near.document for near in gap.nearest] == ["leave-policy"]


async def test_an_answer_that_stands_on_nothing_is_a_gap_too(desk: Desk, client: Client) -> None:
    gaps = NatsGaps(client, within_s=20)
    desk.claude.scripts.append(Script(text="The documents do not say."))
    await tell(desk.answering(gaps=gaps))
    assert [gap.why for gap in await gaps.newest()] == ["not_answered"]


async def test_a_greeting_is_returned_without_a_search_a_model_or_a_gap(desk: Desk, client: Client) -> None:
    gaps = NatsGaps(client, within_s=20)
    told = await tell(desk.answering(gaps=gaps, relevance_floor=0.95), question("Good morning!"))
    assert told.done.text == told.deltas == HELLO
    assert (desk.retrieval.searches, desk.claude.requests) == ([], [])
    assert await gaps.newest() == []


async def test_an_answer_with_sources_is_none(desk: Desk, client: Client) -> None:
    gaps = NatsGaps(client, within_s=20)
    await tell(desk.answering(gaps=gaps))
    assert await gaps.newest() == []


async def test_one_persons_questions_do_not_crowd_out_others_and_can_be_erased(client: Client) -> None:
    gaps = NatsGaps(client, within_s=20)
    of_ada = KnowledgeGap(
        id="1", person="T1:ADA", question="?", why="not_found", relevance=0, asked_at=datetime.now(UTC)
    )
    await gaps.record(of_ada)
    for n in range(205):
        await gaps.record(of_ada.model_copy(update={"id": f"ben-{n}", "person": "T1:BEN"}))
    kept = await gaps.newest(most=1_000)
    assert len([gap for gap in kept if gap.person == "T1:BEN"]) == 200
    assert kept[-1] == of_ada
    await client.jetstream().purge_stream(subjects.GAPS_STREAM, subject=subjects.gaps_found("T1:BEN"))
    assert await gaps.newest() == [of_ada]


async def test_no_answer_waits_long_for_it(desk: Desk, client: Client) -> None:
    await client.jetstream().delete_stream(subjects.GAPS_STREAM)
    told = await tell(desk.answering(gaps=NatsGaps(client), relevance_floor=0.95), question(TRAINS))
    assert told.done.model == NO_MODEL
