"""Which Answerdesk runs on a data folder: one at a time, found by every other command.

A lock that the kernel releases says that one is running, ``running.json`` says where. A process id is
believed only together with its start time, because ids are given out anew.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
from pydantic import ValidationError

from desk.data_folder import OWNER_ONLY_FILE, DataFolder, usable, write_private
from wire.errors import AnswerdeskError, UnavailableError
from wire.settings import Settings
from wire.shapes import Shape

MARK = "ANSWERDESK_STARTED_FOR"
"""An environment variable that every process started by ``up`` carries: the data folder's path."""
STARTER = "ANSWERDESK_STARTED_BY"
"""Another one: that ``up``'s process id and start time."""
SAME_START_S = 1.0
"""Start times of one process may differ by the clock's corrections; ids do not come round in a second."""
LEFTOVERS_GONE_WITHIN_S = 5.0


class Running(Shape):
    """Where the running system is; ``nats_url`` and ``redis_url`` hold credentials."""

    pid: int
    started_at: float
    """The process's start, seconds since 1970, as the system tells it."""
    nats_url: str
    redis_url: str
    bot_http_port: int
    worker_http_port: int | None = None
    sandbox_url: str | None = None


@contextmanager
def holding(folder: DataFolder) -> Iterator[None]:
    """Be the one Answerdesk of this data folder while the block lasts.

    Raises:
        AnswerdeskError: another one is; says which.
        SettingsError: the folder can't be written.
    """
    with usable(folder):
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, OWNER_ONLY_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnswerdeskError(_is_running_already(folder)) from None
        folder.running.unlink(missing_ok=True)
        try:
            yield
        finally:
            folder.running.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _is_running_already(folder: DataFolder) -> str:
    running = read_running(folder)
    if running is None:
        return f"Answerdesk is just starting on {folder.path}."
    where = f", at {running.sandbox_url}" if running.sandbox_url else ""
    return f"Answerdesk is running already on {folder.path}: process {running.pid}{where}."


def write_running(folder: DataFolder, running: Running) -> None:
    """Tell other commands where we are; only the folder's owner can read it."""
    write_private(folder.running, running.model_dump_json(indent=1))


def marks(folder: DataFolder) -> dict[str, str]:
    """The environment that tells whose a process is, and its own children with it."""
    pid = os.getpid()
    return {MARK: str(folder.path), STARTER: f"{pid} {start_of(pid)}"}


def start_of(pid: int) -> float | None:
    """When that process started, seconds since 1970; None if there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def read_running(folder: DataFolder) -> Running | None:
    """The Answerdesk that runs on this folder, if one does."""
    try:
        running = Running.model_validate_json(folder.running.read_bytes())
    except (OSError, ValidationError):
        return None
    return running if _is_alive(running.pid, started_at=running.started_at) else None


def _is_alive(pid: int, *, started_at: float) -> bool:
    started = start_of(pid)
    return started is not None and abs(started - started_at) <= SAME_START_S


def nats_url_for(settings: Settings) -> str:
    """How to reach the running system: ``NATS_URL``, or what runs on the same data folder.

    Raises:
        UnavailableError: neither; says how to start one.
    """
    if settings.nats_url:
        return settings.nats_url
    folder = DataFolder(path=settings.data_dir.absolute())
    running = read_running(folder)
    if running is None:
        raise UnavailableError(
            f"No Answerdesk is running on {folder.path}. Start one with `answerdesk up`, "
            "name its folder with --data, or set NATS_URL.",
            service="nats",
        )
    return running.nats_url


def end_leftovers(folder: DataFolder) -> int:
    """Kill what an ``up`` that was killed may have left for this folder, and say how many there were.

    To be called while holding the folder. One whose ``up`` lives is nobody's leftover: the folder was
    removed under it, and the lock with it.

    Raises:
        AnswerdeskError: some of it can't be killed, or its ``up`` is still there.
    """
    left = [process for process in psutil.process_iter() if _was_started_for(folder, process)]
    for process in left:
        if starter := _living_starter(process):
            raise AnswerdeskError(
                f"Process {starter} still runs an Answerdesk on {folder.path}, whose files were removed "
                "under it: stop it first."
            )
    for process in left:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            process.kill()  # psutil makes sure that it is still the process it found
    _, alive = psutil.wait_procs(left, timeout=LEFTOVERS_GONE_WITHIN_S)
    if alive:
        pids = ", ".join(str(process.pid) for process in alive)
        raise AnswerdeskError(f"Processes of an earlier start are still there; stop them first: {pids}.")
    return len(left)


def _was_started_for(folder: DataFolder, process: psutil.Process) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == str(folder.path)
    except (psutil.Error, OSError):
        return False


def _living_starter(process: psutil.Process) -> int | None:
    try:
        pid, _, started_at = process.environ().get(STARTER, "").partition(" ")
        return int(pid) if _is_alive(int(pid), started_at=float(started_at)) else None
    except (psutil.Error, OSError, ValueError):
        return None
