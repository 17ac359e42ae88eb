"""What an asker alone is told: over a real socket and real NATS, with a worker's side stood in for."""

from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from bot.slack.asking_for import AskingFor
from bot.slack.audience import watching_people
from bot.slack.commands import ASK_ABOUT
from bot.slack.nats_claims import open_claims
from bot.slack.nats_questions import QuestionQueue
from bot.slack.nats_threads import open_threads
from bot.slack.offering import Offering
from bot.slack.offers import ANSWER_PRIVATELY
from bot.slack.slack_workspace import SlackWorkspace
from retrieval.client import RetrievalClient
from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.contract.slack.asked import asked
from tests.retrieval_stand_in import RetrievalStandIn, passage, retrieval_stand_in
from wire.questions import QuestionAsked

WORDS = "@answerdesk What are the salary bands in Berlin?"


@pytest.fixture
async def retrieval(client: Client) -> AsyncIterator[RetrievalStandIn]:
    async with retrieval_stand_in(client) as stand_in:
        stand_in.put(passage("Leave is paid.", document="leave"))
        bands = passage("The salary bands in Berlin.", document="bands", title="Salary bands")
        stand_in.put(bands, allow=frozenset({"group:S0PEOPLETEAM"}))
        yield stand_in


@pytest.fixture
async def offering(
    client: Client, workspace: SlackWorkspace, retrieval: RetrievalStandIn
) -> AsyncIterator[Offering]:
    claims = await open_claims(client)
    async with watching_people(workspace) as readers:
        yield Offering(
            retrieval=RetrievalClient(client),
            readers=readers,
            messages=workspace,
            asking_for=AskingFor(
                messages=workspace,
                store=QuestionQueue(client),
                participation=await open_threads(client),
                once=claims,
            ),
            once=claims,
            identity=workspace.identity,
            relevance_floor=0.15,
        )


def of(message: Message) -> QuestionAsked:
    return asked(
        channel=message.channel,
        ts=message.ts,
        thread_ts=message.thread_ts,
        user=message.user,
        text=message.text,
        external=None,
    )


def whispered(slack: Sandbox) -> list[Message]:
    return list(slack.workspace.whispers)


async def test_whoever_may_read_more_than_the_channel_is_told_and_nobody_else(
    slack: Sandbox, offering: Offering
) -> None:
    question = slack.say("marta", "general", WORDS)
    before = len(slack.messages("general"))
    await offering.answered(of(question))
    [offer] = whispered(slack)
    assert offer.visible_to == question.user
    assert offer.thread_ts == question.ts
    assert "bands" not in f"{offer.text} {offer.blocks}"
    assert len(slack.messages("general")) == before
    assert not slack.thread("general", question.ts)
    await offering.answered(of(question))
    assert len(whispered(slack)) == 1


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(("jonas", "general", WORDS), id="who may not read it"),
        pytest.param(("sam", "field-trials", WORDS), id="a guest"),
        pytest.param(("marta", "general", "@answerdesk Is leave paid?"), id="it is not among the best"),
        pytest.param(("marta", "general", "@answerdesk"), id="no words"),
        pytest.param(("marta", "dm", WORDS), id="it is answered in private anyway"),
    ],
)
async def test_whoever_may_not_is_told_nothing(
    slack: Sandbox, offering: Offering, retrieval: RetrievalStandIn, said: tuple[str, str, str]
) -> None:
    for n in range(3):
        retrieval.put(passage(f"Leave {n} is paid.", document=f"leave-{n}"))
    await offering.answered(of(slack.say(*said)))
    assert not whispered(slack)


async def test_nothing_is_searched_for_a_greeting(
    slack: Sandbox, offering: Offering, retrieval: RetrievalStandIn
) -> None:
    await offering.answered(of(slack.say("marta", "general", "@answerdesk good morning")))
    assert (retrieval.searches, whispered(slack)) == ([], [])


async def test_nothing_is_searched_for_a_mere_mention_below_a_question(
    slack: Sandbox, offering: Offering, retrieval: RetrievalStandIn
) -> None:
    root = slack.say("marta", "general", WORDS)
    await offering.answered(of(slack.say("marta", "general", "@answerdesk", thread_ts=root.ts)))
    assert (retrieval.searches, whispered(slack)) == ([], [])


