"""Streams and buckets on servers that have little."""

from pathlib import Path

import pytest

from desk.engines import nats_command
from tests.conftest import free_port, run_engine
from wire.errors import SettingsError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology


async def test_a_server_with_too_little_room_is_told_to_be_that(tmp_path: Path) -> None:
    command = nats_command(folder=tmp_path, port=free_port(), password="test")
    config = Path(command.argv[-1])
    config.write_text(config.read_text().replace("max_file_store: 1TB", "max_file_store: 4GB"))
    for url in run_engine(command):
        async with connected(url, name="test", within_s=30) as client:
            with pytest.raises(SettingsError, match=r"too little room: .* may take 14 GiB .*max_file_store"):
                await ensure_topology(client)
