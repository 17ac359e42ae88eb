"""Engines that speak TLS, as a company runs them: real servers, with an authority of our own."""

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.answering.valkey_connection import valkey
from desk.engines import EngineCommand, nats_command
from retrieval.stores import open_store
from tests.certificates import Certificates, make_certificates
from tests.conftest import free_port, run_engine
from tests.tls_door import tls_door
from wire.errors import SettingsError, UnavailableError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.settings import Settings

PATIENT = 200
"""Slices of 50 ms that a call may wait for: a handshake on a busy machine."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def with_more(command: EngineCommand, more: str) -> EngineCommand:
    """The same server, with this at the end of its configuration."""
    config = Path(command.argv[-1])
    config.write_text(f"{config.read_text()}\n{more}\n")
    return command


@pytest.fixture
def nats_with_tls(certificates: Certificates, tmp_path: Path) -> Iterator[str]:
    command = nats_command(folder=tmp_path / "nats", port=free_port(), password="test")
    tls = f'tls {{ cert_file: "{certificates.certificate}", key_file: "{certificates.key}" }}'
    for url in run_engine(with_more(command, tls)):
        yield url.replace("nats://", "tls://")


async def test_nats_over_tls_with_an_authority_of_ones_own(
    nats_with_tls: str, certificates: Certificates
) -> None:
    async with connected(f"{nats_with_tls}?ca={certificates.authority}", name="test") as client:
        await ensure_topology(client)


async def test_a_server_that_nobody_vouches_for_is_not_talked_to(nats_with_tls: str) -> None:
    with pytest.raises(UnavailableError, match="does not let us in"):
        async with connected(nats_with_tls, name="test"):
            pass


@pytest.mark.parametrize(
    "url", ["nats://u:hunter2@host:99999", "nats://u:hunter2@[::1", "nats://u:hunter2@h:x"]
)
async def test_an_address_that_is_none_is_said_to_be_none_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^NATS_URL: must look like nats://user:password@host:4222"):
        async with connected(url, name="test"):
            pass


async def test_tls_that_is_asked_for_is_not_done_without(nats_url: str) -> None:
    with pytest.raises(SettingsError, match="no TLS"):
        async with connected(nats_url.replace("nats://", "tls://"), name="test"):
            pass


async def test_an_authority_of_ones_own_asks_for_tls_whatever_the_address_begins_with(
    nats_url: str, certificates: Certificates
) -> None:
    """Who names one would not have the password sent in the clear."""
    with pytest.raises(SettingsError, match="no TLS"):
        async with connected(f"{nats_url}?ca={certificates.authority}", name="test"):
            pass


INFO = b'INFO {"server_id":"x","version":"2.11.0","max_payload":1048576,"auth_required":true}\r\n'
"""What a server says that wants a login and has no TLS."""


class Between:
    """Stands between us and the server: lets connections pass until it turns into a server itself."""

    def __init__(self, *, to_port: int | None) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._to_port = to_port
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passing = asyncio.create_task(self._serve(reader, writer), name="stand between")
        self._open[passing] = writer
        await asyncio.wait([passing])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            if self._to_port is None:
                writer.write(INFO)
                self.heard.put_nowait(await reader.read(4096))
                return
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
            with contextlib.closing(there_writer):
                await asyncio.gather(_pass(reader, there_writer), _pass(there_reader, writer))

    def turn(self) -> None:
        self._to_port = None
        for writer in self._open.values():
            writer.transport.abort()

    async def end(self) -> None:
        for passing in self._open:
            passing.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)


@contextlib.asynccontextmanager
async def standing_between(*, to_port: int | None) -> AsyncIterator[tuple[Between, int]]:
    between = Between(to_port=to_port)
    server = await asyncio.start_server(between.serve, "127.0.0.1", 0)
    try:
        yield between, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await between.end()


async def test_a_login_is_not_shown_to_a_server_without_tls() -> None:
    async with standing_between(to_port=None) as (between, port):
        with pytest.raises(SettingsError, match="no TLS"):
            async with connected(f"tls://bot:hunter2secret@127.0.0.1:{port}", name="test", within_s=30):
                pass
        async with asyncio.timeout(30):
            assert await between.heard.get() == b""


async def test_nor_where_a_connection_is_lost_and_one_without_tls_answers_then(
    nats_with_tls: str, certificates: Certificates
) -> None:
    login, _, place = nats_with_tls.rpartition("@")
    async with standing_between(to_port=urlsplit(nats_with_tls).port) as (between, port):
        url = f"{login}@{place.split(':')[0]}:{port}?ca={certificates.authority}"
        async with connected(url, name="test") as client:
            between.turn()
            async with asyncio.timeout(30):
                # It is tried again, and again nothing is said.
                assert [await between.heard.get(), await between.heard.get()] == [b"", b""]
            assert not client.is_connected


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        ("?ca=/nowhere.pem", "PEM files"),
        ("?credentials=/nowhere.creds", "No such file"),
        ("?cafile=x", "no parameter 'cafile'"),
    ],
)
async def test_what_the_address_names_and_is_not_there_is_said(nats_url: str, behind: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        async with connected(nats_url + behind, name="test"):
            pass


class Keys:
    """An nkey of NATS: an operator's, an account's or a user's."""

    PREFIX = {"operator": 14 << 3, "account": 0, "user": 20 << 3}  # noqa: RUF012 — never written
    SEED = 18 << 3

    def __init__(self, kind: str) -> None:
        self._prefix = self.PREFIX[kind]
        self._key = Ed25519PrivateKey.generate()
        self.public = _coded(bytes([self._prefix]) + self._key.public_key().public_bytes_raw())
        first = bytes([self.SEED | self._prefix >> 5, (self._prefix & 31) << 3])
        self.seed = _coded(first + self._key.private_bytes_raw())

    def vouch(self, name: str, subject: str, **claims: object) -> str:
        """A JWT as NATS reads it, signed by these."""
        body = {
            "jti": f"{name}{time.time_ns()}",
            "iat": int(time.time()),
            "iss": self.public,
            "name": name,
            "sub": subject,
            "nats": claims | {"version": 2},
        }
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        unsigned = ".".join(_url(json.dumps(part).encode()) for part in (head, body))
        return f"{unsigned}.{_url(self._key.sign(unsigned.encode()))}"


