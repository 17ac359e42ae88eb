"""Slack channels as a source, from the sandbox's Web API."""

from collections.abc import AsyncIterator

import pytest

from ingest.sources.allow_rules import readers
from ingest.sources.opening import check_source, open_slack, open_source
from ingest.sources.slack_source import plain, written
from ingest.sources.source import Entry
from sandbox.faults import RateLimited
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from wire.errors import SettingsError, UnavailableError
from wire.source_settings import SourceSettings

BOT_TOKEN = "xoxb-test"
CHANNEL, PRIVATE = "C0GENERAL", "C0PEOPLEPRIVATE"
NAMES = {"U1": "Ada Lovelace"}


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


async def text_of(source: SourceSettings, document: str) -> str | None:
    async with open_source(source) as opened:
        content = await opened.read(Entry(id=document))
        return content.data.decode() if content else None


async def test_a_thread_is_a_document_for_whoever_is_in_the_channel(slack: Sandbox) -> None:
    workspace = slack.workspace
    before = set(await listed(settings(slack)))
    first = workspace.say(user="U0JONAS", channel=CHANNEL, text="Where is the wiki? R&D? @theo?")
    workspace.say(user="U0JONAS", channel=CHANNEL, text="A message that nobody replies to.")
    workspace.say(user="U0THEO", channel=CHANNEL, text="At https://wiki.example", thread_ts=first.ts)
    conversation = workspace.entered(CHANNEL, by=workspace.bot.user_id)
    workspace.post(conversation, text="An answer of ours.", blocks=[], thread_ts=first.ts)
    source = settings(slack)
    entries = await listed(source)
    (document,) = set(entries) - before
    entry = entries[document]
    assert document == f"{CHANNEL}/{first.ts}"
    assert readers(entry, source) == (f"channel:{CHANNEL}",)
    jonas, theo = (slack.workspace.users[user].name for user in ("U0JONAS", "U0THEO"))
    assert entry.title == f"Where is the wiki? R&D? @{theo}?"
    assert (entry.url or "").endswith(f"/archives/{CHANNEL}/p{first.ts.replace('.', '')}")
    expected = f"**{jonas}:** Where is the wiki? R&D? @{theo}?\n\n**{theo}:** At https://wiki.example"
    assert await text_of(source, document) == expected
    assert await text_of(source, f"{CHANNEL}/1.000001") is None
    workspace.say(user="U0JONAS", channel=CHANNEL, text="Thanks.", thread_ts=first.ts)
    assert (await listed(source))[document].revision != entry.revision


async def test_a_young_thread_is_read_each_time_because_an_edited_reply_shows_in_no_list(
    slack: Sandbox,
) -> None:
    workspace = slack.workspace
    first = workspace.say(user="U0JONAS", channel=CHANNEL, text="What is the code?")
    reply = workspace.say(user="U0THEO", channel=CHANNEL, text="It is 1234.", thread_ts=first.ts)
    workspace.say(user="U0JONAS", channel=CHANNEL, text="Thanks.", thread_ts=first.ts)
    document = f"{CHANNEL}/{first.ts}"
    before = (await listed(settings(slack)))[document]
    workspace.edit(user="U0THEO", channel=CHANNEL, ts=reply.ts, text="It is 9876.")
    after = (await listed(settings(slack)))[document]
    assert after.revision == before.revision, "Slack's list says nothing of it"
    assert not after.settled
    assert "9876" in (await text_of(settings(slack), document) or "")
    assert (await listed(settings(slack, reread_days=0)))[document].settled, "the control"


async def test_a_private_channel_is_its_members_whatever_the_settings_say(slack: Sandbox) -> None:
    first = slack.workspace.say(user="U0INES", channel=PRIVATE, text="About salaries")
    slack.workspace.say(user="U0INES", channel=PRIVATE, text="They rise.", thread_ts=first.ts)
    opened = settings(slack, channels=[CHANNEL, PRIVATE], allow=["public"], allow_from_source=False)
    slack.workspace.say(
        user="U0PRIYA",
        channel=CHANNEL,
        text="Hello to you",
        thread_ts=slack.workspace.say(user="U0PRIYA", channel=CHANNEL, text="Hello").ts,
    )
    entries = await listed(opened)
    assert readers(entries[f"{PRIVATE}/{first.ts}"], opened) == (f"channel:{PRIVATE}",)
    in_general = [entry for entry in entries.values() if entry.id.startswith(CHANNEL)]
    assert {readers(entry, opened) for entry in in_general} == {("public",)}, "the control"


