"""Slack channels as a source, from the sandbox's Web API."""

from collections.abc import AsyncIterator

import pytest

from ingest.sources.allow_rules import readers
from ingest.sources.opening import check_source, open_source
from ingest.sources.slack_source import markdown
from ingest.sources.source import Entry
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from wire.errors import SettingsError, UnavailableError
from wire.source_settings import SourceSettings

BOT_TOKEN = "xoxb-test"
CHANNEL = "C0GENERAL"


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with serving(bot_token=BOT_TOKEN, app_token="xapp-test", limits=NO_LIMITS) as sandbox:
        yield sandbox


def settings(slack: Sandbox, **changes: object) -> SourceSettings:
    said = {
        "kind": "slack",
        "url": slack.api_url,
        "token": BOT_TOKEN,
        "channels": [CHANNEL],
        "private_addresses": True,
    }
    return SourceSettings.model_validate({**said, **changes})


async def listed(source: SourceSettings) -> dict[str, Entry]:
    async with open_source(source) as opened:
        return {entry.id: entry async for entry in opened.entries()}


async def test_a_thread_is_a_document_for_whoever_is_in_the_channel(slack: Sandbox) -> None:
    workspace = slack.workspace
    before = set(await listed(settings(slack)))
    first = workspace.say(user="U0JONAS", channel=CHANNEL, text="Where is the wiki? R&D?")
    workspace.say(user="U0JONAS", channel=CHANNEL, text="A message that nobody replies to.")
    reply = workspace.say(user="U0JONAS", channel=CHANNEL, text="At https://wiki.example", thread_ts=first.ts)
    conversation = workspace.entered(CHANNEL, by=workspace.bot.user_id)
    workspace.post(conversation, text="An answer of ours.", blocks=[], thread_ts=first.ts)
    source = settings(slack)
    entries = await listed(source)
    (document,) = set(entries) - before
    entry = entries[document]
    assert document == f"{CHANNEL}/{first.ts}"
    assert readers(entry, source) == (f"channel:{CHANNEL}",)
    assert entry.title == "Where is the wiki? R&D?"
    assert (entry.url or "").endswith(f"/archives/{CHANNEL}/p{first.ts.replace('.', '')}")
    async with open_source(source) as opened:
        content = await opened.read(entry)
        assert content is not None
        assert content.data.decode() == "Where is the wiki? R&D?\n\nAt https://wiki.example"
        assert await opened.read(Entry(id=f"{CHANNEL}/1.000001")) is None
    workspace.say(user="U0JONAS", channel=CHANNEL, text="Thanks.", thread_ts=reply.thread_ts)
    assert (await listed(source))[document].revision != entry.revision


async def test_a_channel_or_token_that_slack_refuses_is_an_error_and_no_empty_list(slack: Sandbox) -> None:
    with pytest.raises(UnavailableError, match=r"channel_not_found|not_in_channel"):
        await listed(settings(slack, channels=[CHANNEL, "C0NOWHERE"]))
    with pytest.raises(UnavailableError, match="invalid_auth"):
        await listed(settings(slack, token="xoxb-another"))


def test_a_token_and_channels_are_asked_for() -> None:
    with pytest.raises(SettingsError, match="token and channels"):
        check_source("talk", SourceSettings(kind="slack", url="https://slack.com/api"))


def test_slack_s_markup_becomes_markdown() -> None:
    assert markdown("<!subteam^S1|@people>: see <#C1|travel> &lt;now&gt;") == "@people: see travel <now>"
    assert markdown("<https://a.example> by <@U1>") == "https://a.example by U1"
