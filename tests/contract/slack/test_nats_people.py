"""What changes about people is known to every bot within moments, not once what it remembers is old."""

from collections.abc import AsyncIterator, Callable

import pytest
from nats.aio.client import Client

from bot.slack.audience import Ages, Audience, watching_people
from bot.slack.nats_people import hearing_of_people
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.service import Sandbox
from tests.contract.slack.asked import asked
from tests.until import until
from wire import subjects

WITHIN_S = 30
FOR_GOOD = Ages(people_s=3_600, asker_s=3_600, groups_s=3_600, channel_s=3_600)
EVERYBODY = ("public", "channel:C0GENERAL")


@pytest.fixture
async def audience(client: Client, workspace: SlackWorkspace) -> AsyncIterator[Audience]:
    """That of another bot than the one whose socket the events come to; by age it would learn in an hour."""
    async with (
        watching_people(workspace, ages=FOR_GOOD) as watching,
        hearing_of_people(client, watching.changed),
    ):
        yield watching


async def reads(audience: Audience, principals: tuple[str, ...]) -> None:
    async def so() -> bool:
        return await audience.principals(asked(channel="C0GENERAL")) == principals

    await until(so, within_s=WITHIN_S)


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("comes", "goes"),
    [
        pytest.param(
            lambda slack: slack.take_in("jonas", "general", who="sam"),
            lambda slack: slack.leave("sam", "general"),
            id="a guest joins and leaves",
        ),
        pytest.param(
            lambda slack: slack.change_person("theo", guest=True),
            lambda slack: slack.change_person("theo", guest=False),
            id="a member becomes a guest and a member again",
        ),
        pytest.param(
            lambda slack: slack.share("general"),
            lambda slack: slack.share("general", external=False),
            id="the channel is shared with another company and no more",
        ),
    ],
)
async def test_who_reads_along_in_a_channel(
    slack: Sandbox, audience: Audience, comes: Callable[[Sandbox], None], goes: Callable[[Sandbox], None]
) -> None:
    """Promise 30: within a minute of the event."""
    await reads(audience, EVERYBODY)
    comes(slack)
    await reads(audience, ("external",))
    goes(slack)
    await reads(audience, EVERYBODY)


@pytest.mark.usefixtures("bot")
async def test_which_groups_somebody_is_in_and_what_they_are_called(
    slack: Sandbox, audience: Audience
) -> None:
    """Promise 29: what was given to a group is hidden from whoever leaves it."""
    assert "group:S0PEOPLETEAM" in await audience.of_person("U0MARTA")
    slack.change_group("people-team", members=("ines",))

    async def left() -> bool:
        return "group:S0PEOPLETEAM" not in await audience.of_person("U0MARTA")

    await until(left, within_s=WITHIN_S)
    slack.change_person("marta", email="marta.jensen@larkspur.example")

    async def renamed() -> bool:
        return "email:marta.jensen@larkspur.example" in await audience.of_person("U0MARTA")

    await until(renamed, within_s=WITHIN_S)


@pytest.mark.usefixtures("bot")
async def test_a_member_who_stays_one_has_no_channel_looked_at_anew(
    slack: Sandbox, audience: Audience
) -> None:
    """Every status that a calendar sets is news, of somebody in a large company at any moment."""
    await reads(audience, EVERYBODY)
    assert "user:U0THEO" in await audience.of_person("U0THEO")
    slack.change_person("theo", email="theo.brandt@larkspur.example")

    async def heard() -> bool:
        return "email:theo.brandt@larkspur.example" in await audience.of_person("U0THEO")

    await until(heard, within_s=WITHIN_S)
    before = len(slack.calls())
    await reads(audience, EVERYBODY)
    assert len(slack.calls()) == before


async def test_without_news_what_was_read_too_long_ago_is_asked_for_anew(
    slack: Sandbox, workspace: SlackWorkspace
) -> None:
    """By age, should Slack's event be lost: here at once, five minutes by default."""
    async with watching_people(workspace, ages=Ages(people_s=0)) as audience:
        assert await audience.principals(asked(channel="C0GENERAL")) == EVERYBODY
        theo = slack.workspace.users["U0THEO"]
        slack.workspace.users["U0THEO"] = theo.model_copy(update={"guest": True})
        assert await audience.principals(asked(channel="C0ENGINEERING")) == ("external",)


async def test_news_that_can_not_be_read_is_passed_over(client: Client, audience: Audience) -> None:
    await client.publish(subjects.PEOPLE_CHANGED, b"no news")
    await client.publish(subjects.PEOPLE_CHANGED, b'{"groups": true}')
    await client.flush()
    assert "public" in await audience.of_person("U0MARTA")
