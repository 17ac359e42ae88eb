"""A process that reserves and settles until it is killed; every use is said before it is reported.

``python -m tests.contract.answering.asking_process URL PERSON NAME ANSWERS SEED`` prints ``KEY USED`` for
each answer that it was granted, then works on; the parent kills it whenever it likes.
"""

import asyncio
import random
import sys

from bot.answering.quota import Asker, QuotaLimits
from bot.answering.valkey_connection import valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.contract.answering.telling import PATIENT_SLICES
from wire.errors import RefusedError, UnavailableError
from wire.logging import set_up_logging

PER_DAY = 20_000
LEASE_S = 3600.0
"""Nobody who lives may be taken for dead, however busy the machine: their settling comes on top."""
MOST_TOKENS = 900


def quota_limits() -> QuotaLimits:
    return QuotaLimits(person_per_day=PER_DAY)


async def ask(quota: ValkeyQuota, asker: Asker, key: str, rng: random.Random) -> None:
    """One answer: granted or not, then settled, or left behind."""
    tokens = rng.randrange(100, MOST_TOKENS)
    used = rng.randrange(tokens + 1)
    try:
        reservation = await quota.reserve(asker, key=key, tokens=tokens)
        print(key, used, flush=True)
        await asyncio.sleep(rng.random() * 0.3)
        await quota.renew(reservation, used=used)
        await asyncio.sleep(rng.random() * 0.3)
        if rng.random() < 0.8:
            await quota.settle(reservation, used=used)
    except (RefusedError, UnavailableError):
        return


async def run(url: str, person: str, name: str, *, answers: int, seed: int) -> None:
    rng, asker = random.Random(seed), Asker(person=person)
    async with valkey(url, silent_slices=PATIENT_SLICES) as connection:
        quota = ValkeyQuota(connection, limits=quota_limits(), lease_s=LEASE_S)
        await asyncio.gather(*(ask(quota, asker, f"{name}:{number}", rng) for number in range(answers)))
    print("done", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    # On stdout it would stand among what is said.
    set_up_logging(log_format="console", level="warning")
    url, person, name, answers, seed = sys.argv[1:]
    asyncio.run(run(url, person, name, answers=int(answers), seed=int(seed)))
