"""Slack's edits and deletions, from the event to the index: the sandbox tells the bot, the bot the worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import pytest
from nats.aio.client import Client
from pydantic import SecretStr

from bot.slack.bolt_intake import bolt_app, listening
from bot.slack.commands import Command
from bot.slack.events import Asked, MuteAsked, Reworded
from bot.slack.slack_workspace import open_workspace
from bot.slack.source_events import read_touched, tell_of_threads
from bot.slack.view import Payload
from ingest.nats_indexed import indexed_of, one_indexed
from ingest.reconcile import Indexed
from ingest.sources.source import Content, Entry
from ingest.touching import Touching
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from tests.contract.ingest.sources.resyncs import all_indexed, announced, synced, worker
from tests.contract.ingest.workshop import Workshop
from tests.until import until
from wire import subjects
from wire.documents import DocumentChanged, DocumentDelete, DocumentUpsert
from wire.questions import StopAsked
from wire.search import SearchRequest
from wire.source_settings import SourceSettings
from wire.stopping import stopped
from wire.sync import SlackThreadTouched

BOT_TOKEN, APP_TOKEN = "xoxb-test", "xapp-test"
CHANNEL = "C0GENERAL"
READER = f"channel:{CHANNEL}"


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, limits=NO_LIMITS) as sandbox:
        yield sandbox


def settings(slack: Sandbox, **changes: object) -> SourceSettings:
    said = {
        "kind": "slack",
        "url": slack.api_url,
        "token": BOT_TOKEN,
        "channels": [CHANNEL],
        "private_addresses": True,
        "announce_per_s": 1000.0,
    }
    return SourceSettings.model_validate({**said, **changes})


class NobodyAsks:
    """A bot that answers nothing."""

    async def hear(self, asked: Asked) -> None: ...

    async def stop(self, order: StopAsked) -> None: ...

    async def mute(self, wish: MuteAsked) -> None: ...

    async def reworded(self, change: Reworded) -> None: ...

    async def run(self, command: Command) -> Payload:
        raise AssertionError(command)


@asynccontextmanager
async def followed(client: Client, nats_url: str, slack: Sandbox) -> AsyncIterator[None]:
    """A bot that hears the sandbox's events over Socket Mode, and a worker."""
    async with (
        worker(nats_url, settings(slack)),
        open_workspace(token=SecretStr(BOT_TOKEN), api_url=slack.api_url) as workspace,
        listening(
            bolt_app(
                client=workspace.client,
                identity=workspace.identity,
                listener=NobodyAsks(),
                commands=NobodyAsks(),
                interactions=(),
                overhear=[partial(tell_of_threads, client=client)],
            ),
            app_token=SecretStr(APP_TOKEN),
            check_tokens=workspace.check_tokens,
        ),
    ):
        await until(lambda: slack.open_sockets, within_s=10)
        yield


async def test_a_new_an_edited_and_a_deleted_reply_show_within_seconds(
    client: Client, nats_url: str, indexed: Workshop, slack: Sandbox
) -> None:
    """Promise 29: what somebody takes back is found no longer, within 60 s of the event."""
    say, workspace = slack.workspace.say, slack.workspace

    async def texts(query: str) -> str:
        from_index = await indexed.search.search(SearchRequest(query=query, principals=(READER,)))
        return " ".join(passage.text for passage in from_index.passages)

    async with followed(client, nats_url, slack):
        first = say(user="U0JONAS", channel=CHANNEL, text="What is the door code of the greenhouse?")
        reply = say(user="U0THEO", channel=CHANNEL, text="The door code is 1234.", thread_ts=first.ts)
        query = "door code of the greenhouse"

        async def shows(words: str) -> bool:
            return words in await texts(query)

        async def hides(words: str) -> bool:
            return words not in await texts(query)

        await until(lambda: shows("1234"), within_s=30, every_s=0.2)
        workspace.edit(user="U0THEO", channel=CHANNEL, ts=reply.ts, text="Ask Marta for it.")
        await until(lambda: hides("1234"), within_s=30, every_s=0.2)
        assert "Ask Marta" in await texts(query)
        say(user="U0INES", channel=CHANNEL, text="It is 9876 by the way.", thread_ts=first.ts)
        await until(lambda: shows("9876"), within_s=30, every_s=0.2)
        workspace.erase(user="U0JONAS", channel=CHANNEL, ts=first.ts)
        await until(lambda: hides("9876"), within_s=30, every_s=0.2)
        await all_indexed(client)
        known = await one_indexed(client, "wiki", f"{CHANNEL}/{first.ts}")
        assert known is not None
        assert not known.live


async def test_a_resync_announces_nothing_that_the_events_have_said(
    client: Client, nats_url: str, indexed: Workshop, slack: Sandbox
) -> None:
    async with followed(client, nats_url, slack):
        await synced(client)
        await all_indexed(client)
        first = slack.workspace.say(user="U0JONAS", channel=CHANNEL, text="Lunch?")
        slack.workspace.say(user="U0THEO", channel=CHANNEL, text="Noon.", thread_ts=first.ts)

        async def there() -> bool:
            return f"{CHANNEL}/{first.ts}" in await indexed_of(client, "wiki")

        await until(there, within_s=30)
        before = await announced(client)
        assert (await synced(client)).changed == 0
        assert await announced(client) == before


