"""What a process that reads strangers' documents may still do: compute, within bounds, and answer.

Linux keeps all of it; elsewhere (macOS) the bound on memory is not kept by the system.
"""

import encodings
import importlib
import os
import pkgutil
import resource
from pathlib import Path

MEMORY_BYTES = 384 * 1024 * 1024
"""Over what the process has when it is ready, about 100 MiB: 512 MiB in all are not passed."""
_STATM = Path("/proc/self/statm")


def confine(*, files: int) -> None:
    """From here on this process opens no file and no socket, starts nothing and has so much memory.

    Args:
        files: how many are open already, numbered from 0.
    """
    # No file can be opened later, not even one of Python's own.
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in {"mbcs", "oem"}:
            importlib.import_module(f"encodings.{module.name}")
    if _STATM.exists():
        mapped = int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _limit(resource.RLIMIT_AS, mapped + MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, files)


def _limit(of: int, most: int) -> None:
    # Both bounds, so that it can't be lifted again.
    resource.setrlimit(of, (most, most))
