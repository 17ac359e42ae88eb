"""``/resync``, typed by admins and by others: reads like the chat it is."""

from pathlib import Path

import pytest
from nats.aio.client import Client

from bot.home.resync_view import going_on
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.service import Sandbox
from tests.contract.home.conftest import (
    DOCUMENTS,
    audited,
    direct,
    files,
    newest_whisper,
    running_front,
    seen,
    syncing_worker,
)
from tests.until import until
from wire.admin_settings import AdminSettings
from wire.sync import SyncRequested

TEAM = "T0LARKSPUR"
RESYNC, CANCEL = "home_resync", "home_cancel"


async def ended(slack: Sandbox, *, number: int = 1, person: str = "marta") -> str:
    """The admin's newest message, once as many runs have ended."""

    def all_ended() -> bool:
        shown = [seen(message) for message in direct(slack, person)]
        return len(shown) == number and all(f"'{CANCEL}'" not in each for each in shown)

    await until(all_ended, within_s=60)
    return seen(direct(slack, person)[-1])


@pytest.mark.usefixtures("front", "worker")
async def test_an_admin_compares_a_source_and_is_told_what_came_of_it(slack: Sandbox, client: Client) -> None:
    await slack.command("marta", "general", "/resync wiki")
    assert "our direct message" in newest_whisper(slack, "marta")
    shown = await ended(slack)
    assert f"{DOCUMENTS} documents looked at: {DOCUMENTS} were announced as new or changed" in shown
    assert ":white_check_mark:" in shown
    assert not slack.messages("general"), "nobody else sees it"
    assert (f"{TEAM}:U0MARTA", "resync", "wiki", "done") in await audited(client)


@pytest.mark.usefixtures("front", "worker")
async def test_without_a_source_there_is_a_list_to_pick_from(slack: Sandbox) -> None:
    await slack.command("marta", "general", "/resync")
    [listed] = slack.whispers("marta")
    assert "*wiki*" in seen(listed)
    assert "never compared" in seen(listed)
    await slack.press("marta", listed, RESYNC, value="wiki now")
    assert "is done" in await ended(slack)
    await until(lambda: "Comparing *wiki*" in newest_whisper(slack, "marta"), within_s=30)


@pytest.mark.usefixtures("front", "worker")
async def test_a_dry_run_lists_what_would_change_and_then_does_it(slack: Sandbox, folder: Path) -> None:
    await slack.command("marta", "dm", "/resync wiki \N{EM DASH}dry-run")
    shown = await ended(slack)
    assert "(dry run)" in shown
    assert "our direct message" in newest_whisper(slack, "marta")
    assert f"{DOCUMENTS} would be announced" in shown
    assert "rule-0.md" in shown
    [planned] = direct(slack, "marta")
    await slack.press("marta", planned, RESYNC)
    assert f"{DOCUMENTS} were announced" in await ended(slack, number=2)


@pytest.mark.usefixtures("front", "worker")
async def test_who_is_no_admin_is_told_so_and_it_is_noted(slack: Sandbox, client: Client) -> None:
    for typed in ("/resync wiki", "/resync", "/answerdesk failures", "/answerdesk sources"):
        await slack.command("jonas", "general", typed)
        assert "Only Answerdesk's admins" in newest_whisper(slack, "jonas")
    assert "wiki" not in "".join(map(seen, slack.whispers("jonas"))), "nor do they learn what there is"
    tried = [(person, action, subject) for person, action, subject, _ in await audited(client)]
    assert tried == [
        (f"{TEAM}:U0JONAS", "refused", subject) for subject in ("resync", "resync", "failures", "sources")
    ]


