"""What Slack was told has arrived is answered, whatever dies, and however often."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.e2e.whole_system import TOPICS, System, whole_system
from tests.until import until

MENTIONS = 2_000
KILLS = 50
BOTS = 3
WAITING = 60
"""Unanswered at a time: as many come as this machine answers, or else they would wait too long in the end."""
EVERY_S = 0.25
ANSWERED_WITHIN_S = 180.0
WHERE = (
    ("jonas", "general"),
    ("marta", "ask-hr"),
    ("theo", "engineering"),
    ("priya", "travel"),
    *((person, "dm") for person in ("jonas", "marta", "theo", "priya", "ines")),
)
"""Slack takes one message a second in each."""


@dataclass(frozen=True)
class Mention:
    person: str
    channel: str
    message: Message

    def shown(self, slack: Sandbox) -> list[Message]:
        """What stands under it of ours."""
        replies = slack.thread(self.channel, self.message.ts, person=self.person)
        return [reply for reply in replies if reply.by_app]

    def is_answered(self, slack: Sandbox) -> bool:
        """Whether exactly one message stands there, and is finished."""
        return [("hourglass" in str(reply.blocks)) for reply in self.shown(slack)] == [False]


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    async with whole_system(tmp_path, bots=BOTS) as running:
        yield running


@pytest.mark.soak
async def test_every_mention_is_answered_once_though_bots_and_workers_are_killed_at_random(
    system: System,
) -> None:
    """Promise 1: 2,000 mentions, kill -9 of a bot or the worker at random 50 times; none is lost."""
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    asked: list[Mention] = []
    waiting: list[Mention] = []

    def unanswered() -> int:
        waiting[:] = [each for each in waiting if not each.is_answered(system.slack)]
        return len(waiting)

    for number in range(MENTIONS):
        person, channel = chance.choice(WHERE)
        text = f"@answerdesk How many days do I get for {chance.choice(TOPICS)} in Germany? ({number})"
        asked.append(Mention(person, channel, system.slack.say(person, channel, text)))
        waiting.append(asked[-1])
        if number % (MENTIONS // KILLS) == 0:
            await chance.choice((system.kill_bot, system.kill_bot, system.kill_worker))()
        await until(lambda: unanswered() < WAITING, within_s=ANSWERED_WITHIN_S, every_s=0.2)
        await asyncio.sleep(EVERY_S)
    await until(lambda: not unanswered(), within_s=ANSWERED_WITHIN_S, every_s=0.5)
    assert [each for each in asked if not each.is_answered(system.slack)] == [], "answered twice by now"
    texts = [each.shown(system.slack)[0].text for each in asked]
    found = sum("working days" in text for text in texts)
    print(found, "of", len(texts), "have an answer; the rest were told why not")
    print(Counter(text[:60] for text in texts if "working days" not in text).most_common(5))
    assert found > MENTIONS / 2
    assert "Traceback" not in system.fleet.log()
