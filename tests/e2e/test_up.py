"""`answerdesk up` as a person runs it: from nothing to an answer, and down again, whatever is killed."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from desk.data_folder import DataFolder
from desk.ports import free_port
from desk.probes import page_answers
from desk.running import MARK, Running, read_running
from tests.contract.desk.processes import alive, marked
from tests.until import until

READY_WITHIN_S = 90.0
STOPPED_WITHIN_S = 60.0
ROLES = ("nats", "valkey", "sandbox", "worker", "bot")
OURS = (
    "NATS_URL",
    "REDIS_URL",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "ANTHROPIC_API_KEY",
    "HTTP_PORT",
    "DATA_DIR",
)


class Up:
    """One `answerdesk up`, and other commands on its data folder."""

    def __init__(self, folder: Path, *, port: int, under: tuple[str, ...] = ()) -> None:
        self.folder = DataFolder(path=folder)
        self.output = folder.with_name(f"{folder.name}.out")
        self.env = {name: value for name, value in os.environ.items() if name not in OURS}
        # Not the default: another start at the same moment, in another checkout, may be choosing it too.
        self.env["HTTP_PORT"] = "0"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*under, sys.executable, "-m", "desk", "up", "--port", str(port), "--data", str(folder)],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.output.read_text()

    async def ready(self) -> Running:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.said()
            return "Answerdesk is ready" in self.said()

        await until(is_ready, within_s=READY_WITHIN_S, every_s=0.1)
        running = read_running(self.folder)
        assert running
        return running

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "desk", *arguments, "--data", str(self.folder.path)],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def search(self, query: str) -> list[str]:
        done = self.command("search", query, "--json")
        assert done.returncode == 0, done.stderr
        return [passage["document"] for passage in json.loads(done.stdout)["passages"]]

    def program(self, name: str, *, other_than: int | None = None) -> int | None:
        """The process that a leash holds: the engine, or the role."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.Error):  # it may be between two lives
                leashed = child.ppid() != self.process.pid and child.pid != other_than
                if leashed and (Path(child.exe()).name == f"{name}-server" or name in child.cmdline()):
                    return child.pid
        return None


@contextmanager
def started(folder: Path, *, port: int, under: tuple[str, ...] = ()) -> Iterator[Up]:
    up = Up(folder, port=port, under=under)
    try:
        yield up
    finally:
        up.process.terminate()
        try:
            up.process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            up.process.kill()
            up.process.wait(10)
            raise


async def test_from_nothing_to_found_and_down_again(tmp_path: Path) -> None:
    """Documents, queue and engines' data survive the restart; a clean stop ends with 0."""
    folder, port = tmp_path / "data", free_port()
    with started(folder, port=port) as up:
        running = await up.ready()
        assert running.sandbox_url == f"http://127.0.0.1:{port}"
        assert await page_answers(running.sandbox_url)
        assert await page_answers(f"http://127.0.0.1:{running.bot_http_port}/readyz")
        assert await page_answers(f"http://127.0.0.1:{running.bot_http_port}/ask")
        assert "90 working days" in up.command("ask", "How many days of parental leave in Germany?").stdout
        assert stat.S_IMODE(up.folder.running.stat().st_mode) == 0o600
        assert "parental-leave-germany" in up.search("How many days of parental leave do I get in Germany?")

        note = tmp_path / "llamas.md"
        note.write_text("# Llamas\n\nLlamas may be brought to the office on Fridays.")
        published = up.command("publish", str(note), "--allow", "public", "--wait", "--json")
        assert published.returncode == 0, published.stderr
        assert json.loads(published.stdout)["indexed"] == 1
        assert up.search("llamas at the office")[0] == "llamas.md"

        second = up.command("up")
        assert second.returncode == 1
        where = f"running already on {folder}: process {up.process.pid}, at {running.sandbox_url}"
        assert where in second.stderr

        up.process.send_signal(signal.SIGTERM)
        assert up.process.wait(STOPPED_WITHIN_S) == 0
        assert not marked(folder, mark=MARK)
        assert not up.folder.running.exists()
        assert "killed" not in up.said()

    with started(folder, port=port) as again:
        after = await again.ready()
        assert after.nats_url == running.nats_url
        assert "sample handbook" not in again.said()
        assert again.search("llamas at the office")[0] == "llamas.md"