@pytest.mark.usefixtures("worker")
async def test_who_was_an_admin_when_the_list_was_shown_may_be_none_when_they_press(
    slack: Sandbox, client: Client, workspace: SlackWorkspace
) -> None:
    async with running_front(client, workspace, slack):
        await slack.command("marta", "general", "/resync")
        [listed] = slack.whispers("marta")
        slack.change_person("marta", admin=False)
        await slack.press("marta", listed, RESYNC, value="wiki now")
        await until(lambda: "Only Answerdesk" in newest_whisper(slack, "marta"), within_s=30)
        assert not direct(slack, "marta")
    assert [action for _, action, _, _ in await audited(client)] == ["refused"]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("admins", "may"),
    [
        (AdminSettings(users=("U0JONAS",), workspace_admins=False), {"jonas"}),
        (AdminSettings(groups=("S0ONCALL",), workspace_admins=False), {"jonas"}),
        (AdminSettings(workspace_admins=True), {"marta"}),
        (AdminSettings(workspace_admins=False), set()),
        (AdminSettings(users=("U0SAM",), workspace_admins=False), set()),
    ],
    ids=["by id", "by group", "Slack's own", "nobody", "a guest never"],
)
async def test_admins_are_who_the_settings_say(
    slack: Sandbox, client: Client, workspace: SlackWorkspace, admins: AdminSettings, may: set[str]
) -> None:
    async with running_front(client, workspace, slack, admins=admins):
        for person in ("marta", "jonas", "sam"):
            channel = "field-trials" if person == "sam" else "general"
            await slack.command(person, channel, "/resync")
            assert ("*wiki*" in newest_whisper(slack, person)) == (person in may), person


@pytest.mark.usefixtures("front", "worker")
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("/resync wikki", "Did you mean *wiki*?"),
        ("/resync zebra", "No source is called"),
        ("/resync wiki --fulll", "can't make anything of `--fulll`"),
        ("/resync wiki please now", "can't make anything of `please` `now`"),
        ("/resync cancel wiki", "is not being resynced"),
        ("/answerdesk", "/answerdesk status"),
        ("/answerdesk sorces", "Did you mean `/answerdesk sources`?"),
        ("/answerdesk sources", "*wiki*"),
        ("/answerdesk failures", "could be indexed"),
        ("/usage", "usage is another's"),
    ],
)
async def test_whatever_an_admin_types_gets_an_answer_that_helps(
    slack: Sandbox, typed: str, says: str
) -> None:
    await slack.command("marta", "general", typed)
    assert says in newest_whisper(slack, "marta")
    assert not direct(slack, "marta")


@pytest.mark.usefixtures("front")
async def test_progress_is_edited_in_place_and_can_be_stopped(
    slack: Sandbox, nats_url: str, folder: Path, client: Client
) -> None:
    for n in range(100):
        (folder / f"more-{n}.md").write_text(f"# More {n}\n\nMore about {n}.")
    async with syncing_worker(nats_url, {"wiki": files(folder, announce_per_s=4.0)}):
        await slack.command("marta", "general", "/resync wiki")
        await until(lambda: "Comparing:" in "".join(map(seen, direct(slack, "marta"))), within_s=60)
        [message] = direct(slack, "marta")
        await slack.press("marta", message, CANCEL)
        shown = await ended(slack)
    assert "was cancelled" in shown
    assert ("T0LARKSPUR:U0MARTA", "resync_cancel", "wiki", "done") in await audited(client)


@pytest.mark.usefixtures("front")
async def test_without_a_worker_it_is_said(slack: Sandbox) -> None:
    await slack.command("marta", "general", "/resync wiki")
    said = newest_whisper(slack, "marta")
    assert "try again" in said or "longer than usual" in said
    assert "operation_timeout" not in said


@pytest.mark.usefixtures("front", "worker")
async def test_a_message_that_nobody_edits_any_more_tells_the_end_when_it_is_pressed(
    slack: Sandbox, workspace: SlackWorkspace
) -> None:
    """The bot that followed the run was killed; another one has the press."""
    await slack.command("marta", "general", "/resync wiki")
    await ended(slack)
    [message] = direct(slack, "marta")
    left = going_on(SyncRequested(source="wiki"), None)
    await workspace.rewrite(channel=message.channel, ts=message.ts, shown=left)
    await slack.press("marta", direct(slack, "marta")[0], CANCEL)
    assert "is done" in await ended(slack)
