"""A thread's newest messages. Slack gives the oldest first; in a long one they are found by their time."""

from bot.slack.native_ports import Calls
from bot.slack.slack_answers import Json, next_cursor

REPLIES = 200
"""A page."""
PAGES = 5
"""Read one after another; of a thread with more, that many guesses where its end begins."""
ENOUGH = 50
GUESSED = 100
"""Replies for which a guess would be right if they had come evenly."""
STEP = 4.0


async def newest_messages(slack: Calls, *, channel: str, thread_ts: str) -> list[Json]:
    """A thread's messages, oldest first; of a long one the newest. Raises the wire's errors."""
    messages, cursor = await page(slack, channel, thread_ts)
    if cursor and int(messages[0].get("reply_count") or 0) > PAGES * REPLIES:
        return await _end(slack, channel, messages[0])
    for _ in range(PAGES - 1):
        if not cursor:
            break
        found, cursor = await page(slack, channel, thread_ts, cursor=cursor)
        messages = [*messages[-REPLIES:], *found]
    return messages


async def _end(slack: Calls, channel: str, root: Json) -> list[Json]:
    """The newest replies: since a time after which there is a page of them, and not much less."""
    began, latest = float(root["ts"]), float(root["latest_reply"])
    span_s = (latest - began) * GUESSED / int(root["reply_count"])
    newest: list[Json] = []
    for _ in range(PAGES):
        since = latest - span_s
        found, cursor = await page(slack, channel, str(root["ts"]), oldest=f"{since:.6f}")
        if cursor:
            span_s /= STEP
            continue
        # The thread's first message comes with every page.
        newest = [message for message in found if float(message["ts"]) > since]
        if len(newest) >= ENOUGH:
            break
        span_s *= STEP
    return newest


async def page(slack: Calls, channel: str, thread_ts: str, **where: str) -> tuple[list[Json], str]:
    """Messages of a thread, as Slack has them, and where the next ones begin; empty at its end."""
    found = await slack.call(
        "conversations.replies",
        channel=channel,
        ts=thread_ts,
        limit=REPLIES,
        include_all_metadata=True,
        **where,
    )
    return found.get("messages") or [], next_cursor(found)
