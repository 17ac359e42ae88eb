"""A document that was deleted: nothing of it is left in any store, nor in what is restored."""

import gzip
from pathlib import Path

from nats.aio.client import Client

from desk.backup_files import BackupNote
from retrieval.copies_client import CopiesClient
from tests.e2e.test_backup import command, delete, index, system, upsert
from tests.e2e.test_forgetting import everything, holding
from tests.e2e.worker_process import found
from tests.until import until

CANARY = "xylocarp"
"""A word of the documents that go."""
GONE_WITHIN_S = 60.0
LONG = f"## Opening\n\n{f'The {CANARY} opens in spring. ' * 40}\n\n" * 480
"""Too long for a message: its body takes the way through the object store."""


async def test_of_a_deleted_document_nothing_is_left_in_any_store_nor_in_what_is_restored(
    valkey_url: str, tmp_path: Path
) -> None:
    """Promise 38: 0 remnants within 60 s, a short one and one of several hundred KiB; others stay."""
    async with system(tmp_path / "first") as (nats_url, client):
        await index(
            client,
            upsert("kept", "The greenhouse opens at nine."),
            upsert("short", f"The {CANARY} opens at eight."),
            upsert("long", LONG),
        )
        assert {name for name, _ in await found(client, f"when does the {CANARY} open")} >= {"short", "long"}
        assert await remnants(client, valkey_url), "the control"
        await index(client, delete("short", version=2), delete("long", version=2))

        async def nothing_is_left() -> bool:
            return not await remnants(client, valkey_url)

        await until(nothing_is_left, within_s=GONE_WITHIN_S, every_s=1.0)
        note = BackupNote.model_validate_json(await command(nats_url, "backup", str(tmp_path / "backup")))
    assert (note.documents, note.texts, note.deleted) == (1, 1, 2)
    for file in (tmp_path / "backup").glob("*.gz"):
        assert CANARY.encode() not in gzip.decompress(file.read_bytes())
    async with system(tmp_path / "second") as (nats_url, client):
        await command(nats_url, "restore", str(tmp_path / "backup"))
        assert not await remnants(client, valkey_url)
        assert {name for name, _ in await found(client, f"when does the {CANARY} open")} == {"kept"}


async def remnants(client: Client, valkey_url: str) -> list[str]:
    """Where the word stands: in NATS, objects included, in Valkey, or in the index."""
    left = holding(await everything(client, valkey_url), CANARY)
    after: str | None = None
    while True:
        page = await CopiesClient(client).page(after=after)
        left += [copy.document for copy in page.copies if CANARY in copy.to_json().decode()]
        after = page.after
        if after is None:
            return left
