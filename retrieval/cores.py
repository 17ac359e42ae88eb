"""How many cores this process may use, whatever number the machine has."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def usable_cores(*, cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int:
    """Those that it may run on, or fewer where its container's limit (cgroup v2) is lower; at least one.

    A limit of one core and a half counts as one: with two threads at work, the kernel would stop all of the
    process, questions included, for a part of each tenth of a second.

    Args:
        cgroups: where the kernel shows them.
        own: the file that names this process's own.
    """
    runs_on = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min([runs_on, *_limits(cgroups, own)])))


def _limits(cgroups: Path, own: Path) -> Iterator[float]:
    """Its cgroup's and those of all around it, in cores."""
    innermost = _own_group(cgroups, own)
    for group in (innermost, *innermost.parents):
        with suppress(OSError, ValueError):
            quota, period = (group / "cpu.max").read_text().split()
            yield float(quota) / float(period)
        if group == cgroups:
            return


def _own_group(cgroups: Path, own: Path) -> Path:
    """A container mostly has it at the top, and what its own file names may not be visible there."""
    with suppress(OSError):
        for line in own.read_text().splitlines():
            if line.startswith("0::"):
                return cgroups / line.removeprefix("0::").lstrip("/")
    return cgroups
