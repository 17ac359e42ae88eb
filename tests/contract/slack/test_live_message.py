"""One message that grows, against a workspace that limits, loses and refuses as Slack does."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest

from bot.slack.live_message import LiveMessage
from bot.slack.ports import SupersededError
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.view import View, payloads
from sandbox.conversations import Message
from sandbox.faults import RateLimited
from sandbox.service import Sandbox
from tests.contract.slack.held import Held, live_message
from wire.errors import SettingsError, UnavailableError
from wire.stopping import stopped

FINAL = payloads(View(text="The whole answer."))


class Growing(Held):
    """A message under a question, and what a test looks at."""

    def __init__(self, slack: Sandbox, workspace: SlackWorkspace) -> None:
        super().__init__()
        self.slack = slack
        self.workspace = workspace
        self.question = slack.say("jonas", "general", "@answerdesk how many days?")
        self.message = self.under(self.question)

    def under(self, question: Message) -> LiveMessage:
        """An answer's message, nothing of it known yet."""
        return live_message(self.workspace, question, hold=self)

    def replies(self) -> list[Message]:
        return self.slack.thread("general", self.question.ts)

    @asynccontextmanager
    async def written(self) -> AsyncIterator[LiveMessage]:
        """The message, open, with its previews being sent."""
        await self.message.open(View(doing="Looking into it…"))
        async with asyncio.TaskGroup() as group:
            group.create_task(self.message.write())
            yield self.message
            self.message.stop()


@pytest.fixture
async def growing(slack: Sandbox, workspace: SlackWorkspace) -> Growing:
    return Growing(slack, workspace)


async def test_a_message_is_there_at_once_and_ends_whole(growing: Growing) -> None:
    async with growing.written() as message:
        [reply] = growing.replies()
        assert reply.text == "Looking into it…"
        message.show(View(text="The", doing="Writing…"))
    await message.close(FINAL)
    [reply] = growing.replies()
    assert reply.text == "The whole answer."
    assert reply.edited_ts is None


async def test_it_is_edited_no_faster_than_once_a_second(growing: Growing) -> None:
    async with growing.written() as message:
        for n in range(30):
            message.show(View(text=f"word {n}", doing="Writing…"))
            await asyncio.sleep(0.1)
    await message.close(FINAL)
    previews = growing.slack.calls("chat.update")[:-1]
    assert 2 <= len(previews) <= 4


async def test_a_slow_preview_never_lands_on_the_finished_message(growing: Growing) -> None:
    growing.slack.faults.slow_api_s = 0.5
    async with growing.written() as message:
        message.show(View(text="half", doing="Writing…"))
        await asyncio.sleep(0.2)
    await message.close(FINAL)
    await asyncio.sleep(1)
    [reply] = growing.replies()
    assert reply.text == "The whole answer."


async def test_nothing_is_called_within_slacks_retry_after(growing: Growing) -> None:
    """Promise 8: the pause is kept, and the last edit arrives after it."""
    growing.slack.faults.rate_limited = {"chat.update": RateLimited(calls=1, retry_after_s=2)}
    async with growing.written() as message:
        message.show(View(text="half", doing="Writing…"))
        await asyncio.sleep(0.3)
    started = time.monotonic()
    await message.close(FINAL)
    assert time.monotonic() - started > 1
    refused, accepted = growing.slack.calls("chat.update")
    assert accepted.at - refused.at >= 1.9
    [reply] = growing.replies()
    assert reply.text == "The whole answer."


async def test_a_lost_answer_to_a_post_gives_one_message(growing: Growing) -> None:
    """Promise 5: it is found by the question's id in its metadata."""
    growing.slack.faults.lost_answers = {"chat.postMessage": 1}
    await growing.message.open(View(doing="Looking into it…"))
    [reply] = growing.replies()
    assert growing.noted == (reply.ts,)


async def test_without_looking_for_it_a_lost_answer_would_give_two(
    growing: Growing, workspace: SlackWorkspace
) -> None:
    """Promise 5, negative control: the fault is real."""
    growing.slack.faults.lost_answers = {"chat.postMessage": 1}
    for _ in range(2):
        try:
            await workspace.post(
                channel="C0GENERAL",
                thread_ts=growing.question.ts,
                shown=FINAL[0],
                question=f"T0LARKSPUR:C0GENERAL:{growing.question.ts}:0",
            )
        except UnavailableError:
            continue
    assert len(growing.replies()) == 2


async def test_a_successor_finds_the_message_of_a_dead_replica(growing: Growing) -> None:
    await growing.message.open(View(doing="Looking into it…"))
    successor = growing.under(growing.question)
    await successor.find()
    assert tuple(successor.standing.messages) == growing.noted != ()


def posted_by_the_dead(growing: Growing, part: int) -> Awaitable[str]:
    """A message of the answer that nobody lived to note."""
    return growing.workspace.post(
        channel=growing.question.channel,
        thread_ts=growing.question.ts,
        shown=payloads(View(text="The whole", doing="Writing…"))[0],
        question=f"T0LARKSPUR:C0GENERAL:{growing.question.ts}:0",
        part=part,
    )


async def test_a_page_of_a_dead_replica_does_not_stay_behind_a_shorter_answer(growing: Growing) -> None:
    """Promise 6: one answer stands, whatever was posted and not noted."""
    await growing.message.open(View(doing="Looking into it…"))
    await posted_by_the_dead(growing, 1)
    successor = live_message(growing.workspace, growing.question, hold=growing, known=growing.noted)
    await successor.close(FINAL)
    [reply] = growing.replies()
    assert reply.text == "The whole answer."
    assert growing.noted == (reply.ts,)


