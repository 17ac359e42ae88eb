"""Which Answerdesk runs on a data folder: one at a time, found by every other command.

A lock that the kernel releases says that one is running, ``running.json`` says where. A process id is
believed only together with its start time, because ids are given out anew.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from pydantic import ValidationError

from desk.data_folder import OWNER_ONLY_FILE, DataFolder, write_private
from wire.errors import AnswerdeskError, UnavailableError
from wire.settings import Settings
from wire.shapes import Shape

MARK = "ANSWERDESK_STARTED_FOR"
"""An environment variable that every process started by ``up`` carries: the data folder's path."""
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
    sandbox_url: str | None = None


@contextmanager
def holding(folder: DataFolder) -> Iterator[None]:
    """Be the one Answerdesk of this data folder while the block lasts.

    Raises:
        AnswerdeskError: another one is; says which.
    """
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
    started = start_of(running.pid)
    if started is None or abs(started - running.started_at) > SAME_START_S:
        return None
    return running


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

    To be called while holding the folder, when nothing of it may be running.

    Raises:
        AnswerdeskError: some of it can't be killed.
    """
    left = [process for process in psutil.process_iter() if _was_started_for(folder, process)]
    for process in left:
        try:
            process.kill()  # psutil makes sure that it is still the process it found
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            break
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
