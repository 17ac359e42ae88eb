"""``/answerdesk channel``: what an admin sets holds from the next question on."""

from datetime import UTC, datetime
from typing import Any

import pytest
from nats.aio.client import Client

from bot.answering.question import Manner
from bot.forgetting import Forgetting
from bot.home.nats_preferences import NatsPreferences, open_preferences
from bot.slack.asking import Asking
from bot.slack.audience import watching_people
from bot.slack.events import Asked
from bot.slack.following import Following
from bot.slack.nats_claims import open_claims
from bot.slack.nats_questions import QuestionQueue
from bot.slack.nats_stops import hearing_stops
from bot.slack.nats_threads import open_threads
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.service import Sandbox
from tests.contract.home.conftest import audited, newest_whisper
from wire import subjects
from wire.errors import MalformedError
from wire.nats_audit import NatsAudit
from wire.preferences import ChannelPreferences, PersonalPreferences
from wire.questions import QuestionAsked

TEAM, GENERAL, PARTNER = "T0LARKSPUR", "C0GENERAL", "C0FERNHILL"
FINANCE = "group:S0FINANCE"


@pytest.fixture
async def kept(client: Client) -> NatsPreferences:
    return await open_preferences(client)


def asked(**changes: Any) -> QuestionAsked:
    fields: dict[str, Any] = {
        "team": TEAM,
        "channel": GENERAL,
        "ts": "1700000000.000001",
        "user": "U0JONAS",
        "text": "how many days?",
        "asked_at": datetime.now(UTC),
    }
    return QuestionAsked(**(fields | changes))


def typed(**fields: Any) -> dict[str, dict[str, Any]]:
    """What stands in the modal's fields."""
    return {block: {f"home_{block}": value} for block, value in fields.items()}


@pytest.mark.usefixtures("front", "worker")
async def test_an_admin_sets_a_channel_up_and_it_is_kept_and_noted(
    slack: Sandbox, client: Client, kept: NatsPreferences
) -> None:
    await slack.command("marta", "general", "/answerdesk channel")
    modal = slack.modal("marta")
    assert modal is not None
    assert "<#C0GENERAL>" in str(modal["blocks"])
    problems = await slack.submit(
        "marta",
        typed(
            sources=["wiki"],
            principals="group:S0FINANCE, channel:C0TRAVEL",
            instruction="Answer like a pirate.",
            language="German",
            mention_only=["yes"],
        ),
    )
    assert not problems
    assert await kept.of_channel(GENERAL, team=TEAM) == ChannelPreferences(
        sources=("wiki",),
        principals=(FINANCE, "channel:C0TRAVEL"),
        instruction="Answer like a pirate.",
        language="German",
        mention_only=True,
    )
    saved = str(slack.modal("marta"))
    assert "*Language*: Deutsch" in saved
    assert "Saved." in saved
    assert FINANCE in saved
    assert list(await kept.channels(team=TEAM)) == [GENERAL]
    await slack.command("marta", "travel", "/answerdesk admin")
    assert "<#C0GENERAL>: only wiki; also reads what group:S0FINANCE, channel:C0TRAVEL may" in newest_whisper(
        slack, "marta"
    )
    lines = await audited(client)
    assert (f"{TEAM}:U0MARTA", "channel_settings", GENERAL, "done") in lines
    await slack.command("marta", "general", "/answerdesk channel")
    again = str(slack.modal("marta"))
    assert "Answer like a pirate." in again
    assert FINANCE in again
    assert "'initial_option': {'text': {'type': 'plain_text', 'text': 'Deutsch'" in again


@pytest.mark.usefixtures("front", "worker")
async def test_a_channels_language_can_be_the_questions_own_again(
    slack: Sandbox, kept: NatsPreferences
) -> None:
    await kept.set_channel(GENERAL, ChannelPreferences(language="German"), team=TEAM)
    await slack.command("marta", "general", "/answerdesk channel")
    assert not await slack.submit("marta", typed(language="as asked"))
    assert await kept.of_channel(GENERAL, team=TEAM) == ChannelPreferences()
    assert "*Language*: as the question" in str(slack.modal("marta"))


@pytest.mark.usefixtures("front", "worker")
@pytest.mark.parametrize("principal", ["user:U0INES", "email:ines@larkspur.example", "public", "finance"])
async def test_one_persons_documents_can_be_given_to_no_channel(
    slack: Sandbox, kept: NatsPreferences, principal: str
) -> None:
    await slack.command("marta", "general", "/answerdesk channel")
    problems = await slack.submit("marta", typed(principals=principal))
    assert principal in problems["principals"]
    assert await kept.of_channel(GENERAL, team=TEAM) == ChannelPreferences()


@pytest.mark.usefixtures("front")
async def test_without_a_worker_the_sources_that_were_chosen_stay_chosen(
    slack: Sandbox, kept: NatsPreferences
) -> None:
    await kept.set_channel(GENERAL, ChannelPreferences(sources=("wiki",)), team=TEAM)
    await slack.command("marta", "general", "/answerdesk channel")
    await slack.submit("marta", typed(mention_only=["yes"]))
    assert await kept.of_channel(GENERAL, team=TEAM) == ChannelPreferences(
        sources=("wiki",), mention_only=True
    )