async def test_a_name_is_asked_for_once_and_nobody_waits_for_one_that_is_not_told(slack: Sandbox) -> None:
    workspace = slack.workspace
    first = workspace.say(user="U0JONAS", channel=CHANNEL, text="One")
    for _ in range(3):
        workspace.say(user="U0JONAS", channel=CHANNEL, text="More", thread_ts=first.ts)
    before = len(slack.calls("users.info"))
    assert (await text_of(settings(slack), f"{CHANNEL}/{first.ts}") or "").count("**") == 8
    assert len(slack.calls("users.info")) - before == 1
    jonas = workspace.users["U0JONAS"]
    workspace.users["U0JONAS"] = jonas.model_copy(update={"name": "J*\n# Heading"})
    assert (await text_of(settings(slack), f"{CHANNEL}/{first.ts}") or "").startswith("**J # Heading:** One")
    del workspace.users["U0JONAS"]
    assert "**U0JONAS:** One" in (await text_of(settings(slack), f"{CHANNEL}/{first.ts}") or "")


async def test_one_thread_is_looked_up_and_is_gone_with_its_replies(slack: Sandbox) -> None:
    workspace = slack.workspace
    first = workspace.say(user="U0JONAS", channel=CHANNEL, text="One")
    document = f"{CHANNEL}/{first.ts}"
    async with open_slack(settings(slack)) as source:
        assert await source.look_up(document) is None, "nobody has replied"
        reply = workspace.say(user="U0THEO", channel=CHANNEL, text="Two", thread_ts=first.ts)
        found = await source.look_up(document)
        assert found is not None
        assert found[0] == (await listed(settings(slack)))[document], "as the list gives it"
        assert await source.look_up(f"{CHANNEL}/{reply.ts}") is None, "a reply is no thread"
        workspace.erase(user="U0JONAS", channel=CHANNEL, ts=first.ts)
        assert await source.look_up(document) is None
        assert await source.look_up(f"{CHANNEL}/1.000001") is None


async def test_a_channel_or_token_that_slack_refuses_is_an_error_and_no_empty_list(slack: Sandbox) -> None:
    with pytest.raises(UnavailableError, match=r"channel_not_found|not_in_channel"):
        await listed(settings(slack, channels=[CHANNEL, "C0NOWHERE"]))
    with pytest.raises(UnavailableError, match="invalid_auth"):
        await listed(settings(slack, token="xoxb-another"))


async def test_slack_is_asked_again_only_when_its_time_is_over(slack: Sandbox) -> None:
    """Promise 8: no call inside the window, from any of those who read at once."""
    slack.faults.rate_limited = {"conversations.history": RateLimited(calls=1, retry_after_s=1)}
    assert await listed(settings(slack)) is not None
    history = slack.calls("conversations.history")
    assert [call.error for call in history] == ["ratelimited", None]
    assert history[1].at - history[0].at >= 1


def test_a_token_and_channels_are_asked_for() -> None:
    with pytest.raises(SettingsError, match="token and channels"):
        check_source("talk", SourceSettings(kind="slack", url="https://slack.com/api"))


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        (
            "<!subteam^S1|@people>: see <#C1|travel> &lt;now&gt;, <@U1>",
            "@people: see travel <now>, @Ada Lovelace",
        ),
        ("<https://a.example> by <@U2>", "https://a.example by @U2"),
        ("<https://a.example/x_(y)|the [list]>", "[the (list)](https://a.example/x_(y%29)"),
        ("# no heading\n1. no list", "\\# no heading\n1\\. no list"),
        (
            "run ```# rm &lt;x&gt;\nls``` and ```then this",
            "run\n\n```\n# rm <x>\nls\n```\n\nand\n\n```\nthen this\n```",
        ),
    ],
)
def test_slack_s_markup_becomes_markdown(text: str, markdown: str) -> None:
    assert written(text, names=NAMES) == markdown


def test_a_title_is_plain() -> None:
    assert plain("<https://a.example|the list> for <@U1> &amp; all", names=NAMES) == (
        "the list for @Ada Lovelace & all"
    )
