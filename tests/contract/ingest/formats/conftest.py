"""The real processes that read documents."""

from collections.abc import AsyncIterator

import pytest

from ingest.parser_processes import ParserProcesses
from ingest.parsing import Parsing


@pytest.fixture
async def processes() -> AsyncIterator[ParserProcesses]:
    async with ParserProcesses() as opened:
        yield opened


@pytest.fixture
def parsing(processes: ParserProcesses) -> Parsing:
    return Parsing(processes)
