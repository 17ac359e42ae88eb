"""What was erased is in no store and in no later backup, and an older one brings no document of it back."""

import asyncio
import gzip
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from nats.aio.client import Client

from bot.home.nats_preferences import open_preferences
from retrieval.copies_client import CopiesClient
from sandbox.service import Sandbox
from tests.claude_stand_in import ClaudeStandIn
from tests.e2e.bot_fleet import Fleet
from tests.e2e.test_backup import backed_up, delete, index, restored, system, upsert
from tests.e2e.test_forgetting import GONE_WITHIN_S, JONAS, MARTA, TEAM, everything, holding
from tests.e2e.test_questions import answer
from tests.until import until
from wire.preferences import PersonalPreferences

OF_DOCUMENT, OF_PERSON, KEPT = "quokka", "wombat", "platypus"
"""Words that stand nowhere else."""


@dataclass(frozen=True)
class Company:
    """Everything that runs, and what it keeps."""

    nats_url: str
    client: Client
    redis_url: str

    async def keeps(self) -> dict[str, str]:
        """All of it, in every store."""
        kept = await everything(self.client, self.redis_url)
        after: str | None = None
        while True:
            page = await CopiesClient(self.client).page(after=after)
            for copy in page.copies:
                kept[f"index {copy.id}"] = copy.to_json().decode()
            if (after := page.after) is None:
                return kept

    async def forgets(self, person: str) -> bytes:
        """``answerdesk forget``, as an operator runs it."""
        command = [sys.executable, "-m", "desk", "forget", person, "--json"]
        env = os.environ | {"NATS_URL": self.nats_url}
        done = await asyncio.to_thread(
            subprocess.run, command, env=env, capture_output=True, check=True, timeout=GONE_WITHIN_S
        )
        return done.stdout


@asynccontextmanager
async def company(
    folder: Path, *, slack: Sandbox, claude: ClaudeStandIn, redis_url: str
) -> AsyncIterator[Company]:
    async with system(folder) as (nats_url, client):
        env = {"NATS_URL": nats_url, "REDIS_URL": redis_url, "DATA_DIR": str(folder / "bot")}
        bots = Fleet(
            slack=slack,
            env=env | {"ANTHROPIC_BASE_URL": claude.base_url, "AUDIT_QUESTIONS": "true"},
            folder=folder,
        )
        bots.start()
        try:
            yield Company(nats_url, client, redis_url)
        finally:
            bots.kill()


async def is_kept_for_others(company: Company) -> bool:
    """The answer that was written from the document that goes: a part of it stands in the cache."""
    kept = holding(await company.keeps(), OF_DOCUMENT)
    return any(name.startswith("valkey answerdesk:{answers}:") for name in kept)


async def set_language(client: Client, person: str, language: str) -> None:
    preferences = await open_preferences(client)
    await preferences.change_person(person, lambda _: PersonalPreferences(language=language), team=TEAM)


def in_backup(folder: Path) -> str:
    """All that a backup holds, opened."""
    return "".join(gzip.decompress(file.read_bytes()).decode() for file in sorted(folder.glob("*.gz")))


async def test_what_was_erased_is_in_no_store_and_no_restored_backup(
    slack: Sandbox, claude: ClaudeStandIn, valkey_url: str, tmp_path: Path
) -> None:
    """Promise 38: erase a document and a person, then search all stores and the restored snapshot.

    0 remnants within 60 s; the audit line remains without content.
    """
    before, after = tmp_path / "before", tmp_path / "after"
    secret = upsert("secret", f"The {OF_DOCUMENT} is paid twice.")
    async with company(tmp_path / "first", slack=slack, claude=claude, redis_url=valkey_url) as first:
        await index(first.client, secret, upsert("leave", f"The {KEPT} has 30 days of leave a year."))
        await set_language(first.client, JONAS, OF_PERSON)
        await set_language(first.client, MARTA, KEPT)
        asked = slack.say("jonas", "dm", f"How many days of leave has the {KEPT}, {OF_PERSON}?")
        await until(lambda: answer(slack, asked, channel="dm"), within_s=60)
        twice = slack.say("marta", "dm", "Who is paid twice?")
        await until(lambda: answer(slack, twice, person="marta", channel="dm"), within_s=60)
        await until(lambda: is_kept_for_others(first), within_s=60)
        await backed_up(before, first.nats_url)
        held = {name.split()[0] for name in holding(await first.keeps(), OF_DOCUMENT, OF_PERSON)}
        assert held >= {"index", "OBJ_texts", "AUDIT", "KV_settings", "valkey"}
        assert OF_DOCUMENT in in_backup(before)

        await index(first.client, delete("secret", version=2))
        told = await first.forgets(JONAS)
        await until(lambda: nothing_is_left(first, asked.channel), within_s=GONE_WITHIN_S, every_s=1)
        assert json.loads(told)["person"] == f"{TEAM}:{JONAS}"
        lines = holding(await first.keeps(), JONAS)
        assert lines
        assert all(name.startswith("AUDIT audit.line ") for name in lines)
        await backed_up(after, first.nats_url)
    assert [word for word in (OF_DOCUMENT, OF_PERSON, JONAS) if word in in_backup(after)] == []

    # Everything is lost but the backups: another NATS, another worker on an empty disk, an empty Valkey.
    async with company(tmp_path / "second", slack=slack, claude=claude, redis_url=valkey_url) as second:
        await restored(after, second.nats_url)
        kept = await second.keeps()
        assert holding(kept, OF_DOCUMENT, OF_PERSON, JONAS, asked.channel) == []
        assert {name.split()[0] for name in holding(kept, KEPT)} >= {"index", "OBJ_texts", "KV_settings"}
        # The older one brings neither back any more, nor does the document's announcement.
        await restored(before, second.nats_url)
        await index(second.client, upsert("leave", f"The {KEPT} has 31 days of leave a year.", version=2))
        kept = await second.keeps()
        assert holding(kept, OF_DOCUMENT, OF_PERSON, JONAS, asked.channel) == []
        assert holding(kept, KEPT)
        # What they set after that is theirs, and comes back with a backup of then.
        await set_language(second.client, JONAS, "Danish")
        await backed_up(tmp_path / "later", second.nats_url)
    async with company(tmp_path / "third", slack=slack, claude=claude, redis_url=valkey_url) as third:
        await restored(tmp_path / "later", third.nats_url)
        assert (await (await open_preferences(third.client)).of_person(JONAS, team=TEAM)).language == "Danish"


async def nothing_is_left(company: Company, channel: str) -> bool:
    """But the audit lines, which hold no words."""
    kept = await company.keeps()
    left = holding(kept, OF_DOCUMENT, OF_PERSON, channel) + holding(kept, JONAS)
    return all(name.startswith("AUDIT audit.line ") for name in left) and not holding(
        kept, OF_DOCUMENT, OF_PERSON
    )
