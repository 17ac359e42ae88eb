"""Takes questions from the queue, several at a time, and sees each to its end."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import structlog

from bot.slack.ports import SupersededError
from bot.slack.replying import Replying
from wire.errors import MalformedError, RefusedError, SettingsError, UnavailableError
from wire.nats_work import Delivery, hand_out
from wire.opentelemetry_spans import span
from wire.questions import QuestionAsked
from wire.stopping import stopped

FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 60.0
DRAIN_WITHIN_S = 12.0
"""How long answers under way may go on once we are told to stop."""

_log = structlog.get_logger("taking")


class Afterwards(Protocol):
    """What its asker alone is told once a question is seen to. Raises nothing, and soon ends."""

    async def answered(self, question: QuestionAsked) -> None:
        """The answer stands."""
        ...

    async def not_posted(self, question: QuestionAsked) -> None:
        """Slack takes no message of ours there."""
        ...


class Queue(Protocol):
    """Where questions wait."""

    async def take(self, *, most: int) -> Sequence[Delivery[QuestionAsked]]:
        """The next questions, one at the least, however long it takes to come."""
        ...


async def take_questions(
    *, queue: Queue, replying: Replying, afterwards: Afterwards, in_hand: int, stop: asyncio.Event
) -> None:
    """Reply to questions until told to stop; then let those under way finish, for a while.

    What is not finished by then goes back to the queue, and is gone on with in the same message.

    Args:
        queue: where they come from.
        replying: what replies.
        afterwards: what is told to the asker alone.
        in_hand: how many to take at the most, those that wait for their turn included.
        stop: when to stop.
    """
    under_way: set[asyncio.Task[None]] = set()
    see_to_one = partial(see_to, replying=replying, afterwards=afterwards)
    taking = asyncio.create_task(hand_out(queue.take, see_to_one, at_once=in_hand, under_way=under_way))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((taking, stopping), return_when=asyncio.FIRST_COMPLETED)
        if taking.done():
            taking.result()
    finally:
        await stopped(taking, stopping)
        if under_way:
            await asyncio.wait(under_way, timeout=DRAIN_WITHIN_S)
        await stopped(*under_way)


async def see_to(delivery: Delivery[QuestionAsked], replying: Replying, afterwards: Afterwards) -> None:
    """Reply to one question, and tell the queue how that went."""
    with (
        structlog.contextvars.bound_contextvars(question=delivery.item.id),
        span("answer a question", kind="consumer", headers=delivery.headers) as work,
    ):
        work.note({"answerdesk.question": delivery.item.id, "answerdesk.delivery": delivery.number})
        await _see_to(delivery, replying, afterwards)


async def _see_to(delivery: Delivery[QuestionAsked], replying: Replying, afterwards: Afterwards) -> None:
    log = _log.bind(delivery=delivery.number)
    delay_s = min(FIRST_DELAY_S * 2 ** (delivery.number - 1), LONGEST_DELAY_S)
    try:
        async with delivery.kept():
            answered = await replying.reply(delivery.item, delivery=delivery.number)
    except SupersededError:
        log.info("another replica answers this question")
    except (RefusedError, MalformedError) as error:
        log.warning("Slack takes no message there", reason=str(error))
        await delivery.done()
        await afterwards.not_posted(delivery.item)
    except SettingsError as error:
        # Left in the queue: whoever has a good token by then is given it after the queue's ack_wait.
        log.warning("left for a bot with a good token", reason=str(error))
    except UnavailableError as error:
        delay_s = max(delay_s, error.retry_after_s or 0.0)
        log.warning("put back", reason=str(error), delay_s=delay_s)
        await delivery.put_back(delay_s=delay_s)
    except asyncio.CancelledError:
        await asyncio.shield(delivery.put_back(delay_s=0.1))
        raise
    except Exception:
        log.exception("reply failed")
        await delivery.put_back(delay_s=delay_s)
    else:
        await delivery.done()
        if answered:
            await afterwards.answered(delivery.item)
