"""Where NATS is, and how to be let in: all of it in one URL, as PostgreSQL and Redis have it.

``tls://a:4222,tls://b:4222?ca=/etc/ssl/ours.pem&credentials=/run/secrets/nats.creds``

A login stands in each server's address. ``ca`` names authorities besides the system's, ``certificate`` and
``key`` our own certificate where the server asks for one, ``credentials`` a file as the NATS tools make it.
Whoever says ``tls://``, or names an authority or a certificate, gets TLS or nothing.
"""

import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wire.errors import SettingsError

PARAMETERS = ("ca", "certificate", "key", "credentials")
SEED_START, SEED_BYTES = 2, 32
"""A seed is two bytes that say what it is of, 32 of key, and two of a check sum."""
_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----\s+(\S+)\s+-{5,6}END \1-{5,6}")


@dataclass(frozen=True, kw_only=True)
class NatsAddress:
    """What to connect with.

    Attributes:
        servers: any of them.
        tls: whether each must speak TLS.
        options: what ``Client.connect`` takes besides: TLS, and who we are.
    """

    servers: list[str]
    tls: bool
    options: dict[str, Any]


def read_address(url: str) -> NatsAddress:
    """Take ``NATS_URL`` apart, and read the files that it names.

    Raises:
        SettingsError: one can't be read, or there is no such parameter.
    """
    servers, _, query = url.partition("?")
    given = dict(parse_qsl(query))
    if unknown := next((name for name in given if name not in PARAMETERS), None):
        raise SettingsError(f"NATS_URL: has no parameter {unknown!r}; there are {', '.join(PARAMETERS)}")
    addresses = servers.split(",")
    if not all(map(_is_address, addresses)):
        raise SettingsError("NATS_URL: must look like nats://user:password@host:4222, several with commas")
    options: dict[str, Any] = {}
    if "ca" in given or "certificate" in given:
        options["tls"] = _tls(given)
    if "credentials" in given:
        options |= _signing(Path(given["credentials"]))
    tls = "tls" in options or any(address.startswith("tls://") for address in addresses)
    return NatsAddress(servers=addresses, tls=tls, options=options)


def _is_address(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _tls(given: dict[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if "ca" in given:
            context.load_verify_locations(cafile=given["ca"])
        if "certificate" in given:
            context.load_cert_chain(given["certificate"], given.get("key"))
    except OSError as error:  # a wrong file's too: ssl.SSLError is one
        raise SettingsError(
            f"NATS_URL: ca, certificate and key must name PEM files that can be read ({error.strerror})"
        ) from None
    return context


def _signing(file: Path) -> dict[str, Callable[..., Any]]:
    """Answers to the server's challenge; nats-py's own would need a package more."""
    try:
        blocks = dict(_BLOCK.findall(file.read_text()))
        token, seed = blocks["NATS USER JWT"], blocks["USER NKEY SEED"]
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
        key = Ed25519PrivateKey.from_private_bytes(raw[SEED_START : SEED_START + SEED_BYTES])
    except OSError as error:
        raise SettingsError(f"NATS_URL: the credentials can't be read: {error.strerror}") from None
    except (KeyError, ValueError):
        raise SettingsError("NATS_URL: the file of the credentials is none") from None
    return {
        "user_jwt_cb": lambda: bytearray(token.encode()),
        "signature_cb": lambda nonce: base64.b64encode(key.sign(nonce.encode())),
    }
