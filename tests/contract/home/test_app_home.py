"""The Home tab: everybody's own, and what admins see besides."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client

from bot.answering.nats_gaps import NatsGaps
from bot.home.nats_preferences import open_preferences
from bot.home.nats_recent import open_recent
from bot.slack.commanding import ANSWERED_WITHIN_S
from bot.slack.commands import said
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.service import Sandbox
from tests.contract.home.conftest import audited, direct, newest_whisper, running_front, seen
from tests.contract.slack.asked import asked
from tests.until import until
from wire.gaps import KnowledgeGap, NearDocument
from wire.preferences import PersonalPreferences
from wire.questions import QuestionAsked

TEAM = "T0LARKSPUR"


def home(slack: Sandbox, person: str) -> str:
    """What stands on somebody's Home tab; empty before it is published."""
    view = slack.home(person)
    return str(view["blocks"]) if view else ""


def chosen(slack: Sandbox, person: str) -> dict[str, str]:
    """What is chosen on somebody's Home tab."""
    view = slack.home(person)
    accessories = [block.get("accessory", {}) for block in (view["blocks"] if view else ())]
    return {
        each["action_id"]: each["initial_option"]["value"] for each in accessories if "initial_option" in each
    }


async def opened(slack: Sandbox, person: str, *, shows: str) -> str:
    """Their Home tab, once they have opened it and it shows this."""
    slack.open_app(person, tab="home")
    await until(lambda: shows in home(slack, person), within_s=30)
    return home(slack, person)


async def asked_before(client: Client, slack: Sandbox, workspace: SlackWorkspace, words: str) -> None:
    """Jonas asked this in #general, and was answered."""
    message = slack.say("jonas", "general", words)
    answer = await workspace.write(channel="C0GENERAL", shown=said("An answer."))
    question = QuestionAsked(
        team=TEAM,
        channel="C0GENERAL",
        ts=message.ts,
        user="U0JONAS",
        text=words,
        asked_at=datetime.now(UTC),
    )
    await (await open_recent(client)).note(question, words=words, ts=answer)


@pytest.mark.usefixtures("front", "worker")
async def test_an_employee_sees_their_own_and_nothing_of_admins_or_others(
    slack: Sandbox, client: Client, workspace: SlackWorkspace
) -> None:
    await asked_before(client, slack, workspace, "How much is a week of on-call paid?")
    shown = await opened(slack, "jonas", shows="week of on-call")
    assert "/archives/C0GENERAL/" in shown, "a link to the answer"
    assert "100,000 of 200,000 tokens today" in shown
    assert "Only you see this page" in shown
    for of_admins in ("wiki", "Sources", "Feedback", "S0PEOPLETEAM", "without an answer"):
        assert of_admins not in shown, of_admins
    other = await opened(slack, "priya", shows="You have asked nothing yet")
    assert "on-call" not in other


@pytest.mark.usefixtures("front")
async def test_a_page_that_was_opened_lately_follows_its_readers_answers_and_nobody_elses(
    slack: Sandbox, client: Client
) -> None:
    """At whichever bot they end; several that end together are one page anew."""
    for person in ("jonas", "priya"):
        await opened(slack, person, shows="You have asked nothing yet")
    published = Counter(call.arguments["user_id"] for call in slack.calls("views.publish"))
    noted = await open_recent(client)
    for n in range(6):
        await noted.note(asked(user="U0JONAS"), words=f"What is rule {n}?", ts=f"1700000000.{n:06}")
    await until(lambda: "What is rule 5?" in home(slack, "jonas"), within_s=30)
    anew = Counter(call.arguments["user_id"] for call in slack.calls("views.publish")) - published
    assert set(anew) == {"U0JONAS"}
    assert anew["U0JONAS"] < 6
    assert "rule" not in home(slack, "priya")


@pytest.mark.usefixtures("front")
async def test_what_is_chosen_is_kept_and_shown(slack: Sandbox, client: Client) -> None:
    await opened(slack, "jonas", shows="Settings")
    view = slack.home("jonas")
    assert view is not None
    await slack.use("jonas", view, "home_language", value="German")
    kept = await open_preferences(client)

    async def german() -> bool:
        return (await kept.of_person("U0JONAS", team=TEAM)).language == "German"

    await until(german, within_s=30)
    await slack.use("jonas", view, "home_cached", value="no")
    await slack.use("jonas", view, "home_muted", value="yes")
    wanted = PersonalPreferences(language="German", cached=False, muted=True)

    async def all_kept() -> bool:
        return await kept.of_person("U0JONAS", team=TEAM) == wanted

    await until(all_kept, within_s=30)
    shown = {"home_language": "German", "home_cached": "no", "home_muted": "yes"}
    await until(lambda: chosen(slack, "jonas") == shown, within_s=30)
    assert await kept.of_person("U0PRIYA", team=TEAM) == PersonalPreferences()


@pytest.mark.usefixtures("front", "worker")
async def test_an_admin_sees_sources_quotas_and_gaps_and_resyncs_from_there(
    slack: Sandbox, client: Client
) -> None:
    for person in ("T1:ADA", "T1:BEN"):
        await NatsGaps(client).record(
            KnowledgeGap(
                id=person,
                person=person,
                question="Where is the bicycle cellar?",
                why="not_found",
                relevance=0.1,
                nearest=(NearDocument(source="wiki", document="d", title="Meeting rooms"),),
                asked_at=datetime.now(UTC),
            )
        )
    shown = await opened(slack, "marta", shows="*wiki*")
    assert "*Where is the bicycle cellar?*" in shown
    assert "2 people" in shown
    assert "ADA" not in shown
    assert "nearest in wiki" in shown
    # What whoever asked may read, an admin may not read for that.
    assert "Meeting rooms" not in shown
    assert "2,000,000 of 4,000,000 tokens today" in shown
    assert "*Group S0PEOPLETEAM*" in shown
    view = slack.home("marta")
    assert view is not None
    await slack.use("marta", view, "home_resync", value="wiki now")
    await until(lambda: "is done" in "".join(map(seen, direct(slack, "marta"))), within_s=60)


