"""What is photographed: engines, a worker, a bot, the sandbox and a stand-in for the model, all at work."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk.announcing import announce_all, wait_for_all
from desk.engines import nats_command, valkey_command
from desk.probes import page_answers
from desk.sample import HANDBOOK, handbook
from ingest.client import IngestClient
from sandbox.conversations import Message
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from tests.claude_stand_in import ClaudeStandIn, Script, claude_stand_in
from tests.conftest import free_port, run_engine
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, STOP_WITHIN_S
from tests.gallery.camera import Act, Camera, place
from tests.until import until
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

WITHIN_S = 60.0
AGAIN, STOP = "answerdesk_again", "answerdesk_stop"
WIKI_PAGES = 240
SOURCES = """\
[sources.wiki]
kind = "files"
url = "file://{folder}/wiki"
allow = ["public"]
announce_per_s = 12.0

[sources.rules]
kind = "files"
url = "file://{folder}/rules"
allow = ["public"]
schedule = {{ cron = "0 3 * * *" }}

[sources.archive]
kind = "files"
url = "file://{folder}/archive"
allow = ["public"]
"""
RULES = {
    "bicycles.md": "# Bicycles\n\nThe bicycle cellar of the Berlin office is open from 7:00 to 20:00. Its "
    "code is changed on the first Monday of each month.\n",
    "plants.md": "# Office plants\n\nPlants in the Berlin office are watered by the Hub team on Fridays.\n",
}


@dataclass
class House:
    """All of it, and what scenes do with it."""

    folder: Path
    slack: Sandbox
    claude: ClaudeStandIn
    camera: Camera
    env: dict[str, str]
    worker: subprocess.Popen[bytes]
    ask_url: str = ""

    @asynccontextmanager
    async def bot(self, **settings: str) -> AsyncIterator[None]:
        """A bot with these settings, while the block lasts."""
        port = free_port()
        self.ask_url = f"http://127.0.0.1:{port}/ask"
        wanted = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": self.slack.api_url,
            "ANTHROPIC_BASE_URL": self.claude.base_url,
            "ASK_HUMAN_CHANNEL": "C0ASKHR",
            "API_OPEN": "true",
            "HTTP_PORT": str(port),
        }
        log = self.camera.folder / "bot.log"
        with _program("bot", env=self.env | wanted | settings, folder=self.folder, log=log):
            await until(lambda: self.slack.open_sockets, within_s=WITHIN_S)
            await until(lambda: page_answers(f"http://127.0.0.1:{port}/readyz"), within_s=WITHIN_S)
            yield
        await until(lambda: not self.slack.open_sockets, within_s=WITHIN_S)

    def replies(self, question: Message) -> list[Message]:
        """What the bot said in a question's thread."""
        thread = self.slack.thread(question.channel, question.thread_ts or question.ts, person=question.user)
        return [reply for reply in thread if reply.by_app]

    async def said(self, question: Message, words: str) -> Message:
        """The bot's newest message under a question, once it holds these words."""
        return await _newest(lambda: self.replies(question), words)

    async def answered(
        self,
        person: str,
        channel: str,
        text: str,
        *,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Message:
        """A question, once its answer is finished."""
        question = self.ask(person, channel, text, files=files)
        await self.said(question, AGAIN)
        return question

    def ask(
        self,
        person: str,
        channel: str,
        text: str,
        *,
        within: Message | None = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Message:
        """A question, with a mention where it needs one."""
        words = text if channel == "dm" or within else f"@Answerdesk {text}"
        return self.slack.say(person, channel, words, thread_ts=within.ts if within else None, files=files)

    async def whispered(self, person: str, words: str) -> Message:
        """What somebody alone is shown, once it is there."""
        return await _newest(lambda: self.slack.whispers(person), words)

    async def writing(self) -> None:
        """The model is asked, and writes."""
        await until(lambda: self.claude.streams_open, within_s=WITHIN_S)

    async def stop(self, question: Message) -> None:
        """The asker says stop, and it stops."""
        last = (await until(lambda: self.replies(question), within_s=WITHIN_S))[-1]
        if STOP in str(last.blocks):
            self.slack.click(question.user, last, STOP)
        else:
            self.slack.press_stop(question.user, question.channel, question.thread_ts or question.ts)
        await self.said(question, AGAIN)

    async def photo_thread(self, name: str, question: Message, *, person: str = "") -> None:
        """The thread of a question, beside its channel."""
        root = question.thread_ts or question.ts
        last = (self.replies(question) or [question])[-1]
        url = place(self.slack.url, person=person or question.user, channel=question.channel, thread=root)
        drawn = f'[data-testid="thread"] [data-ts="{last.ts}"]'
        await self.camera.photo(name, url, drawn=drawn, of=last.text)

    async def photo_channel(self, name: str, person: str, channel: str, *, act: Act | None = None) -> None:
        """A conversation."""
        user = self.slack.workspace.person(person)
        where = self.slack.workspace.channel(channel, seen_by=user)
        url = place(self.slack.url, person=user, channel=where)
        seen = [*self.slack.messages(channel, person=person), *self.slack.whispers(person)]
        newest = max((each for each in seen if each.channel == where), key=lambda each: each.ts, default=None)
        of = newest.text if newest else ""
        await self.camera.photo(name, url, drawn='[data-testid="conversation"]', of=of, act=act)

    async def photo_modal(self, name: str, person: str, channel: str = "general", words: str = "") -> None:
        """The modal that somebody has before them."""
        await until(
            lambda: words in str(self.slack.modal(person) or "") and self.slack.modal(person), within_s=30
        )
        user = self.slack.workspace.person(person)
        where = self.slack.workspace.channel(channel, seen_by=user)
        await self.camera.photo(
            name, place(self.slack.url, person=user, channel=where), drawn='[data-testid="modal"][open]'
        )

    async def photo_home(self, name: str, person: str, words: str) -> None:
        """Somebody's Home tab, once it says these words, in pictures one below the other."""

        def shown() -> bool:
            self.slack.open_app(person, tab="home")
            return words in str(self.slack.home(person))

        await until(shown, within_s=WITHIN_S, every_s=0.5)
        user = self.slack.workspace.person(person)
        where = self.slack.workspace.channel("dm", seen_by=user)
        url = place(self.slack.url, person=user, channel=where, tab="home")
        for part in range(4):

            async def scroll(page: Any, part: int = part) -> None:
                await page.evaluate(f"home.scrollTop = {part} * (home.clientHeight - 60)")

            await self.camera.photo(f"{name}-{part}", url, drawn="#home .block", act=scroll)

    async def command(self, person: str, channel: str, typed: str) -> Message:
        """A slash command; gives what its typist is shown."""
        before = len(self.slack.whispers(person))
        await self.slack.command(person, channel, typed)
        shown = await until(lambda: self.slack.whispers(person)[before:], within_s=30)
        return shown[-1]

    def tidy(self) -> None:
        """As it is on an ordinary day, for the next scene."""
        self.hang_worker(hangs=False)
        self.claude.scripts.clear()
        self.claude.default = Script()
        self.slack.faults.rate_limited = {}
        self.slack.faults.refused = {}
        self.slack.faults.lost_answers = {}

    def hang_worker(self, *, hangs: bool) -> None:
        """The worker's process stands still, or goes on."""
        self.worker.send_signal(signal.SIGSTOP if hangs else signal.SIGCONT)


async def _newest(said: Callable[[], list[Message]], words: str) -> Message:
    """The newest message that holds these words, once there is one."""
    found = await until(
        lambda: [each for each in said() if words in f"{each.text}{each.blocks}"], within_s=WITHIN_S
    )
    return found[-1]


@contextmanager
def _program(
    *arguments: str, env: dict[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """``answerdesk …`` in the folder with ``answerdesk.toml``; it ends with the block."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "desk", *arguments],
            env=os.environ | env,
            cwd=folder,
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_WITHIN_S)


async def _fill(slack: Sandbox, nats_url: str) -> None:
    async with connected(nats_url, name="gallery") as client:
        await ensure_topology(client)
        ingest = IngestClient(client)
        sent = await announce_all(handbook(HANDBOOK, base=slack.url), ingest=ingest, advance=lambda: None)
        await wait_for_all(sent, ingest=ingest, advance=lambda: None)


def _write_sources(folder: Path) -> None:
    for name in ("wiki", "rules"):
        (folder / name).mkdir()
    for n in range(1, WIKI_PAGES + 1):
        (folder / "wiki" / f"greenhouse-{n:03}.md").write_text(
            f"# Greenhouse {n}\n\nProbe {n} stands here.\n"
        )
    for name, text in RULES.items():
        (folder / "rules" / name).write_text(text)
    (folder / "answerdesk.toml").write_text(SOURCES.format(folder=folder))


@asynccontextmanager
async def open_house(camera: Camera) -> AsyncIterator[House]:
    """A company at work; no bot yet."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _write_sources(folder)
        nats = run_engine(nats_command(folder=folder / "nats", port=free_port(), password="gallery"))
        valkey = run_engine(valkey_command(folder=folder / "valkey", port=free_port(), password="gallery"))
        env = {"NATS_URL": next(nats), "REDIS_URL": next(valkey), "DATA_DIR": str(folder / "data")}
        stack.callback(next, valkey, None)
        stack.callback(next, nats, None)
        claude = await stack.enter_async_context(claude_stand_in())
        slack = await stack.enter_async_context(
            serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, limits=NO_LIMITS)
        )
        log = camera.folder / "worker.log"
        worker = stack.enter_context(_program("worker", env=env, folder=folder, log=log))
        await _fill(slack, env["NATS_URL"])
        yield House(folder=folder, slack=slack, claude=claude, camera=camera, env=env, worker=worker)