async def test_the_search_behind_it_is_made_for_everybody_alike(
    slack: Sandbox, offering: Offering, retrieval: RetrievalStandIn
) -> None:
    """So that what it costs tells nobody who may read what."""
    for person in ("marta", "jonas"):
        await offering.answered(of(slack.say(person, "general", WORDS)))
    assert [search.query for search in retrieval.searches] == ["What are the salary bands in Berlin?"] * 2


async def test_in_a_channel_with_outsiders_an_employee_is_offered_what_employees_read(
    slack: Sandbox, offering: Offering
) -> None:
    """Promise 30: there, only ``external`` is searched for the answer itself."""
    await offering.answered(of(slack.say("priya", "partner-fernhill", "@answerdesk Is leave paid?")))
    [offer] = whispered(slack)
    assert offer.visible_to == "U0PRIYA"


async def test_where_it_can_not_be_told_who_reads_along_a_private_answer_is_offered(
    slack: Sandbox, offering: Offering
) -> None:
    slack.faults.lost_answers = {"conversations.info": 1}
    await offering.answered(of(slack.say("jonas", "general", "@answerdesk Is leave paid?")))
    [offer] = whispered(slack)
    assert "can't tell who reads along" in offer.text


@pytest.mark.usefixtures("bot")
async def test_a_private_answer_is_asked_for_once_and_in_the_direct_message(
    slack: Sandbox, offering: Offering, client: Client
) -> None:
    queue = QuestionQueue(client)
    root = slack.say("marta", "general", WORDS)
    await (await queue.take(most=1))[0].done()
    follow_up = slack.say("marta", "general", "and in Lisbon?", thread_ts=root.ts)
    await (await queue.take(most=1))[0].done()
    await offering.answered(of(follow_up))
    [offer] = whispered(slack)
    await slack.press("marta", offer, ANSWER_PRIVATELY)
    question = (await queue.take(most=1))[0].item
    assert question.direct
    assert question.user == "U0MARTA"
    assert question.text == "What are the salary bands in Lisbon?"
    [offer] = whispered(slack)
    assert "our direct message" in offer.text
    assert ANSWER_PRIVATELY not in str(offer.blocks)
    assert not slack.thread("general", root.ts)[1:]


@pytest.mark.usefixtures("bot")
async def test_a_private_answer_looks_into_the_files_of_the_question_too(
    slack: Sandbox, offering: Offering, client: Client
) -> None:
    queue = QuestionQueue(client)
    root = slack.say("marta", "general", WORDS, files=[("bands.csv", b"Berlin,1")])
    asked_here = (await queue.take(most=1))[0]
    await asked_here.done()
    await offering.answered(of(root))
    [offer] = whispered(slack)
    await slack.press("marta", offer, ANSWER_PRIVATELY)
    question = (await queue.take(most=1))[0].item
    assert question.direct
    assert [file.name for file in question.files] == ["bands.csv"]
    assert question.files == asked_here.item.files


async def test_with_the_worker_away_nobody_is_told_anything(
    slack: Sandbox, offering: Offering, retrieval: RetrievalStandIn
) -> None:
    retrieval.away = True
    await offering.answered(of(slack.say("marta", "general", WORDS)))
    assert not whispered(slack)


@pytest.mark.usefixtures("bot")
async def test_where_we_can_not_write_the_asker_is_told_in_private_and_may_be_answered_there(
    slack: Sandbox, offering: Offering, client: Client
) -> None:
    question = of(slack.say("jonas", "garden-club", "@answerdesk Is R&D leave paid?"))
    for _ in range(2):
        await offering.not_posted(question)
    [told] = slack.messages("dm", person="jonas")
    assert "could not write in" in told.text
    assert "<#C0GARDENCLUB>" in told.text
    await slack.press("jonas", told, ASK_ABOUT)
    asked_here = (await QuestionQueue(client).take(most=1))[0].item
    assert asked_here.text == "Is R&amp;D leave paid?"
    assert asked_here.direct
