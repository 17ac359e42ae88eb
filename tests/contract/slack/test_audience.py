"""Who reads an answer decides what is searched."""

from collections.abc import AsyncIterator

import pytest

from bot.answering.quota import Asker
from bot.slack.audience import Ages, Audience, watching_people
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.faults import RateLimited
from sandbox.service import Sandbox
from tests.contract.slack.asked import asked
from wire.errors import RefusedError


@pytest.fixture
async def audience(workspace: SlackWorkspace) -> AsyncIterator[Audience]:
    async with watching_people(workspace, people_within_s=1) as watching:
        yield watching


def direct(sandbox: Sandbox, person: str) -> str:
    return sandbox.workspace.channel("dm", seen_by=sandbox.workspace.person(person))


async def test_in_a_direct_message_the_reader_is_the_asker(slack: Sandbox, audience: Audience) -> None:
    principals = await audience.principals(asked(channel=direct(slack, "marta"), user="U0MARTA"))
    assert set(principals) == {
        "public",
        "user:U0MARTA",
        "email:marta.keller@larkspur.example",
        "group:S0PEOPLETEAM",
    }


async def test_what_the_asker_looks_at_says_nothing_of_what_they_may_read(
    slack: Sandbox, audience: Audience
) -> None:
    question = asked(channel=direct(slack, "marta"), user="U0MARTA")
    beside = question.model_copy(update={"viewing": "C0TRAVEL"})
    assert await audience.principals(beside) == await audience.principals(question)


async def test_in_a_channel_it_is_everybody_there(audience: Audience) -> None:
    """The asker's own rights count for nothing: others read the answer."""
    principals = await audience.principals(asked(channel="C0GENERAL", user="U0MARTA"))
    assert principals == ("public", "channel:C0GENERAL")


async def test_a_guest_reads_what_is_meant_for_outsiders(slack: Sandbox, audience: Audience) -> None:
    """Promise 30."""
    assert await audience.principals(asked(channel=direct(slack, "sam"), user="U0SAM")) == ("external",)


async def test_one_guest_in_a_channel_is_enough(slack: Sandbox, audience: Audience) -> None:
    """Promise 30."""
    slack.workspace.conversations["C0GENERAL"].members.append("U0SAM")
    assert await audience.principals(asked(channel="C0GENERAL")) == ("external",)


async def test_in_a_channel_shared_with_another_company_only_external_is_searched(
    slack: Sandbox, audience: Audience
) -> None:
    """Promise 30: by Slack's word in the event, or by asking."""
    shared = next(channel.id for channel in slack.workspace.company.channels if channel.external)
    assert await audience.principals(asked(channel=shared)) == ("external",)
    assert await audience.principals(asked(external=True)) == ("external",)


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members"])
async def test_where_it_cannot_be_told_nothing_is_searched(
    slack: Sandbox, audience: Audience, method: str
) -> None:
    """Promise 30: a refusal, not a guess."""
    slack.faults.lost_answers = {method: 1}
    with pytest.raises(RefusedError, match="who will read"):
        await audience.principals(asked())


async def test_without_user_groups_a_reader_sees_less_not_more(slack: Sandbox, audience: Audience) -> None:
    slack.faults.lost_answers = {"usergroups.list": 1}
    principals = await audience.principals(asked(channel=direct(slack, "marta"), user="U0MARTA"))
    assert not [principal for principal in principals if principal.startswith("group:")]


async def test_without_the_list_of_people_nothing_is_searched(
    slack: Sandbox, workspace: SlackWorkspace
) -> None:
    """Promise 30: who is a guest can't be told."""
    slack.faults.rate_limited = {"users.list": RateLimited(calls=1000, retry_after_s=60)}
    async with watching_people(workspace, people_within_s=0.2) as audience:
        with pytest.raises(RefusedError, match="who will read"):
            await audience.principals(asked())
        assert len(slack.calls("users.list")) == 1


async def test_whoever_is_made_a_guest_reads_as_one_once_asked_again(
    slack: Sandbox, workspace: SlackWorkspace
) -> None:
    question = asked(channel=direct(slack, "theo"), user="U0THEO")
    async with watching_people(workspace, ages=Ages(asker_s=0)) as audience:
        assert "public" in await audience.principals(question)
        theo = slack.workspace.users["U0THEO"]
        slack.workspace.users["U0THEO"] = theo.model_copy(update={"guest": True})
        assert await audience.principals(question) == ("external",)


async def test_a_question_draws_from_its_askers_and_their_groups_quotas_in_their_zone(
    slack: Sandbox, audience: Audience
) -> None:
    known = Asker(person="T0LARKSPUR:U0JONAS", groups=("S0ONCALL",), zone="Europe/Berlin")
    assert await audience.asker("U0JONAS", team="T0LARKSPUR") == known


async def test_whoever_slack_says_nothing_of_draws_from_their_own(slack: Sandbox, audience: Audience) -> None:
    slack.faults.rate_limited = {"users.info": RateLimited(calls=5, retry_after_s=30)}
    assert await audience.asker("U0JONAS", team="T0LARKSPUR") == Asker(person="T0LARKSPUR:U0JONAS")
