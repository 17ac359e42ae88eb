"""Erasing a person: nothing of them is left in any store, and nothing of anybody else is gone."""

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import redis.asyncio
from nats.aio.client import Client

from bot.home.nats_preferences import open_preferences
from bot.slack.nats_feedback import NatsFeedback
from sandbox.service import Sandbox
from tests.claude_stand_in import ClaudeStandIn
from tests.e2e.bot_fleet import Fleet
from tests.e2e.conftest import QUESTION
from tests.e2e.nats_contents import contents
from tests.e2e.test_questions import answer
from tests.until import until
from wire import subjects
from wire.feedback import Feedback
from wire.nats_connection import connected
from wire.preferences import PersonalPreferences

TEAM, JONAS, MARTA = "T0LARKSPUR", "U0JONAS", "U0MARTA"
GONE_WITHIN_S = 60.0
SECRET = "quokka"
"""A word of the questions that are to be forgotten, which stands in no document."""
THEIRS = "wombat"


async def everything(client: Client, redis_url: str) -> dict[str, str]:
    """All that NATS and Valkey keep, names with contents."""
    kept: dict[str, str] = {}
    async for name, message in contents(client):
        words = (message.data or b"").decode(errors="replace") + str(message.headers or "")
        kept[f"{name} {message.subject} {message.seq}"] = words
    async with redis.asyncio.from_url(redis_url, decode_responses=True) as valkey:
        async for key in valkey.scan_iter():
            value: object
            match await valkey.type(key):
                case "string":
                    value = await valkey.get(key)
                case "hash":
                    value = await valkey.hgetall(key)
                case "zset":
                    value = await valkey.zrange(key, 0, -1)
                case _:
                    value = await valkey.lrange(key, 0, -1)
            kept[f"valkey {key}"] = str(value)
    return kept


def holding(kept: dict[str, str], *words: str) -> list[str]:
    return sorted(name for name, value in kept.items() if any(word in f"{name} {value}" for word in words))


async def test_nothing_of_a_forgotten_person_is_left_and_all_of_everybody_else(
    fleet: Fleet, slack: Sandbox, engines: dict[str, str], claude: ClaudeStandIn
) -> None:
    """Promise 38: 0 remnants within 60 s; the audit line remains without content."""
    fleet.own_settings |= {"QUOTA_TOKENS_PER_DAY": "100000", "AUDIT_QUESTIONS": "true"}
    fleet.start()
    asked = slack.say("jonas", "general", f"{QUESTION} {SECRET}")
    direct = slack.say("jonas", "dm", f"How long is parental leave in Germany, {SECRET}?")
    nothing = slack.say("jonas", "dm", f"{SECRET} zygomorphic flibbertigibbet?")
    others = slack.say("marta", "general", f"{QUESTION} {THEIRS}")
    await until(lambda: answer(slack, asked), within_s=60)
    await until(lambda: answer(slack, direct, channel="dm"), within_s=60)
    await until(lambda: answer(slack, nothing, channel="dm"), within_s=60)
    await until(lambda: answer(slack, others, person="marta"), within_s=60)
    async with connected(engines["NATS_URL"], name="test") as client:
        await _rate(client, person=f"{TEAM}:{JONAS}", asker=f"{TEAM}:{MARTA}", text=THEIRS)
        await _rate(client, person=f"{TEAM}:{MARTA}", asker=f"{TEAM}:{JONAS}", text=SECRET)
        preferences = await open_preferences(client)
        await preferences.change_person(JONAS, lambda _: PersonalPreferences(language="Welsh"), team=TEAM)
        await preferences.change_person(MARTA, lambda _: PersonalPreferences(language="Irish"), team=TEAM)

        async def all_settled() -> bool:
            return (await client.jetstream().stream_info(subjects.QUESTIONS_STREAM)).state.messages == 0

        await until(all_settled, within_s=30)
        before = await everything(client, engines["REDIS_URL"])
        assert {name.split()[0] for name in holding(before, JONAS, SECRET, direct.channel)} >= {
            "AUDIT", "FEEDBACK", "GAPS", "KV_questions", "KV_settings", "KV_threads", "valkey",
        }  # fmt: skip
        started = time.monotonic()
        told = await asyncio.to_thread(_forget, engines)
        after = await everything(client, engines["REDIS_URL"])
    assert time.monotonic() - started < GONE_WITHIN_S
    assert json.loads(told)["person"] == f"{TEAM}:{JONAS}"
    left = holding(after, JONAS, SECRET, direct.channel)
    # Who asked remains, and that they were forgotten; no words, no settings, no counts.
    assert [name for name in left if not name.startswith("AUDIT audit.line ")] == []
    assert not holding(after, SECRET)
    # Three questions, and the erasure; a question that was taken up twice has two lines.
    assert len(left) >= 4
    brief = ("asked:", "flights")
    theirs = {name for name in holding(before, MARTA, THEIRS) if not any(word in name for word in brief)}
    feedback = {name for name in theirs if name.startswith("FEEDBACK")}
    assert theirs - feedback <= set(holding(after, MARTA, THEIRS))


def _forget(engines: dict[str, str]) -> bytes:
    command = [sys.executable, "-m", "desk", "forget", JONAS, "--json"]
    return subprocess.run(
        command, env=os.environ | engines, capture_output=True, check=True, timeout=60
    ).stdout


async def _rate(client: Client, *, person: str, asker: str, text: str) -> None:
    await NatsFeedback(client).keep(
        Feedback(
            question="T0LARKSPUR:C1:1.0:0",
            person=person,
            helpful=False,
            outcome="answered",
            asker=asker,
            text=text,
            given_at=datetime.now(UTC),
        )
    )
