"""An answer that grows by Slack's own streaming, where Slack ends, loses and refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.slack.live_message import LiveMessage
from bot.slack.ports import SupersededError
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.view import View, payloads
from sandbox.conversations import Message
from sandbox.faults import RateLimited, Refused
from sandbox.service import Sandbox
from tests.contract.slack.held import Held, live_message, streaming
from tests.until import until
from wire.stopping import stopped

PIECES = [f"Sentence {n} — with **bold** words, `code` & a <tag>.\n\n" for n in range(20)]
WHOLE = "".join(PIECES)
START, APPEND, STOP, UPDATE = "chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update"


class Streamed(Held):
    """An answer in Jonas's direct messages."""

    def __init__(self, slack: Sandbox, workspace: SlackWorkspace) -> None:
        super().__init__()
        self.slack = slack
        self.workspace = workspace
        self.question = slack.say("jonas", "dm", "how many days?")
        self.streaming = streaming(workspace, "auto")
        self.message = live_message(workspace, self.question, hold=self, streamed=self.streaming)

    def replies(self) -> list[Message]:
        return self.slack.thread("dm", self.question.ts, person="jonas")

    def sent(self) -> str:
        """What Slack took of the stream, joined."""
        calls = [call for call in self.slack.calls() if call.method in (START, APPEND) and call.error is None]
        return "".join(chunk["text"] for call in calls for chunk in call.arguments["chunks"])

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[LiveMessage]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.message.write())
            yield self.message
            self.message.stop()

    async def write(self, *, pieces: int = len(PIECES), pace_s: float = 0.15) -> None:
        """Write so many pieces, then finish."""
        async with self.writing() as message:
            for end in range(1, pieces + 1):
                message.show(View(text="".join(PIECES[:end]), doing="Writing…"))
                await asyncio.sleep(pace_s)
        await self.message.close(payloads(View(text="".join(PIECES[:pieces]))))

    def stands_whole(self, pieces: int = len(PIECES)) -> None:
        """One message, with all of it, as an edit leaves it."""
        [reply] = self.replies()
        assert [reply.text.count(f"Sentence {n} ") for n in range(pieces)] == [1] * pieces
        assert reply.blocks[0]["type"] == "rich_text"
        assert "answerdesk_again" in str(reply.blocks)
        assert self.noted == (reply.ts,)


@pytest.fixture
async def streamed(slack: Sandbox, workspace: SlackWorkspace) -> Streamed:
    return Streamed(slack, workspace)


def made(slack: Sandbox) -> list[str]:
    return [call.method for call in slack.calls() if call.method.startswith("chat.")]


async def test_in_direct_messages_the_text_streams_and_ends_as_every_answer_does(streamed: Streamed) -> None:
    await streamed.write()
    first, *grown, end, last = made(streamed.slack)
    assert (first, end, last) == (START, STOP, UPDATE)
    assert set(grown) == {APPEND}
    assert WHOLE.startswith(streamed.sent())
    assert streamed.sent()
    streamed.stands_whole()


async def test_every_word_is_sent_once_byte_for_byte(streamed: Streamed) -> None:
    """Promise 7 (without its fault)."""
    async with streamed.writing() as message:
        for end in range(1, len(PIECES) + 1):
            message.show(View(text="".join(PIECES[:end]), doing="Writing…"))
            await asyncio.sleep(0.05)
        await until(lambda: streamed.sent() == WHOLE, within_s=30)
    await streamed.message.close(payloads(View(text=WHOLE)))
    streamed.stands_whole()


async def test_in_channels_it_is_edited(slack: Sandbox, workspace: SlackWorkspace) -> None:
    hold = Held()
    question = slack.say("jonas", "general", "@answerdesk how many days?")
    message = live_message(workspace, question, hold=hold, streamed=streaming(workspace, "auto"))
    assert not message.standing.streamable
    native = live_message(workspace, question, hold=hold, streamed=streaming(workspace, "native"))
    assert await native.standing.stream(View(text="24 weeks"))
    await native.close(payloads(View(text="24 weeks")))
    [call] = slack.calls(START)
    assert call.arguments["recipient_user_id"] == "U0JONAS"
    assert [reply.text for reply in slack.thread("general", question.ts)] == ["24 weeks"]


async def test_a_stream_that_slack_ends_early_goes_on_by_edits(streamed: Streamed) -> None:
    """Promise 7: message_not_in_streaming_state at append."""
    streamed.slack.workspace.stream_life_s = 0.5
    await streamed.write()
    assert "message_not_in_streaming_state" in [call.error for call in streamed.slack.calls(APPEND)]
    streamed.stands_whole()


async def test_a_stream_that_is_over_when_it_is_to_be_stopped_stands_whole(streamed: Streamed) -> None:
    """Promise 7: message_not_in_streaming_state at stop."""
    streamed.slack.workspace.stream_life_s = 1.0
    async with streamed.writing() as message:
        message.show(View(text=PIECES[0], doing="Writing…"))
        await until(streamed.sent, within_s=30)
    await asyncio.sleep(1.2)
    await streamed.message.close(payloads(View(text=WHOLE)))
    assert [call.error for call in streamed.slack.calls(STOP)] == ["message_not_in_streaming_state"]
    streamed.stands_whole()