async def test_kill_9_of_any_of_it_is_healed_and_of_up_itself_leaves_nothing(tmp_path: Path) -> None:
    """And the next start finds everything, the sample's links moved to its new port."""
    folder, port = tmp_path / "data", free_port()
    with started(folder, port=port) as up:
        running = await up.ready()
        for name in ROLES:
            pid = await until(partial(up.program, name), within_s=30)
            assert pid
            os.kill(pid, signal.SIGKILL)
            await until(partial(up.program, name, other_than=pid), within_s=30)
            assert not alive([pid])
            assert re.search(rf"{name}: was killed by signal 9; starting it again", up.said())
        await until(lambda: page_answers(f"http://127.0.0.1:{running.bot_http_port}/readyz"), within_s=60)
        await until(lambda: up.command("search", "leave").returncode == 0, within_s=60)
        assert "parental-leave-germany" in up.search("parental leave in Germany")

        await until(lambda: len(marked(folder, mark=MARK)) == 2 * len(ROLES), within_s=30)
        pids = marked(folder, mark=MARK)
        up.process.kill()
        up.process.wait(10)
        await until(lambda: not alive(pids) and not marked(folder, mark=MARK), within_s=30)
        assert up.command("search", "leave").returncode == 1

    with started(folder, port=free_port()) as again:
        after = await again.ready()
        moved = f"{after.sandbox_url}/handbook/parental-leave-germany"
        await until(lambda: moved in again.command("search", "parental leave in Germany").stdout, within_s=30)


def test_a_taken_port_is_one_sentence_and_nothing_stays(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(tmp_path / "data", port=port) as up:
            assert up.process.wait(30) == 1
            assert up.said() == (
                f"Port {port} is taken by another program: stop that, or choose another port with --port.\n"
            )
    assert not marked(tmp_path / "data", mark=MARK)
    assert not up.folder.running.exists()


def test_a_folder_that_refuses_to_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "lock").mkdir()  # nothing can be written there; root may write to anything read-only
    with started(tmp_path / "data", port=free_port()) as up:
        assert up.process.wait(30) == 2
        assert up.said() == f"DATA_DIR: {tmp_path / 'data'} can't be used: Is a directory\n"
    (tmp_path / "data" / "lock").rmdir()
    (tmp_path / "data" / "nats").touch()
    with started(tmp_path / "data", port=free_port()) as up:
        assert up.process.wait(30) == 2
        assert up.said() == f"DATA_DIR: {tmp_path / 'data'} can't be used: File exists\n"


async def test_under_nohup_the_end_of_the_terminal_stops_nothing(tmp_path: Path) -> None:
    """And SIGTERM still does."""
    with started(tmp_path / "data", port=free_port(), under=("nohup",)) as up:
        await until(lambda: "nats" in up.said(), within_s=30)
        up.process.send_signal(signal.SIGHUP)
        await up.ready()
        up.process.terminate()
        assert up.process.wait(STOPPED_WITHIN_S) == 0
        assert not marked(up.folder.path, mark=MARK)


@pytest.fixture
def a_terminal() -> Iterator[None]:
    """Whoever runs the tests under nohup ignores the end of theirs, and what they start would do the same."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("a_terminal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_in_the_middle_of_the_start_stops_it_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    with started(tmp_path / "data", port=free_port()) as up:
        await until(lambda: "nats" in up.said(), within_s=30)
        up.process.send_signal(number)
        assert up.process.wait(STOPPED_WITHIN_S) == 0
        assert not marked(up.folder.path, mark=MARK)
        assert "Traceback" not in up.said()
