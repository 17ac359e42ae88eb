"""Files are fetched from Slack with our token, which nobody else is shown."""

from collections.abc import AsyncIterator

import pytest

from bot.slack.aiohttp_files import SlackFiles, is_slacks, open_slack_files
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.faults import Refused
from sandbox.service import Sandbox
from wire.errors import MalformedError, RefusedError, UnavailableError

PLAN = b"# Move\n\nThe office moves to Lisbon."
MOST = 1024**2


@pytest.fixture
async def files(workspace: SlackWorkspace) -> AsyncIterator[SlackFiles]:
    async with open_slack_files(workspace) as opened:
        yield opened


def shared(slack: Sandbox, body: bytes = PLAN, *, name: str = "plan.md") -> str:
    (file,) = slack.say("marta", "dm", "what does this say?", files=[(name, body)]).files
    return file.id


async def test_a_file_is_fetched_whole(slack: Sandbox, files: SlackFiles) -> None:
    fetched = await files(shared(slack), max_bytes=MOST)
    assert (fetched.name, fetched.media_type, fetched.body) == ("plan.md", "text/markdown", PLAN)
    (download,) = slack.calls("download")
    assert download.error is None


async def test_one_that_is_too_long_is_not_begun(slack: Sandbox, files: SlackFiles) -> None:
    with pytest.raises(MalformedError, match="it has more than 1 MiB"):
        await files(shared(slack, b"." * (MOST + 1)), max_bytes=MOST)
    assert slack.calls("download") == []


async def test_an_app_without_the_scope_is_told_so(slack: Sandbox, files: SlackFiles) -> None:
    slack.faults.refused = {"files.info": Refused(calls=1, error="missing_scope")}
    with pytest.raises(RefusedError, match="Slack does not give it to me"):
        await files(shared(slack), max_bytes=MOST)


async def test_a_page_for_logging_in_is_not_the_file(slack: Sandbox, files: SlackFiles) -> None:
    slack.faults.refused = {"download": Refused(calls=1, error="missing_scope")}
    with pytest.raises(RefusedError, match="Slack does not give it to me"):
        await files(shared(slack), max_bytes=MOST)


async def test_a_file_that_lies_elsewhere_is_not_asked_for(slack: Sandbox, files: SlackFiles) -> None:
    """Promise 34: our token is shown to Slack's own hosts alone, whatever is said of a file."""
    slack.workspace.files.url = "http://files.example.com"
    with pytest.raises(RefusedError, match="it does not lie in Slack"):
        await files(shared(slack), max_bytes=MOST)


async def test_a_file_of_a_conversation_that_we_are_not_in_is_not_ours(
    slack: Sandbox, files: SlackFiles
) -> None:
    (file,) = slack.say("marta", "garden-club", "for us alone", files=[("plan.md", PLAN)]).files
    with pytest.raises(RefusedError, match="Slack does not give it to me"):
        await files(file.id, max_bytes=MOST)


async def test_slack_that_has_trouble_is_away(slack: Sandbox, files: SlackFiles) -> None:
    slack.faults.refused = {"files.info": Refused(calls=1)}
    with pytest.raises(UnavailableError):
        await files(shared(slack), max_bytes=MOST)


@pytest.mark.parametrize(
    ("url", "is_theirs"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/plan.pdf", True),
        ("https://slack.com/files/plan.pdf", True),
        ("http://files.slack.com/files-pri/T1-F1/plan.pdf", False),
        ("https://files.slack.com.example.com/plan.pdf", False),
        ("https://evilslack.com/plan.pdf", False),
        ("https://files.slack.com:8443/plan.pdf", False),
        ("https://files.slack.com@example.com/plan.pdf", False),
        ("https://example.com/files.slack.com/plan.pdf", False),
        ("https://user@files.slack.com/plan.pdf", False),
        ("https:///plan.pdf", False),
        ("https://[::1/plan.pdf", False),
        ("file:///etc/passwd", False),
    ],
)
def test_slacks_own_hosts_are_told_from_others(url: str, is_theirs: bool) -> None:  # noqa: FBT001 — of a table
    assert is_slacks(url, api_url="https://slack.com/api/") is is_theirs
