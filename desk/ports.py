"""Ports on loopback: which are free, and which to use."""

import socket

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


def demand(port: int, *, setting: str) -> int:
    """The port that was asked for, or a free one for 0.

    Raises:
        AnswerdeskError: another program listens on it.
    """
    if port == ANY:
        return free_port()
    if not is_free(port):
        raise AnswerdeskError(
            f"Port {port} is taken by another program: stop that, or choose another port with {setting}."
        )
    return port


def prefer(port: int) -> int:
    """This port if it is free, another one if not."""
    return port if port != ANY and is_free(port) else free_port()
