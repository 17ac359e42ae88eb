"""Who reads an answer decides what is searched."""

import pytest

from bot.slack.audience import Audience
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.service import Sandbox
from tests.contract.slack.asked import asked
from wire.errors import RefusedError


def direct(sandbox: Sandbox, person: str) -> str:
    return sandbox.workspace.channel("dm", seen_by=sandbox.workspace.person(person))


async def test_in_a_direct_message_the_reader_is_the_asker(slack: Sandbox, workspace: SlackWorkspace) -> None:
    principals = await Audience(workspace).principals(asked(channel=direct(slack, "marta"), user="U0MARTA"))
    assert set(principals) == {
        "public",
        "user:U0MARTA",
        "email:marta.keller@larkspur.example",
        "group:S0PEOPLETEAM",
    }


async def test_in_a_channel_it_is_everybody_there(workspace: SlackWorkspace) -> None:
    """The asker's own rights count for nothing: others read the answer."""
    principals = await Audience(workspace).principals(asked(channel="C0GENERAL", user="U0MARTA"))
    assert principals == ("public", "channel:C0GENERAL")


async def test_a_guest_reads_what_is_meant_for_outsiders(slack: Sandbox, workspace: SlackWorkspace) -> None:
    """Promise 30."""
    audience = Audience(workspace)
    assert await audience.principals(asked(channel=direct(slack, "sam"), user="U0SAM")) == ("external",)


async def test_one_guest_in_a_channel_is_enough(slack: Sandbox, workspace: SlackWorkspace) -> None:
    """Promise 30."""
    slack.workspace.conversations["C0GENERAL"].members.append("U0SAM")
    assert await Audience(workspace).principals(asked(channel="C0GENERAL")) == ("external",)


async def test_in_a_channel_shared_with_another_company_only_external_is_searched(
    slack: Sandbox, workspace: SlackWorkspace
) -> None:
    """Promise 30: by Slack's word in the event, or by asking."""
    shared = next(channel.id for channel in slack.workspace.company.channels if channel.external)
    assert await Audience(workspace).principals(asked(channel=shared)) == ("external",)
    assert await Audience(workspace).principals(asked(external=True)) == ("external",)


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members", "users.list"])
async def test_where_it_cannot_be_told_nothing_is_searched(
    slack: Sandbox, workspace: SlackWorkspace, method: str
) -> None:
    """Promise 30: a refusal, not a guess."""
    slack.faults.lost_answers = {method: 1}
    with pytest.raises(RefusedError, match="who will read"):
        await Audience(workspace).principals(asked())


async def test_without_user_groups_a_reader_sees_less_not_more(
    slack: Sandbox, workspace: SlackWorkspace
) -> None:
    slack.faults.lost_answers = {"usergroups.list": 1}
    principals = await Audience(workspace).principals(asked(channel=direct(slack, "marta"), user="U0MARTA"))
    assert not [principal for principal in principals if principal.startswith("group:")]