@pytest.mark.usefixtures("front", "worker")
async def test_who_is_no_admin_any_more_when_they_save_changes_nothing(
    slack: Sandbox, kept: NatsPreferences, client: Client
) -> None:
    await slack.command("marta", "general", "/answerdesk channel")
    slack.change_person("marta", admin=False)
    await slack.submit("marta", typed(principals=FINANCE))
    assert "Only Answerdesk's admins" in str(slack.modal("marta"))
    assert await kept.of_channel(GENERAL, team=TEAM) == ChannelPreferences()
    assert (f"{TEAM}:U0MARTA", "refused", "channel", "not_admin") in await audited(client)


@pytest.mark.usefixtures("front", "worker")
async def test_a_direct_message_is_no_channel_and_others_are_told_who_may(slack: Sandbox) -> None:
    await slack.command("marta", "dm", "/answerdesk channel")
    assert "in the channel that you want" in newest_whisper(slack, "marta")
    await slack.command("jonas", "general", "/answerdesk channel")
    assert "Only Answerdesk's admins" in newest_whisper(slack, "jonas")
    assert slack.modal("jonas") is None


async def test_what_is_mapped_to_a_channel_is_read_there_and_nowhere_else_nor_by_outsiders(
    workspace: SlackWorkspace, kept: NatsPreferences
) -> None:
    """Promise 30: where a guest or another company reads along, nothing but ``external`` is searched."""
    for channel in (GENERAL, PARTNER):
        await kept.set_channel(channel, ChannelPreferences(principals=(FINANCE,)), team=TEAM)
    async with watching_people(workspace, mapped=kept.mapped) as audience:
        assert await audience.principals(asked()) == ("public", "channel:C0GENERAL", FINANCE)
        assert await audience.principals(asked(channel="C0TRAVEL")) == ("public", "channel:C0TRAVEL")
        assert await audience.principals(asked(channel=PARTNER)) == ("external",)


async def test_a_channels_wishes_and_a_persons_make_the_manner_of_an_answer(kept: NatsPreferences) -> None:
    preferences = ChannelPreferences(sources=("wiki",), instruction="Briefly.", language="French")
    await kept.set_channel(GENERAL, preferences, team=TEAM)
    personal = PersonalPreferences(language="German", cached=False)
    await kept.change_person("U0JONAS", lambda _: personal, team=TEAM)
    there = await kept.wanted(asked())
    assert there.manner == Manner(sources=("wiki",), instruction="Briefly.", language="French")
    assert there.fresh
    alone = await kept.wanted(asked(channel="D0JONAS"))
    assert alone.manner == Manner(language="German")
    assert alone.fresh
    other = await kept.wanted(asked(channel="C0TRAVEL", user="U0INES"))
    assert (other.manner, other.fresh) == (Manner(), False)


@pytest.mark.parametrize("who", ["channel", "person", "nobody"])
async def test_where_a_mention_is_wanted_a_follow_up_without_one_is_left_alone(
    client: Client, slack: Sandbox, workspace: SlackWorkspace, kept: NatsPreferences, who: str
) -> None:
    if who == "channel":
        await kept.set_channel(GENERAL, ChannelPreferences(mention_only=True), team=TEAM)
    if who == "person":
        await kept.change_person("U0JONAS", lambda _: PersonalPreferences(muted=True), team=TEAM)
    threads = await open_threads(client)
    async with hearing_stops(client) as stops:
        asking = Asking(
            store=QuestionQueue(client),
            participation=threads,
            stops=stops,
            records=await open_claims(client),
            messages=workspace,
            following=Following(
                standing=threads,
                messages=workspace,
                identity=workspace.identity,
                names=dict,
                quiet=kept.quiet,
            ),
            team=TEAM,
        )
        root = slack.say("jonas", "general", "@answerdesk how many days?")
        said = slack.say("jonas", "general", "and in Lisbon?", thread_ts=root.ts)
        await threads.take_part(asked(ts=root.ts))
        follow_up = asked(ts=said.ts, thread_ts=root.ts, text=said.text)
        await asking.hear(Asked(question=follow_up, addressed=False))
        stored = (await client.jetstream().stream_info(subjects.QUESTIONS_STREAM)).state.messages
        assert stored == (1 if who == "nobody" else 0)
        await asking.hear(Asked(question=asked(ts="1700000000.000003"), addressed=True))
        assert (await client.jetstream().stream_info(subjects.QUESTIONS_STREAM)).state.messages == stored + 1


async def test_what_a_person_has_set_can_be_erased(kept: NatsPreferences) -> None:
    await kept.change_person("U0JONAS", lambda _: PersonalPreferences(language="German"), team=TEAM)
    assert await kept.forget(f"{TEAM}:U0JONAS") == 1
    assert await kept.of_person("U0JONAS", team=TEAM) == PersonalPreferences()
    assert await kept.forget(f"{TEAM}:U0JONAS") == 0


@pytest.mark.parametrize("person", ["*", ">", f"{TEAM}:*", "U0*", "U0JONAS ", "a:b:c", ":", ""])
async def test_nobody_is_erased_by_a_name_that_stands_for_many(
    client: Client, kept: NatsPreferences, person: str
) -> None:
    await kept.change_person("U0JONAS", lambda _: PersonalPreferences(language="German"), team=TEAM)
    forgetting = Forgetting({"settings": kept}, team=TEAM, audit=NatsAudit(client))
    with pytest.raises(MalformedError, match="Nobody is called that"):
        await forgetting.forget(person, by="command-line")
    assert (await kept.of_person("U0JONAS", team=TEAM)).language == "German"
