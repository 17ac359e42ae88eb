"""Ties a program to the process that started it, so that the program never outlives it.

``python leash.py PROGRAM ARGUMENT…`` runs the program and waits for it. Standard input is the leash: a
pipe whose other end only the starting process holds. When that process is gone, however it went, the
pipe ends and the whole process group is killed, the program's own children included. On Linux the
kernel also kills the program when this process is killed. The group is made by whoever starts us
(``start_new_session``), and kills what is left of it when we are gone.

It runs by its path with ``-I -S`` and imports little, since one stands beside every program.
"""

import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""
CANNOT_RUN = 127
"""What a shell ends with when a program is not there."""
KILLED_BY = 128
"""A program killed by signal n is reported as 128 + n, as shells do."""


PASSED_ON = (signal.SIGTERM, signal.SIGINT)
WATCHED = (signal.SIGCHLD, *PASSED_ON)


def run(argv: list[str]) -> int:
    """Run the program on the leash and give back how it ended."""
    if os.getpgrp() != os.getpid():
        os.setpgrp()  # killing our group must never kill anybody else's
    wake, waker = os.pipe()
    for end in (wake, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker)
    for number in WATCHED:
        signal.signal(number, lambda *_: None)
    here = os.getpid()
    # Held back until the program can receive it, so that a signal in between is not lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    program = os.fork()
    if program == 0:
        _become(argv, parent=here)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
    return _hold(program, wake=wake)


def _hold(program: int, *, wake: int) -> int:
    leash = sys.stdin.fileno()
    while True:
        awake, _, _ = select.select([leash, wake], [], [])
        if wake in awake:
            for number in set(os.read(wake, 256)) & set(PASSED_ON):
                os.kill(program, number)
        ended, status = os.waitpid(program, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else KILLED_BY - code
        if wake not in awake and not os.read(leash, 1):
            os.killpg(0, signal.SIGKILL)


def _become(argv: list[str], *, parent: int) -> None:
    try:
        for number in WATCHED:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        # A parent that died before the call above would be missed by it.
        if os.getppid() == parent:
            os.execv(argv[0], argv)  # noqa: S606 — running this program is what the leash is for
    except OSError as error:
        sys.stderr.write(f"{argv[0]} can't be started: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(CANNOT_RUN)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
