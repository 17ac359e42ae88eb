"""Which hosts and addresses a document may be fetched from: no I/O, so that every trick can be tried on it.

Two walls. A URL's host must stand in the operator's list, letter for letter, so that no other way to write
an address is ever interpreted. And every address that the host's name leads to must be a public one, so
that whoever rules over an allowed name can't point it into our network.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from wire.errors import MalformedError, SettingsError

URL_CHARS = 2048
PORTS = {"http": 80, "https": 443}
HOST_CHARS = 253

_PRINTABLE = re.compile(r"[!-~]+")
_LABELS = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_AUTHORITY = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<host>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA = (
    ipaddress.ip_network("168.63.129.16/32"),  # Azure's, which is a public address
    ipaddress.ip_network("100.100.100.200/32"),  # Alibaba's
    ipaddress.ip_network("192.0.0.192/32"),  # Oracle's
    ipaddress.ip_network("fd00:ec2::/32"),  # Amazon's
    ipaddress.ip_network("fd20:ce::/32"),  # Google's
)
_CARRIES_IPV4 = (
    ipaddress.ip_network("::/96"),
    ipaddress.ip_network("::ffff:0:0/96"),
    ipaddress.ip_network("::ffff:0:0:0/96"),
    ipaddress.ip_network("64:ff9b::/96"),
)
_NEVER_OUTSIDE = (
    ipaddress.ip_network("64:ff9b:1::/48"),  # translates to addresses of a network's own choosing
    ipaddress.ip_network("2001::/32"),  # tunnels to an IPv4 address inside it
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("fec0::/10"),
)
_INSIDE = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1", "fc00::/7"),
    )
)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked for, in parts that no other reader of URLs can take for something else."""

    scheme: str
    host: str
    port: int
    path: str
    """With its query, as it was written."""
    inside: bool
    """Whether the operator said that this host is one of our own network."""


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Hosts by name; ``read_hosts`` makes it."""

    outside: frozenset[str]
    """Names, ``*.`` for any name below, ports of http and https; or a name with another port."""
    inside: frozenset[str]
    """Names or addresses with their port, which may lead into our own network."""

    def target(self, url: str) -> Target:
        """Take the URL apart.

        Raises:
            MalformedError: it is not to be fetched, and why; never repeats more of it than its host.
        """
        if len(url) > URL_CHARS or not _PRINTABLE.fullmatch(url) or "\\" in url:
            raise _refused("it is too long, or holds what a URL may not")
        scheme, _, rest = url.partition("://")
        scheme = scheme.lower()
        if scheme not in PORTS:
            raise _refused("it is not an address of http or https")
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        if "@" in authority:
            raise _refused("it carries a user's name or password, which have no place in a URL")
        host, port = _host_and_port(authority.lower())
        if host is None:
            raise _refused("its host is neither a name nor a plain address")
        port = PORTS[scheme] if port is None else port
        inside = f"{_bracketed(host)}:{port}" in self.inside
        if not inside and not self._outside(host, port=port, default=PORTS[scheme]):
            raise _refused(f"the host {host} with port {port} is not among BODY_URL_HOSTS")
        parts = urlsplit(f"{scheme}://host{rest[len(authority) :]}")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(scheme=scheme, host=host, port=port, path=path, inside=inside)

    def _outside(self, host: str, *, port: int, default: int) -> bool:
        if f"{host}:{port}" in self.outside:
            return True
        above = host.split(".")
        names = [host, *("*." + ".".join(above[start:]) for start in range(1, len(above)))]
        return port == default and not self.outside.isdisjoint(names)


def read_hosts(*, outside: str, inside: str) -> AllowedHosts:
    """Read the settings: hosts with commas between.

    Raises:
        SettingsError: names what is no host.
    """
    return AllowedHosts(
        outside=frozenset(_outside_entry(entry) for entry in _entries(outside)),
        inside=frozenset(_inside_entry(entry) for entry in _entries(inside)),
    )


def may_connect(address: str, *, inside: bool) -> bool:
    """Whether this address may be connected to.

    Never one that cloud machines ask for their own secrets, or that is no single host's; and one of a
    private network, this machine's own included, only where the operator named the host as ``inside``.
    """
    ip = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_multicast or ip.is_unspecified or ip.is_link_local or _within(ip, _METADATA):
        return False
    if inside and _within(ip, _INSIDE):
        return True
    return ip.is_global and not ip.is_reserved and not _within(ip, _NEVER_OUTSIDE)


def _unwrapped(ip: Address) -> Address:
    """The IPv4 address that an IPv6 address carries, if it carries one."""
    if isinstance(ip, ipaddress.IPv4Address) or ip == ipaddress.IPv6Address("::1"):
        return ip
    return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if _within(ip, _CARRIES_IPV4) else ip


def _within(ip: Address, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(ip in network for network in networks if ip.version == network.version)


def _host_and_port(authority: str) -> tuple[str | None, int | None]:
    """The host as it must be written, or None; an IPv6 address without its brackets."""
    found = _AUTHORITY.fullmatch(authority)
    port = int(found["port"]) if found and found["port"] else None
    if not found or (port is not None and not 0 < port < 2**16):
        return None, None
    if found["ipv6"]:
        return _plain_address(found["ipv6"]), port
    return found["host"] if _is_name(found["host"]) else _plain_address(found["host"]), port


def _is_name(host: str) -> bool:
    """A name whose last part can't be taken for a number, and so the whole not for an address."""
    last = host.rpartition(".")[2]
    return len(host) <= HOST_CHARS and bool(_LABELS.fullmatch(host)) and not _NUMERIC.fullmatch(last)


def _plain_address(text: str) -> str | None:
    """An address in its one usual spelling."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    return text if str(ip) == text else None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _entries(setting: str) -> list[str]:
    return [entry.strip().lower() for entry in setting.split(",") if entry.strip()]


def _outside_entry(entry: str) -> str:
    host, port = _host_and_port(entry.removeprefix("*."))
    below_all = entry.startswith("*.") and (port is not None or (host is not None and "." not in host))
    if host is None or not _is_name(host) or below_all:
        raise SettingsError(
            f"BODY_URL_HOSTS: {entry!r} is not a host: give names such as docs.example.com, "
            "*.example.com or docs.example.com:8443, with commas between"
        )
    return entry


def _inside_entry(entry: str) -> str:
    host, port = _host_and_port(entry)
    if host is None or port is None:
        raise SettingsError(
            f"BODY_URL_INSIDE_HOSTS: {entry!r} is not a host and port, such as wiki.internal:8080"
        )
    return entry


def _refused(why: str) -> MalformedError:
    return MalformedError(f"field 'body_url': {why}", field="body_url")