@pytest.mark.parametrize("method", [APPEND, STOP, UPDATE])
async def test_a_lost_answer_loses_and_doubles_nothing(streamed: Streamed, method: str) -> None:
    """Promise 7: what may have arrived is not sent again, but edited over."""
    streamed.slack.faults.lost_answers = {method: 1}
    await streamed.write()
    streamed.stands_whole()


async def test_a_lost_answer_to_the_beginning_gives_one_message(streamed: Streamed) -> None:
    """Promise 5: a stream names no question; it is known by being streamed in the question's thread."""
    streamed.slack.faults.lost_answers = {START: 1}
    await streamed.write()
    streamed.stands_whole()


@pytest.mark.parametrize("method", [START, APPEND, STOP, UPDATE])
async def test_a_retry_after_is_kept(streamed: Streamed, method: str) -> None:
    """Promise 8: no call within the window; the text is whole after it."""
    streamed.slack.faults.rate_limited = {method: RateLimited(calls=1, retry_after_s=2)}
    await streamed.write()
    calls = streamed.slack.calls(method)
    refused = next(call for call in calls if call.error is not None)
    later = [call.at - refused.at for call in calls if call.at > refused.at]
    assert all(wait_s >= 1.9 for wait_s in later)
    streamed.stands_whole()


async def test_a_workspace_without_streams_is_not_asked_twice(streamed: Streamed) -> None:
    streamed.slack.faults.refused = {START: Refused(calls=100, error="unknown_method")}
    await streamed.write(pieces=6)
    streamed.stands_whole(6)
    assert len(streamed.slack.calls(START)) == 1
    assert not streamed.streaming.wanted(streamed.question.channel)


async def test_a_successor_takes_over_a_message_that_is_still_streamed(streamed: Streamed) -> None:
    """Promise 6: Slack edits no message that is being streamed; it is stopped first."""
    async with streamed.writing() as message:
        message.show(View(text=PIECES[0], doing="Writing…"))
        await until(streamed.sent, within_s=30)
    for known in (True, False):
        successor = live_message(
            streamed.workspace, streamed.question, hold=streamed, streamed=streamed.streaming
        )
        if known:
            successor.standing.messages += streamed.noted
        else:
            await successor.find()
        await successor.close(payloads(View(text=WHOLE)))
        streamed.stands_whole()


async def test_a_stream_is_taken_for_nobody_elses_before_its_turn_in_the_thread(streamed: Streamed) -> None:
    """It names no question: whoever waits behind it in its thread must leave it alone."""
    async with streamed.writing() as message:
        message.show(View(text=PIECES[0], doing="Writing…"))
        await until(streamed.sent, within_s=30)
    behind = live_message(streamed.workspace, streamed.question, hold=streamed, streamed=streamed.streaming)
    behind.standing.its_turn = False
    await behind.find()
    assert behind.standing.empty
    behind.standing.its_turn = True
    await behind.find()
    assert tuple(behind.standing.messages) == streamed.noted != ()


async def test_whoever_was_superseded_streams_no_further(streamed: Streamed) -> None:

    async def go_on() -> None:
        async with streamed.writing() as message:
            message.show(View(text=PIECES[0], doing="Writing…"))
            await until(streamed.sent, within_s=30)
            streamed.ours = False
            message.show(View(text=WHOLE, doing="Writing…"))
            await asyncio.sleep(30)

    with pytest.raises(BaseExceptionGroup) as caught:
        await go_on()
    assert caught.group_contains(SupersededError)
    assert streamed.sent() == PIECES[0]


async def test_cancelled_in_mid_append_the_finished_message_is_whole(streamed: Streamed) -> None:
    async with streamed.writing() as message:
        message.show(View(text=PIECES[0], doing="Writing…"))
        await until(streamed.sent, within_s=30)
    streamed.slack.faults.slow_api_s = 1.0
    growing = asyncio.create_task(streamed.message.standing.stream(View(text=WHOLE, doing="Writing…")))
    await asyncio.sleep(0.3)
    await stopped(growing)
    streamed.slack.faults.slow_api_s = 0.0
    await streamed.message.close(payloads(View(text=WHOLE)))
    streamed.stands_whole()


async def test_text_that_takes_the_place_of_what_was_written_is_edited_in(streamed: Streamed) -> None:
    async with streamed.writing() as message:
        message.show(View(text="Half of another", doing="Writing…"))
        await until(streamed.sent, within_s=30)
        message.show(View(text=PIECES[0], doing="Writing…"))
        await until(lambda: "Half" not in streamed.replies()[0].text, within_s=30)
    await streamed.message.close(payloads(View(text=WHOLE)))
    streamed.stands_whole()


async def test_what_grows_beyond_a_message_goes_on_in_the_next(streamed: Streamed) -> None:
    text = "\n\n".join(f"Paragraph {n} " + "word " * 60 for n in range(20))
    async with streamed.writing() as message:
        message.show(View(text=text[:3_000], doing="Writing…"))
        await until(streamed.sent, within_s=30)
        message.show(View(text=text[:5_000], doing="Writing…"))
        await until(lambda: len(streamed.replies()) == 2, within_s=30)
    await streamed.message.close(payloads(View(text=text)))
    first, second = streamed.replies()
    assert streamed.noted == (first.ts, second.ts)
    assert all(f"Paragraph {n} " in first.text + second.text for n in range(20))
    assert "answerdesk_again" not in str(first.blocks)
    assert "answerdesk_again" in str(second.blocks)
