"""Takes the dashboard's picture: ``python -m tests.e2e.dashboard_picture PROMETHEUS [SECONDS]``.

Real bots, workers and engines under questions and documents for some minutes (Slack and the model stood in
for), a real Prometheus that scrapes them, and the dashboard's own expressions, each asked of it.
"""

import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from desk.engines import nats_command, valkey_command
from desk.sample import HANDBOOK
from ingest.client import IngestClient
from ingest.sync_client import SyncClient
from sandbox.running import Sandbox
from sandbox.service import serving
from tests.claude_answers import Script
from tests.claude_stand_in import claude_stand_in
from tests.conftest import free_port, run_engine
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, program
from tests.e2e.dashboard_drawing import Line, page
from tests.e2e.demo import browser_page
from tests.until import until
from wire.documents import DocumentUpsert
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.sync import SyncRequested

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "docs" / "images" / "dashboard.png"
DASHBOARD: dict[str, Any] = json.loads((ROOT / "manifests" / "grafana" / "dashboard.json").read_text())
STEP_S = 3
WINDOW = "30s"
"""For ``$__rate_interval``; Grafana takes four scrapes, of 15 s each by default."""
QUESTIONS = (
    "How many days of parental leave do I get in Germany?",
    "How do I report a lost laptop?",
    "Which VPN do I use?",
    "What is the travel policy for hotels?",
    "Who approves expenses?",
    "How many public holidays are there?",
    "May I work from abroad?",
    "How does on-call rotate?",
    "What is the referral bonus?",
    "How long is the probation period?",
    "Where is the moon base?",
)
CHANNELS = ("general", "ask-hr")
PEOPLE = ("jonas", "marta")


async def take(prometheus: Path, *, seconds: float) -> None:
    """Run, watch, draw."""
    with tempfile.TemporaryDirectory() as folder:
        ports = {"bot": free_port(), "worker": free_port(), "prometheus": free_port()}
        with _engines(Path(folder)) as env, _prometheus(prometheus, Path(folder), ports) as asked:
            began = time.time()
            await _serve(Path(folder), env, ports, seconds=seconds)
            lines = await _lines(asked, began=began, ended=time.time())
        IMAGE.parent.mkdir(exist_ok=True)
        await _picture(page(DASHBOARD, lines, begins=began, ends=time.time()))


async def _serve(folder: Path, env: dict[str, str], ports: dict[str, int], *, seconds: float) -> None:
    async with (
        claude_stand_in(default=Script(sentences=3, pace_s=0.06)) as claude,
        serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN) as slack,
    ):
        source = {"kind": "files", "url": HANDBOOK.as_uri(), "allow": ["public"]}
        shared = env | {
            "DATA_DIR": str(folder),
            "WORKER_HTTP_PORT": str(ports["worker"]),
            "SOURCES": json.dumps({"handbook": source}),
        }
        bots = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": slack.api_url,
            "ANTHROPIC_BASE_URL": claude.base_url,
            "HTTP_PORT": str(ports["bot"]),
            "QUOTA_WORKSPACE_TOKENS_PER_DAY": "1000000",
        }
        with (
            program("worker", env=shared, log=folder / "worker.log"),
            program("bot", env=shared | bots, log=folder / "bot.log"),
        ):
            await until(lambda: _ready(ports["bot"]), within_s=90)
            async with connected(env["NATS_URL"], name="picture") as client:
                await ensure_topology(client)
                ingest = IngestClient(client)
                await SyncClient(client).sync(SyncRequested(source="handbook"))
                await _ask_and_edit(slack, ingest, seconds=seconds)


async def _ask_and_edit(slack: Sandbox, ingest: IngestClient, *, seconds: float) -> None:
    chance = random.Random(7)
    ends, version = time.monotonic() + seconds, 1
    while time.monotonic() < ends:
        slack.say(chance.choice(PEOPLE), chance.choice(CHANNELS), f"@answerdesk {chance.choice(QUESTIONS)}")
        if chance.random() < 0.3:
            version += 1
            broken = version % 9 == 0
            note = DocumentUpsert(
                source="notes",
                id=f"n{version % 7}",
                version=version,
                media_type="application/pdf" if broken else "text/markdown",
                body_base64=f"# Notes\n\nNote {version} about the canteen.\n".encode(),
                allow=("public",),
            )
            await ingest.announce(note)
        await asyncio.sleep(chance.uniform(1.5, 5.0))


async def _ready(port: int) -> bool:
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/readyz") as ready,
        ):
            return ready.status == 200
    except aiohttp.ClientError:
        return False


@contextmanager
def _engines(folder: Path) -> Iterator[dict[str, str]]:
    nats = run_engine(nats_command(folder=folder / "nats", port=free_port(), password="test"))
    valkey = run_engine(valkey_command(folder=folder / "valkey", port=free_port(), password="test"))
    try:
        yield {"NATS_URL": next(nats), "REDIS_URL": next(valkey)}
    finally:
        for engine in (valkey, nats):
            next(engine, None)


@contextmanager
def _prometheus(binary: Path, folder: Path, ports: dict[str, int]) -> Iterator[str]:
    targets = json.dumps([f"127.0.0.1:{ports['bot']}", f"127.0.0.1:{ports['worker']}"])
    config = folder / "prometheus.yaml"
    config.write_text(
        "global: {scrape_interval: 2s, evaluation_interval: 5s}\n"
        f"rule_files: [{ROOT / 'manifests' / 'grafana' / 'alerts.yaml'}]\n"
        f"scrape_configs: [{{job_name: answerdesk, static_configs: [{{targets: {targets}}}]}}]\n"
    )
    address = f"127.0.0.1:{ports['prometheus']}"
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={address}",
    )
    process = subprocess.Popen(
        [str(binary), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)


async def _lines(prometheus: str, *, began: float, ended: float) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    async with aiohttp.ClientSession() as session:
        for panel in DASHBOARD["panels"]:
            for target in panel.get("targets", ()):
                # A month's objective, over what there is of it.
                query = target["expr"].replace("$__rate_interval", WINDOW).replace("[28d]", "[10m]")
                params = {"query": query, "start": began, "end": ended, "step": STEP_S}
                async with session.get(f"{prometheus}/api/v1/query_range", params=params) as response:
                    answer = await response.json()
                assert answer["status"] == "success", (query, answer)
                found.setdefault(panel["id"], []).extend(
                    _line(series, target["legendFormat"]) for series in answer["data"]["result"]
                )
    return found


def _line(series: dict[str, Any], legend: str) -> Line:
    named = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda m: series["metric"].get(m[1], ""), legend)
    points = [(float(at), float(value)) for at, value in series["values"] if value not in ("NaN", "+Inf")]
    return Line(legend=named, points=points)


async def _picture(page_html: str) -> None:
    async with browser_page("http://127.0.0.1", size={"width": 1512, "height": 900}) as view:
        await view.set_content(page_html)
        await view.screenshot(path=IMAGE, full_page=True, scale="css")


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]), seconds=float(sys.argv[2]) if len(sys.argv) > 2 else 120.0))