@pytest.mark.usefixtures("front")
async def test_a_question_can_be_asked_from_there(slack: Sandbox) -> None:
    await opened(slack, "jonas", shows="Ask a question")
    view = slack.home("jonas")
    assert view is not None
    await slack.use("jonas", view, "home_ask")
    await until(lambda: "plain_text_input" in str(slack.modal("jonas")), within_s=30)


@pytest.mark.usefixtures("front", "worker")
async def test_failed_documents_open_in_a_window_from_there(slack: Sandbox, client: Client) -> None:
    await client.jetstream().publish(
        "documents.failed.wiki",
        b'{"id": "1", "source": "wiki", "document": "broken.pdf", "reason": "it is no PDF", "attempts": 3, '
        b'"failed_at": "2026-11-25T10:00:00Z", "event_base64": "e30="}',
    )
    await opened(slack, "marta", shows="*1 document*")
    view = slack.home("marta")
    assert view is not None
    await slack.use("marta", view, "home_failures")
    await until(lambda: "it is no PDF" in str(slack.modal("marta")), within_s=30)
    modal = slack.modal("marta")
    assert modal is not None
    await slack.use("marta", modal, "home_failure", value="discard 1")
    await until(lambda: "off the list" in str(slack.modal("marta")), within_s=30)


@pytest.mark.usefixtures("front", "worker")
async def test_who_was_an_admin_when_the_page_was_drawn_sees_it_go_with_their_press(slack: Sandbox) -> None:
    await opened(slack, "marta", shows="*wiki*")
    view = slack.home("marta")
    assert view is not None
    slack.change_person("marta", admin=False)
    await slack.use("marta", view, "home_resync", value="wiki now")
    await until(lambda: "wiki" not in home(slack, "marta"), within_s=30)
    assert "Only Answerdesk" in "".join(map(seen, direct(slack, "marta")))


@pytest.mark.usefixtures("front")
async def test_without_a_worker_the_rest_of_the_page_is_there(slack: Sandbox) -> None:
    shown = await opened(slack, "marta", shows="can't be told right now")
    assert "100,000 of 200,000 tokens today" in shown


@pytest.mark.usefixtures("front")
async def test_forget_me_asks_first_and_then_forgets(
    slack: Sandbox, client: Client, workspace: SlackWorkspace
) -> None:
    """Promise 38, as far as this part keeps anything."""
    await asked_before(client, slack, workspace, "How much is a week of on-call paid?")
    kept = await open_preferences(client)
    await kept.change_person("U0JONAS", lambda _: PersonalPreferences(language="German"), team=TEAM)
    await slack.command("jonas", "general", "/answerdesk forget-me")
    [asks] = slack.whispers("jonas")
    assert await kept.of_person("U0JONAS", team=TEAM) == PersonalPreferences(language="German")
    await slack.press("jonas", asks, "home_forget")
    await until(lambda: "Done" in newest_whisper(slack, "jonas"), within_s=30)
    assert await kept.of_person("U0JONAS", team=TEAM) == PersonalPreferences()
    assert await (await open_recent(client)).of("U0JONAS", team=TEAM) == ()


class Slow:
    """Takes longer to erase than Slack waits for an answer, as where an answer has to be stopped first."""

    async def forget(self, person: str) -> int:  # noqa: ARG002 — the port names it
        await asyncio.sleep(ANSWERED_WITHIN_S + 0.5)
        return 1


async def test_what_takes_longer_to_erase_than_slack_waits_is_erased_all_the_same(
    slack: Sandbox, client: Client, workspace: SlackWorkspace
) -> None:
    """Promise 38."""
    kept = await open_preferences(client)
    await kept.change_person("U0JONAS", lambda _: PersonalPreferences(language="German"), team=TEAM)
    async with running_front(client, workspace, slack, also_erased={"questions": Slow()}):
        await slack.command("jonas", "general", "/answerdesk forget-me")
        [asks] = slack.whispers("jonas")
        await slack.press("jonas", asks, "home_forget")
        await until(lambda: newest_whisper(slack, "jonas") != seen(asks), within_s=30)
        assert "Done" in newest_whisper(slack, "jonas")
    assert await kept.of_person("U0JONAS", team=TEAM) == PersonalPreferences()
    assert await audited(client) == [("T0LARKSPUR:U0JONAS", "forget", "T0LARKSPUR:U0JONAS", "done")]


@pytest.mark.usefixtures("front", "worker")
@pytest.mark.parametrize(
    ("person", "typed", "says"),
    [
        ("marta", "/answerdesk admin", "Questions without an answer"),
        ("jonas", "/answerdesk admin", "Only Answerdesk"),
        ("jonas", "/answerdesk help", "/answerdesk forget-me"),
        ("marta", "/answerdesk help", "*For admins*"),
        ("jonas", "/answerdesk status", "can't be searched"),
    ],
)
async def test_the_same_can_be_typed(slack: Sandbox, person: str, typed: str, says: str) -> None:
    await slack.command(person, "general", typed)
    assert says in newest_whisper(slack, person)
    assert person == "marta" or "*For admins*" not in newest_whisper(slack, person)