async def test_an_edit_that_no_event_told_of_is_mended_by_the_next_resync(
    client: Client, nats_url: str, indexed: Workshop, slack: Sandbox
) -> None:
    first = slack.workspace.say(user="U0JONAS", channel=CHANNEL, text="What is the code?")
    reply = slack.workspace.say(user="U0THEO", channel=CHANNEL, text="It is 1234.", thread_ts=first.ts)
    slack.workspace.say(user="U0JONAS", channel=CHANNEL, text="Thanks.", thread_ts=first.ts)
    async with worker(nats_url, settings(slack)):
        await synced(client)
        await all_indexed(client)
        assert (await synced(client)).changed == 0, "the control"
        slack.workspace.edit(user="U0THEO", channel=CHANNEL, ts=reply.ts, text="I forgot it.")
        assert (await synced(client)).changed == 1


async def test_many_touches_of_one_thread_are_one_look_and_of_no_thread_a_deletion(
    client: Client, nats_url: str, slack: Sandbox
) -> None:
    first = slack.workspace.say(user="U0JONAS", channel=CHANNEL, text="One")
    slack.workspace.say(user="U0THEO", channel=CHANNEL, text="Two", thread_ts=first.ts)
    async with worker(nats_url, settings(slack)):
        for thread in (first.ts, first.ts, "1.000001"):
            touched = SlackThreadTouched(channel=CHANNEL, thread=thread, touched_at=datetime.now(UTC))
            await client.publish(subjects.SLACK_TOUCHED, touched.to_json())
        await client.publish(subjects.SLACK_TOUCHED, b"not even JSON")
        elsewhere = SlackThreadTouched(channel="C0TRAVEL", thread="1.0", touched_at=datetime.now(UTC))
        await client.publish(subjects.SLACK_TOUCHED, elsewhere.to_json())
        await until(lambda: len(slack.calls("conversations.replies")) == 2, within_s=20)

        async def each_once() -> bool:
            return await announced(client) == 2

        await until(each_once, within_s=20)
        await asyncio.sleep(1)
        assert len(slack.calls("conversations.replies")) == 2
        assert await announced(client) == 2


class Thread:
    """A source with one thread, which is as it was last told."""

    def __init__(self) -> None:
        self.text: str | None = "as it was"

    async def look_up(self, document: str) -> tuple[Entry, Content] | None:
        return None if self.text is None else (Entry(id=document), Content(self.text.encode()))


async def touched(thread: Thread, indexed: Indexed | None, *texts: str | None) -> list[DocumentChanged]:
    """What is announced while nothing of it is indexed yet: the thread reads so, one after another."""
    said: list[DocumentChanged] = []

    async def look() -> Indexed | None:
        return indexed

    async def announce(changed: DocumentChanged) -> None:
        said.append(changed)

    slack = {"kind": "slack", "url": "https://slack.com", "channels": [CHANNEL], "token": BOT_TOKEN}
    touching = Touching(
        "slack",
        settings=SourceSettings.model_validate(slack),
        source=thread,
        indexed=lambda _: look(),
        announce=announce,
    )
    running = asyncio.create_task(touching.run())
    for number, text in enumerate(texts, start=1):
        thread.text = text
        touching.touch(f"{CHANNEL}/1.0", at=datetime.now(UTC))
        await until(lambda: len(said) >= number, within_s=10)  # noqa: B023 — awaited within the turn
    await stopped(running)
    return said


async def test_what_is_put_back_stands_over_what_is_still_on_its_way() -> None:
    (before,) = await touched(Thread(), None, "as it was")
    assert isinstance(before, DocumentUpsert)
    indexed = Indexed(before.version, before.revision)
    edited, put_back = await touched(Thread(), indexed, "with the door's code", "as it was")
    assert isinstance(edited, DocumentUpsert)
    assert isinstance(put_back, DocumentUpsert)
    assert put_back.body_base64 == b"as it was"
    assert before.version < edited.version < put_back.version


async def test_a_thread_that_is_gone_is_deleted_whoever_announced_it() -> None:
    """Another worker may have, and it is still queued: only this one knows that it is gone."""
    asked_at = datetime.now(UTC).timestamp() * 1000
    (deletion,) = await touched(Thread(), None, None)
    assert isinstance(deletion, DocumentDelete)
    assert deletion.version
    assert deletion.version >= int(asked_at)


EVENT = {"type": "message", "channel": CHANNEL, "event_ts": "1764000000.000100", "channel_type": "channel"}


@pytest.mark.parametrize(
    ("event", "thread"),
    [
        ({"ts": "2.0", "thread_ts": "1.0", "user": "U1", "text": "a reply"}, "1.0"),
        ({"subtype": "message_changed", "message": {"ts": "2.0", "thread_ts": "1.0", "user": "U1"}}, "1.0"),
        ({"subtype": "message_deleted", "previous_message": {"ts": "2.0", "thread_ts": "1.0"}}, "1.0"),
        ({"ts": "2.0", "user": "U1", "text": "in no thread"}, None),
        ({"subtype": "message_changed", "message": {"ts": "2.0", "thread_ts": "1.0", "bot_id": "B1"}}, None),
        ({"ts": "2.0", "thread_ts": "1.0", "user": "U1", "channel_type": "im"}, None),
        ({"type": "reaction_added", "thread_ts": "1.0"}, None),
    ],
)
def test_what_touches_a_thread(event: dict[str, object], thread: str | None) -> None:
    touched = read_touched({**EVENT, **event})
    assert (touched.thread if touched else None) == thread
