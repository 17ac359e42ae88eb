"""Which programs ``answerdesk up`` runs, and how each is told where the others are."""

import os
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from desk import ports
from desk.data_folder import DataFolder
from desk.engines import LOOPBACK, EngineCommand, nats_command, valkey_command
from desk.keys import Keys
from desk.running import marks
from desk.supervision import Program
from wire.errors import SettingsError
from wire.settings import Settings

# The password stands in a file that only its owner can read; hashing it would ask for one more package.
NATS_WARNING = re.compile(r"\[(WRN|ERR|FTL)\] (?!Plaintext passwords)")
# Valkey marks with a "#" what it finds important, its goodbye and a kernel setting that matters to
# caches which fork for snapshots (ours keeps an append-only file of a few megabytes) among it.
VALKEY_WARNING = re.compile(r" # (?!WARNING Memory overcommit|Valkey is now ready to exit|User requested)")

SAMPLE_ASK_HUMAN_CHANNEL = "C0ASKHR"
"""Of the sample company."""
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 — recognised, not listened on


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run; None where a URL or Slack itself stands in for a program.

    Attributes:
        nats_url: with credentials, as ``redis_url``.
        bot_host: the name under which the bot is asked from this machine.
        bot_port: where the bot answers over HTTP.
        worker_port: where the worker does.
        sandbox_url: the workspace's page.
    """

    nats: Program | None
    valkey: Program | None
    sandbox: Program | None
    worker: Program
    bot: Program
    nats_url: str
    redis_url: str
    bot_host: str
    bot_port: int
    worker_port: int
    sandbox_url: str | None

    @property
    def ready_url(self) -> str:
        """Answers 200 once the bot can answer questions."""
        return f"http://{self.bot_host}:{self.bot_port}/readyz"

    @property
    def page_url(self) -> str:
        """Where the bot's own page asks."""
        return f"http://{self.bot_host}:{self.bot_port}/ask"


def make_plan(settings: Settings, *, folder: DataFolder, keys: Keys, sandbox_port: int) -> Plan:
    """Decide what runs here.

    Raises:
        SettingsError: only one of Slack's two tokens is set, or a program is missing.
        AnswerdeskError: a port is taken that was asked for.
    """
    nats = _own_nats(folder, keys) if settings.nats_url is None else None
    valkey = _own_valkey(folder, keys) if settings.redis_url is None else None
    nats_url = nats.url if nats else settings.nats_url or ""
    redis_url = valkey.url if valkey else settings.redis_url or ""
    with_sandbox = not _has_slack(settings)
    promised = [engine.port for engine in (nats, valkey) if engine]
    port = ports.demand(sandbox_port, setting="--port", besides=promised) if with_sandbox else 0
    sandbox_url = f"http://{LOOPBACK}:{port}" if with_sandbox else None
    bot_port = _bot_port(settings, besides=[*promised, port])
    worker_port = _worker_port(settings, besides=[*promised, port, bot_port])
    where = {
        "DATA_DIR": str(folder.path),
        "NATS_URL": nats_url,
        "REDIS_URL": redis_url,
        "HTTP_PORT": str(bot_port),
        "WORKER_HTTP_PORT": str(worker_port),
    }
    slack = _sandbox_as_slack(sandbox_url, keys, settings) if sandbox_url else {}
    return Plan(
        nats=_engine("nats", nats, folder=folder, warning=NATS_WARNING) if nats else None,
        valkey=_engine("valkey", valkey, folder=folder, warning=VALKEY_WARNING) if valkey else None,
        sandbox=_sandbox(port, folder=folder, keys=keys) if with_sandbox else None,
        worker=_role("worker", where, folder=folder, stop_within_s=20.0),
        bot=_role("bot", where | slack, folder=folder, stop_within_s=20.0),
        nats_url=nats_url,
        redis_url=redis_url,
        bot_host=_asked_at(settings.http_host),
        bot_port=bot_port,
        worker_port=worker_port,
        sandbox_url=sandbox_url,
    )


def _has_slack(settings: Settings) -> bool:
    ears = settings.slack_app_token or settings.slack_signing_secret
    if (settings.slack_bot_token is None) != (ears is None):
        missing = "SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET)" if ears is None else "SLACK_BOT_TOKEN"
        raise SettingsError(
            f"{missing} is not set, but the other Slack token is: set both for Slack, none for the sandbox"
        )
    return ears is not None


def _bot_port(settings: Settings, *, besides: Collection[int]) -> int:
    if "http_port" in settings.model_fields_set:
        return ports.demand(settings.http_port, setting="HTTP_PORT", besides=besides)
    return ports.prefer(settings.http_port, besides=besides)


def _worker_port(settings: Settings, *, besides: Collection[int]) -> int:
    if settings.worker_http_port:
        return ports.demand(settings.worker_http_port, setting="WORKER_HTTP_PORT", besides=besides)
    return ports.prefer(ports.ANY, besides=besides)


def _asked_at(host: str) -> str:
    """Where a server that listens on this host is reached; one that listens everywhere, on loopback."""
    if host in EVERYWHERE:
        return LOOPBACK
    return f"[{host}]" if ":" in host else host


def _own_nats(folder: DataFolder, keys: Keys) -> EngineCommand:
    return nats_command(folder=folder.nats, port=keys.nats_port, password=keys.nats_password)


def _own_valkey(folder: DataFolder, keys: Keys) -> EngineCommand:
    return valkey_command(folder=folder.valkey, port=keys.valkey_port, password=keys.valkey_password)


def _engine(name: str, command: EngineCommand, *, folder: DataFolder, warning: re.Pattern[str]) -> Program:
    program = Path(command.argv[0]).absolute()
    return Program(
        name=name,
        argv=(str(program), *command.argv[1:]),
        env=_environment(folder),
        warning=warning,
    )


def _sandbox(port: int, *, folder: DataFolder, keys: Keys) -> Program:
    tokens = {"SANDBOX_BOT_TOKEN": keys.sandbox_bot_token, "SANDBOX_APP_TOKEN": keys.sandbox_app_token}
    return Program(
        name="sandbox",
        argv=_python("sandbox", "--port", str(port)),
        env=_environment(folder) | tokens,
        stop_within_s=5.0,
    )


def _sandbox_as_slack(url: str, keys: Keys, settings: Settings) -> dict[str, str]:
    # Its people are made up and its documents a sample, so who sits here may ask without a key, too.
    here = {} if "api_open" in settings.model_fields_set else {"API_OPEN": "true"}
    return here | {
        "ASK_HUMAN_CHANNEL": settings.ask_human_channel or SAMPLE_ASK_HUMAN_CHANNEL,
        "SLACK_BOT_TOKEN": keys.sandbox_bot_token,
        "SLACK_APP_TOKEN": keys.sandbox_app_token,
        "SLACK_API_URL": f"{url}/api/",
    }


def _role(name: str, settings: Mapping[str, str], *, folder: DataFolder, stop_within_s: float) -> Program:
    return Program(
        name=name,
        argv=_python("desk", name),
        env={**os.environ, **marks(folder), **settings},
        stop_within_s=stop_within_s,
    )


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    # -P: a folder called "desk" where the command happens to be given must not be run in our stead.
    return (sys.executable, "-P", "-m", module, *arguments)


def _environment(folder: DataFolder) -> dict[str, str]:
    """Our own environment without our settings: engines and sandbox have no use for the secrets in it."""
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper().partition("__")[0] not in ours}
    return kept | marks(folder)
