"""The writer's side of an answer's record: events go there, and what readers elsewhere want comes back."""

import asyncio
import time
from contextlib import ExitStack

from bot.web.readable import Readable
from bot.web.records import Records
from wire.errors import UnavailableError

ALONE_EVERY_S = 1.0
"""How often an answer is told that nobody reads elsewhere: the first one to do so waits as long."""
READ_EVERY_S = 0.2
LAST_WITHIN_S = 5.0
"""How long the end of an answer is tried to be told."""


async def record(answer: Readable, records: Records) -> None:
    """Keep an answer on record until it has ended.

    A reader at another bot counts as one here, and may stop it. While the record can't be reached the answer
    goes on, and what was missed is told later.
    """
    told, every_s, over_at = 0, ALONE_EVERY_S, None
    with ExitStack() as elsewhere:
        read = False
        while True:
            events = await answer.after(told, within_s=0)
            ended = answer.told_all(told + len(events))
            try:
                said = await records.tell(
                    answer.id,
                    whose=answer.whose,
                    events=[event.json for event in events],
                    since=told,
                    ended=ended,
                )
            except UnavailableError:
                if ended:
                    over_at = over_at or time.monotonic() + LAST_WITHIN_S
                    if time.monotonic() > over_at:
                        return
            else:
                if ended and said.kept == told + len(events):
                    return
                # Fewer than we have told, where the record was lost: all of it is told again.
                told = said.kept
                if said.read and not read:
                    elsewhere.enter_context(answer.reading())
                elif read and not said.read:
                    elsewhere.close()
                read, every_s = said.read, READ_EVERY_S if said.read else ALONE_EVERY_S
                if said.stop:
                    await answer.cancel()
            await asyncio.sleep(every_s)
