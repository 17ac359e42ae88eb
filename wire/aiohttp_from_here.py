"""Whether a request comes from this machine itself, for what is open to nobody else."""

import ipaddress
import re

from aiohttp import web

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
"""A proxy stands before us: who comes from this machine is then anybody."""
_HOST = re.compile(r"(\[(?P<v6>[0-9a-fA-F:]+)\]|(?P<name>[A-Za-z0-9.-]+))(:\d{1,5})?", re.ASCII)


def is_from_here(request: web.Request) -> bool:
    """Whether it was sent on this machine, to this machine, and through no proxy."""
    if any(name in request.headers for name in FORWARDED):
        return False
    # A name that was made to point at this machine is not this machine's name (DNS rebinding).
    named = _HOST.fullmatch(request.host)
    host = (named["v6"] or named["name"]) if named else ""
    return is_loopback(request.remote or "") and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a server that listens on this host is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
