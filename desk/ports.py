"""Ports on loopback: which are free, and which to use."""

import socket
from collections.abc import Collection

from desk.engines import LOOPBACK
from wire.errors import AnswerdeskError

ANY = 0
"""Lets the system choose."""


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        # As servers do; without it a port counts as taken for a minute after its last connection.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, ANY))
        port: int = probe.getsockname()[1]
        return port


def demand(port: int, *, setting: str, besides: Collection[int] = ()) -> int:
    """The port that was asked for, or a free one for 0; ``besides`` are promised to others of ours.

    Raises:
        AnswerdeskError: another program listens on it, or one of ours will.
    """
    if port == ANY:
        return free_port()
    if port in besides:
        raise AnswerdeskError(f"Port {port} is given to two programs: choose another one with {setting}.")
    if not is_free(port):
        raise AnswerdeskError(
            f"Port {port} is taken by another program: stop that, or choose another port with {setting}."
        )
    return port


def prefer(port: int, *, besides: Collection[int] = ()) -> int:
    """This port if it is free and not promised to others of ours, another one if not."""
    return port if port not in (ANY, *besides) and is_free(port) else free_port()