def _coded(raw: bytes) -> str:
    return base64.b32encode(raw + _crc16(raw).to_bytes(2, "little")).decode().rstrip("=")


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


async def test_nats_with_a_credentials_file(tmp_path: Path) -> None:
    """As `nsc` makes it: the server knows an operator and an account, and the user shows what they signed."""
    operator, account, user = Keys("operator"), Keys("account"), Keys("user")
    limits = {"mem_storage": -1, "disk_storage": -1, "subs": -1, "data": -1, "payload": -1, "conn": -1}
    account_token = operator.vouch(
        "company",
        account.public,
        type="account",
        limits=limits | {"imports": -1, "exports": -1, "streams": -1},
    )
    credentials = tmp_path / "bot.creds"
    token = account.vouch("bot", user.public, type="user", subs=-1, data=-1, payload=-1)
    credentials.write_text(
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
    command = nats_command(folder=tmp_path / "nats", port=free_port(), password="unused")
    config = Path(command.argv[-1])
    # Without JetStream, which asks for a system account then.
    without = ("authorization", "jetstream")
    plain = "\n".join(line for line in config.read_text().splitlines() if not line.startswith(without))
    operator_token = operator.vouch("operator", operator.public, type="operator")
    config.write_text(
        f"{plain}\noperator: {operator_token}\nresolver: MEMORY\n"
        f"resolver_preload: {{ {account.public}: {account_token} }}\n"
    )
    for _ in run_engine(command):
        url = f"nats://127.0.0.1:{command.port}"
        async with connected(f"{url}?credentials={credentials}", name="test") as client:
            await client.flush()
        with pytest.raises(UnavailableError):
            async with connected(url, name="test"):
                pass


@pytest.fixture
async def valkey_with_tls(valkey_url: str, certificates: Certificates) -> AsyncIterator[str]:
    """A real one behind a door that speaks TLS: the packaged server is built without it."""
    port = urlsplit(valkey_url).port or 0
    async with tls_door(to_port=port, certificates=certificates) as door:
        yield valkey_url.replace("redis://", "rediss://").replace(f":{port}", f":{door}")


async def test_redis_over_tls_with_an_authority_of_ones_own(
    valkey_with_tls: str, certificates: Certificates
) -> None:
    url = f"{valkey_with_tls}?ssl_ca_certs={certificates.authority}"
    async with valkey(url, silent_slices=PATIENT) as redis:
        assert await redis.get("nothing") is None
    async with valkey(valkey_with_tls, silent_slices=PATIENT) as redis:
        with pytest.raises(UnavailableError):
            await redis.get("nothing")


async def test_qdrant_over_tls_with_an_authority_of_ones_own(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in for the server says its version and nothing else: that was over TLS, and the rest is."""
    app = web.Application()
    app.router.add_get("/", answer({"title": "qdrant", "version": "1.19.0"}))
    app.router.add_get("/collections", answer({"result": {"collections": []}, "status": "ok", "time": 0.1}))
    async with (
        TestServer(app) as server,
        tls_door(to_port=server.port or 0, certificates=certificates) as door,
    ):
        settings = Settings(_env_file=None, qdrant_url=f"https://127.0.0.1:{door}")
        with pytest.raises(UnavailableError):
            async with open_store(settings, kind="qdrant"):
                pass
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
        async with open_store(settings, kind="qdrant") as store:
            assert await store.notes() == []


def answer(said: dict[str, Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answered(_: web.Request) -> web.Response:
        return web.json_response(said)

    return answered
