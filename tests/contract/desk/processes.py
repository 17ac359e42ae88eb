"""Small programs to keep running, and a look at which processes are there."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil

from desk.supervision import Program

SLEEP = "import time; time.sleep(600)"
WITH_A_CHILD_OF_ITS_OWN = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {SLEEP!r}])
{SLEEP}
"""
DEAF_TO_SIGTERM = f"""
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
{SLEEP}
"""


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def program(code: str, *, name: str = "child", stop_within_s: float = 10.0, **env: str) -> Program:
    return Program(name=name, argv=python(code), env={**os.environ, **env}, stop_within_s=stop_within_s)


def alive(pids: Iterable[int]) -> list[int]:
    """Those that run; one that has ended and was not yet waited for does not."""
    return [pid for pid in pids if _runs(pid)]


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def marked(folder: Path, *, mark: str) -> list[int]:
    """Every process that carries this environment variable for this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(mark) == str(folder) and _runs(process.pid):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