async def test_what_a_dead_replica_had_posted_anew_does_not_stand_beside_its_first_message(
    growing: Growing,
) -> None:
    """Promise 4: one visible reply, also where it died before it could withdraw the other."""
    await growing.message.open(View(doing="Looking into it…"))
    newer = await posted_by_the_dead(growing, 0)
    successor = live_message(growing.workspace, growing.question, hold=growing, known=growing.noted)
    await successor.close(FINAL)
    [reply] = growing.replies()
    assert (reply.ts, reply.text) == (newer, "The whole answer.")
    assert growing.noted == (newer,)


async def test_whoever_was_superseded_does_not_touch_the_message(growing: Growing) -> None:
    """Promise 6: a replica that was stopped and comes back cannot write over its successor."""

    async def go_on() -> None:
        async with growing.written() as message:
            growing.ours = False
            message.show(View(text="stale", doing="Writing…"))
            await asyncio.sleep(5)

    with pytest.raises(BaseExceptionGroup) as caught:
        await go_on()
    assert caught.group_contains(SupersededError)
    with pytest.raises(SupersededError):
        await growing.message.close(FINAL)
    [reply] = growing.replies()
    assert reply.text == "Looking into it…"


async def test_a_revoked_token_is_tried_no_further(growing: Growing, workspace: SlackWorkspace) -> None:
    """Promise 10 (its calls): once Slack refuses the token, nothing more is called."""
    await growing.message.open(View(doing="Looking into it…"))
    growing.slack.faults.auth_error = "token_revoked"
    before = len(growing.slack.calls())
    for _ in range(5):
        with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN"):
            await growing.message.close(FINAL)
    assert workspace.token_died.is_set()
    assert len(growing.slack.calls()) - before == 1


async def test_posts_too_keep_to_slacks_retry_after(growing: Growing) -> None:
    """Promise 8: no call within the window, whichever method it is for."""
    growing.slack.faults.rate_limited = {"chat.postMessage": RateLimited(calls=1, retry_after_s=2)}
    await growing.message.open(View(doing="Looking into it…"))
    refused, accepted = growing.slack.calls("chat.postMessage")
    assert accepted.at - refused.at >= 1.9


async def test_many_posts_in_a_channel_are_paced_without_a_single_refusal(
    growing: Growing, slack: Sandbox
) -> None:
    async def post(n: int) -> None:
        question = slack.say("jonas", "general", f"@answerdesk question {n}")
        message = growing.under(question)
        await message.open(View(doing="Looking into it…"))

    await asyncio.gather(*(post(n) for n in range(6)))
    assert [call.error for call in slack.calls("chat.postMessage")] == [None] * 6


async def test_in_a_very_long_thread_a_lost_answer_still_gives_one_message(
    growing: Growing, slack: Sandbox, workspace: SlackWorkspace
) -> None:
    """Promise 5: Slack lists a thread's earliest messages first; ours is looked for after its question."""
    for n in range(230):
        slack.say("theo", "general", f"chat {n}", thread_ts=growing.question.ts)
    late = slack.say("jonas", "general", "@answerdesk and now?", thread_ts=growing.question.ts)
    message = growing.under(late)
    slack.faults.lost_answers = {"chat.postMessage": 1}
    await message.open(View(doing="Looking into it…"))
    assert len([reply for reply in growing.replies() if reply.by_app]) == 1
    turns = await workspace.thread(channel="C0GENERAL", thread_ts=growing.question.ts)
    assert turns[-2].text.endswith("and now?")


async def test_nothing_that_is_posted_unfurls(growing: Growing) -> None:
    await growing.message.open(View(doing="Looking into it…"))
    [call] = growing.slack.calls("chat.postMessage")
    assert call.arguments["unfurl_links"] is False
    assert call.arguments["unfurl_media"] is False


async def test_an_edit_that_nobody_waits_for_any_more_still_comes_before_the_next(
    growing: Growing, slack: Sandbox
) -> None:
    """Stopped in mid-edit: Slack is never sent two at once, of which the older might be shown last."""
    await growing.message.open(View(doing="Looking into it…"))
    slack.faults.slow_api_s = 1.0
    growing.message.show(View(text="half an answ", doing="Writing…"))
    writing = asyncio.create_task(growing.message.write())
    await asyncio.sleep(0.3)
    await stopped(writing)
    slack.faults.slow_api_s = 0.0
    await growing.message.close(FINAL)
    assert [reply.text for reply in growing.replies()] == ["The whole answer."]
    texts = [call.arguments["text"] for call in slack.calls("chat.update")]
    assert texts == ["half an answ", "The whole answer."]


async def test_a_post_that_nobody_waits_for_any_more_is_found_again(growing: Growing, slack: Sandbox) -> None:
    slack.faults.slow_api_s = 1.0
    opening = asyncio.create_task(growing.message.open(View(doing="Looking into it…")))
    await asyncio.sleep(0.3)
    await stopped(opening)
    slack.faults.slow_api_s = 0.0
    await growing.message.close(FINAL)
    assert [reply.text for reply in growing.replies()] == ["The whole answer."]


async def test_a_long_answer_that_has_to_be_posted_anew_stands_once_however_slack_limits_posts(
    growing: Growing, slack: Sandbox
) -> None:
    """Promises 5 and 8: more messages than Slack takes at once, and no edit for an hour."""
    slack.faults.rate_limited = {"chat.update": RateLimited(calls=1000, retry_after_s=3600)}
    pages = payloads(View(text="\n\n".join(f"Page {n}. " + "All of it is true. " * 180 for n in range(6))))
    assert len(pages) == 6
    async with growing.written() as message:
        message.show(View(text="half", doing="Writing…"))
    await message.close(pages)
    assert [reply.text[:7] for reply in growing.replies()] == [f"Page {n}." for n in range(6)]
    assert growing.noted == tuple(reply.ts for reply in growing.replies())
