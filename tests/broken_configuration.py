"""A configuration with many of the mistakes that people make, and what `answerdesk doctor` says of it.

    python -m tests.broken_configuration

writes that into docs/running.md.
"""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from io import StringIO
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from rich.console import Console

from desk.doctor import examine
from desk.engines import nats_command, valkey_command
from desk.findings import show_diagnosis
from desk.terminal import Terminal
from sandbox.service import serving
from tests.conftest import free_port, run_engine
from wire.admin_settings import AdminSettings
from wire.settings import Settings
from wire.source_settings import SourceSettings

PAGE = Path(__file__).parents[1] / "docs" / "running.md"
START, END = "<!-- what a broken configuration is told -->\n", "<!-- until here -->"
running_engine = contextmanager(run_engine)


@asynccontextmanager
async def broken_configuration(folder: Path) -> AsyncIterator[Settings]:
    """Real engines that are set up wrongly, and settings that lead there."""
    nats = nats_command(folder=folder / "nats", port=free_port(), password="test")
    config = Path(nats.argv[-1])
    lines = [line for line in config.read_text().splitlines() if not line.startswith("jetstream")]
    config.write_text("\n".join([*lines, "max_payload: 65536", ""]))
    valkey = valkey_command(folder=folder / "valkey", port=free_port(), password="test")
    config = Path(valkey.argv[-1])
    config.write_text(config.read_text().replace("noeviction", "allkeys-lru"))
    async with AsyncExitStack() as stack:
        stack.enter_context(running_engine(nats))
        stack.enter_context(running_engine(valkey))
        slack = await stack.enter_async_context(serving(bot_token="xoxb-1", app_token="xapp-1"))
        slack.faults.missing_scopes = frozenset({"im:history", "users:read.email"})
        model = await stack.enter_async_context(_refusing())
        yield Settings(
            _env_file=None,
            data_dir=folder,
            http_port=nats.port,
            slack_bot_token=SecretStr("xoxb-1"),
            slack_app_token=SecretStr("xapp-another"),
            slack_api_url=slack.api_url,
            anthropic_api_key=SecretStr("sk-wrong"),
            anthropic_base_url=model,
            rewrite_model="none",
            nats_url=nats.url,
            redis_url=valkey.url,
            qdrant_url="http://127.0.0.1:1",
            embedding_model=str(folder / "nats"),
            sources={"handbook": SourceSettings(kind="files", url="file:///srv/nowhere", allow=("public",))},
            admins=AdminSettings(workspace_admins=False),
        )


@asynccontextmanager
async def _refusing() -> AsyncIterator[str]:
    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"type": "error", "error": {"type": "authentication_error"}}, status=401)

    app = web.Application()
    app.router.add_post("/v1/messages", refuse)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def told(settings: Settings) -> str:
    """What the doctor says, addresses and folders left out: they differ each time."""
    written = StringIO()
    show_diagnosis(await examine(settings), Terminal(Console(file=written, width=1000)))
    text = written.getvalue().replace(str(settings.data_dir), "/srv/answerdesk")
    text = re.sub(r"127\.0\.0\.1:\d{2,}", "127.0.0.1:…", text)
    return re.sub(r"port \d+", "port …", text)


async def _write_page() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with broken_configuration(Path(folder)) as settings:
            text = await told(settings)
    page = PAGE.read_text()
    before, rest = page.split(START)
    PAGE.write_text(f"{before}{START}\n```\n{text}```\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    asyncio.run(_write_page())
