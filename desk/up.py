"""``answerdesk up``: everything on this machine, started in order, watched, and stopped in reverse."""

import asyncio
import os
import shlex
import shutil
import signal
import sys
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from desk import probes
from desk.data_folder import DataFolder, prepare, usable
from desk.keys import load_keys
from desk.programs import Plan, make_plan
from desk.running import Running, end_leftovers, holding, start_of, write_running
from desk.sample import load_sample, needs_sample
from desk.supervision import Child, Probe, Program, supervised
from desk.terminal import Terminal
from desk.together import together, until_set
from ingest.client import IngestClient
from retrieval.client import RetrievalClient
from wire.errors import UnavailableError
from wire.nats_connection import connected
from wire.principals import PUBLIC
from wire.search import SearchRequest
from wire.settings import Settings

READY_WITHIN_S = 60.0
"""Reading the model and the index takes seconds; a crowded machine may take ten times as long."""
PROBE_WITHIN_S = 1.0


async def run_up(settings: Settings, *, port: int, terminal: Terminal) -> None:
    """Run until a signal says to stop; a second one hurries.

    Raises:
        AnswerdeskError: it runs already, a port is taken, or something does not start. Nothing is left
            running then.
    """
    started = time.monotonic()
    stop, hurry = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (hurry if stop.is_set() else stop).set()

    ends = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        ends.append(signal.SIGHUP)
    for number in ends:
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    folder = prepare(settings.data_dir)
    with holding(folder):
        if left := await asyncio.to_thread(end_leftovers, folder):
            terminal.say(f"Ended what an earlier start had left running: {left} processes.", style="dim")
        with usable(folder):
            keys = load_keys(folder, settings)
            plan = make_plan(settings, folder=folder, keys=keys, sandbox_port=port)
            write_running(folder, _here(plan))
        async with AsyncExitStack() as stack:
            house = _House(plan, folder=folder, stack=stack, hurry=hurry, terminal=terminal)
            await until_set(stop, house.run(started=started, with_sample=not settings.sources))
            terminal.say("Stopping ... (Ctrl-C again to hurry)", style="dim")
        terminal.say("Stopped.", style="dim")


def _here(plan: Plan) -> Running:
    pid = os.getpid()
    return Running(
        pid=pid,
        started_at=start_of(pid) or 0.0,
        nats_url=plan.nats_url,
        redis_url=plan.redis_url,
        bot_http_port=plan.bot_port,
        worker_http_port=plan.worker_port,
        sandbox_url=plan.sandbox_url,
    )


class _House:
    """What runs. The stack stops it in reverse: bot, worker, sandbox, engines."""

    def __init__(
        self,
        plan: Plan,
        *,
        folder: DataFolder,
        stack: AsyncExitStack,
        hurry: asyncio.Event,
        terminal: Terminal,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._stack = stack
        self._hurry = hurry
        self._terminal = terminal
        self._children: list[Child] = []

    async def run(self, *, started: float, with_sample: bool) -> None:
        """Start everything, say so, and watch over it; ends only by an error."""
        plan = self._plan
        await together(
            self._start(plan.nats, partial(probes.nats_answers, plan.nats_url)),
            self._start(plan.valkey, partial(probes.valkey_answers, plan.redis_url)),
            self._start(plan.sandbox, partial(probes.page_answers, plan.sandbox_url or "")),
        )
        async with connected(plan.nats_url, name="answerdesk up") as client:
            retrieval = RetrievalClient(client, within_s=PROBE_WITHIN_S)
            await together(
                self._start(plan.worker, partial(_finds, retrieval)),
                self._start(plan.bot, partial(probes.page_answers, plan.ready_url)),
            )
            ready_s = time.monotonic() - started
            try:
                if with_sample:
                    await self._fill(IngestClient(client))
            except UnavailableError as error:
                self._terminal.tell("sample handbook", f"{error}; the next start goes on with it")
        self._say_ready(ready_s)
        await asyncio.wait(
            [child.supervision for child in self._children], return_when=asyncio.FIRST_COMPLETED
        )
        for child in self._children:
            if child.supervision.done():
                await child.supervision

    async def _start(self, program: Program | None, answers: Probe) -> None:
        if program is None:
            return
        child = await self._stack.enter_async_context(
            supervised(program, logs=self._folder.logs, tell=self._terminal.tell, hurry=self._hurry)
        )
        self._children.append(child)
        took_s = await child.until_ready(answers, within_s=READY_WITHIN_S)
        self._terminal.started(program.name, took_s=took_s)

    async def _fill(self, ingest: IngestClient) -> None:
        base = self._plan.sandbox_url
        if base is None:
            if await ingest.is_empty():
                self._terminal.say(
                    "The index is empty. The sample handbook is only for the sandbox, never for a real "
                    "workspace: publish documents of your own."
                )
            return
        if not await needs_sample(self._folder, base=base, ingest=ingest):
            return
        started = time.monotonic()
        outcomes = await load_sample(self._folder, base=base, ingest=ingest, terminal=self._terminal)
        for outcome in outcomes:
            if outcome.state != "indexed":
                self._terminal.tell("sample", f"{outcome.id}: {outcome.reason or 'not yet indexed'}")
        found = sum(outcome.state == "indexed" for outcome in outcomes)
        self._terminal.started(f"sample handbook, {found} documents", took_s=time.monotonic() - started)

    def _say_ready(self, ready_s: float) -> None:
        command = _command()
        data = shlex.quote(str(self._folder.path))
        where = "" if self._folder.path == Path(".answerdesk").absolute() else f" --data {data}"
        self._terminal.panel(
            f"Answerdesk is ready ({ready_s:.1f} s)",
            {
                "Ask": self._plan.sandbox_url or "in Slack: mention the app, or write to it directly",
                "Page": self._plan.page_url,
                "Publish": f"{command} publish FOLDER --allow public --wait{where}",
                "Search": f'{command} search "parental leave"{where}',
                "Logs": str(self._folder.logs),
                "Stop": "Ctrl-C",
            },
        )


async def _finds(retrieval: RetrievalClient) -> bool:
    try:
        await retrieval.search(SearchRequest(query="ready?", principals=(PUBLIC,), limit=1))
    except UnavailableError:
        return False
    return True


def _command() -> str:
    """How to call us from here: installed in a virtual environment, we may not be on the path."""
    if shutil.which("answerdesk"):
        return "answerdesk"
    return shlex.quote(os.path.relpath(Path(sys.executable).with_name("answerdesk")))
