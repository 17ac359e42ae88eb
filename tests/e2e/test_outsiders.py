"""Where outsiders read along, or that is unknown: a real bot, and a worker's side that counts searches."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from nats.aio.client import Client

from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.e2e.bot_fleet import Fleet
from tests.retrieval_stand_in import RetrievalStandIn, passage, retrieval_stand_in
from tests.until import until

WITHIN_S = 60
CANARY = "The secret of the garden is 4711."
QUESTION = "@answerdesk What is the secret of the garden?"


@pytest.fixture
async def retrieval(client: Client) -> AsyncIterator[RetrievalStandIn]:
    async with retrieval_stand_in(client) as stand_in:
        stand_in.put(passage(CANARY, document="secret"))
        yield stand_in


@pytest.fixture
async def bot(
    nats_url: str, valkey_url: str, slack: Sandbox, retrieval: RetrievalStandIn, tmp_path: Path
) -> AsyncIterator[None]:
    env = {"NATS_URL": nats_url, "REDIS_URL": valkey_url, "DATA_DIR": str(tmp_path)}
    fleet = Fleet(slack=slack, env=env, folder=tmp_path)
    fleet.start()
    await until(lambda: slack.open_sockets, within_s=WITHIN_S)
    yield
    fleet.kill()


def answers(slack: Sandbox, question: Message, channel: str) -> str:
    """What stands under a question, once it is finished."""
    replies = [each for each in slack.thread(channel, question.ts, person=question.user) if each.by_app]
    finished = replies and "answerdesk_again" in str(replies[-1].blocks)
    return " ".join(f"{each.text} {each.blocks}" for each in replies) if finished else ""


@pytest.mark.usefixtures("bot")
async def test_outsiders_get_nothing_whoever_they_are(slack: Sandbox, retrieval: RetrievalStandIn) -> None:
    """Promise 30: shared, about to be, guests, strangers: ``external`` alone is searched for what they read.

    What the asker may read is searched apart, for an offer that they alone see.
    """
    slack.share("travel")
    slack.take_in("jonas", "engineering", who="sam")
    slack.workspace.conversations["C0GENERAL"].pending_external = True
    cases = [
        ("priya", "travel"),
        ("priya", "partner-fernhill"),
        ("jonas", "engineering"),
        ("jonas", "general"),
        ("sam", "dm"),
        ("rosa", "partner-fernhill"),
    ]
    for person, channel in cases:
        question = slack.say(person, channel, QUESTION)
        text = await until(partial(answers, slack, question, channel), within_s=WITHIN_S)
        assert "4711" not in text, (person, channel)
    searched = [search.principals for search in retrieval.searches]
    assert searched.count(("external",)) == len(cases)
    offers = [principals for principals in searched if principals != ("external",)]
    assert all({"user:U0PRIYA", "user:U0JONAS"} & set(principals) for principals in offers)


@pytest.mark.usefixtures("bot")
async def test_where_it_can_not_be_told_nothing_is_searched(
    slack: Sandbox, retrieval: RetrievalStandIn
) -> None:
    """Promise 30: a refusal, and no retrieval call at all; the asker alone is offered a private answer."""
    for number, method in enumerate(("conversations.info", "conversations.members"), start=1):
        slack.faults.lost_answers = {method: 1_000}
        question = slack.say("jonas", "general", QUESTION)
        text = await until(partial(answers, slack, question, "general"), within_s=WITHIN_S)
        assert "who will read" in text
        await until(lambda: len(slack.whispers("jonas")) >= number, within_s=WITHIN_S)  # noqa: B023 — awaited here
    assert not retrieval.searches
