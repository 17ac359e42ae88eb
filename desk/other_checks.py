"""The model, sources, administrators, the HTTP port and who may ask there, and who can read our secrets."""

import asyncio
import errno
import ipaddress
import socket
import stat
from contextlib import aclosing
from pathlib import Path

from desk.aiohttp_asking import ask_http
from desk.findings import Finding, failed, fine, skipped, warning
from desk.probes import page_answers
from ingest.sources.opening import check_source, open_source
from wire.errors import MalformedError, SettingsError, UnavailableError
from wire.settings import Settings
from wire.source_settings import SourceSettings

ANTHROPIC = "https://api.anthropic.com"
API_VERSION = "2023-06-01"
NO_REWRITER = "none"
KEY_REFUSED = (401, 403)
BUSY = (429, 503, 529)
LISTED_WITHIN_S = 8.0
SECRET_FILES = (".env", "answerdesk.toml")


async def check_models(settings: Settings) -> list[Finding]:
    """Each model writes one word: what that shows, no list of models does. It costs some ten tokens."""
    if settings.anthropic_api_key is None and settings.anthropic_base_url is None:
        return [skipped("model", "no key: answers are the documents' own sentences")]
    asked = {"ANSWER_MODEL": settings.answer_model, "FALLBACK_MODEL": settings.fallback_model}
    if settings.rewrite_model != NO_REWRITER:
        asked["REWRITE_MODEL"] = settings.rewrite_model
    return list(
        await asyncio.gather(*(_model(settings, name, model) for name, model in asked.items() if model))
    )


async def _model(settings: Settings, name: str, model: str) -> Finding:
    base = (settings.anthropic_base_url or ANTHROPIC).rstrip("/")
    key = settings.anthropic_api_key.get_secret_value() if settings.anthropic_api_key else "none"
    message = {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": "Say yes."}]}
    try:
        answer = await ask_http(
            f"{base}/v1/messages",
            headers={"x-api-key": key, "anthropic-version": API_VERSION},
            json=message,
        )
    except UnavailableError as error:
        do = "Is ANTHROPIC_BASE_URL right, and may this machine go there (proxy, firewall)?"
        return failed("model", f"{name}: {error}", do=do)
    if answer.status in KEY_REFUSED:
        return failed(
            "model", f"{name}: the key is refused", do="Set ANTHROPIC_API_KEY to a key that is good."
        )
    if answer.status in BUSY:
        do = "Try again in a minute; if it stays so, ask for a higher limit."
        return warning("model", f"{name}: {model} is busy or limits us", do=do)
    if answer.status != 200:  # noqa: PLR2004 — HTTP's number
        # Anthropic's is an object; other servers of the Messages API have a sentence there.
        told = answer.body.get("error")
        kind = str(told.get("type") if isinstance(told, dict) else told or f"HTTP {answer.status}")
        do = f"Set {name} to a model that this key may use, and look whether there is credit left."
        return failed("model", f"{name}: {model} does not answer ({kind})", do=do)
    return fine("model", f"{name}: {model} answers")


async def check_sources(settings: Settings) -> list[Finding]:
    """Whether each can be listed."""
    if not settings.sources:
        return [skipped("sources", "none are configured; documents may be announced all the same")]
    return list(await asyncio.gather(*(_source(name, each) for name, each in settings.sources.items())))


async def _source(name: str, source: SourceSettings) -> Finding:
    check = f"source {name}"
    try:
        check_source(name, source)
        async with (
            asyncio.timeout(LISTED_WITHIN_S),
            open_source(source) as opened,
            aclosing(opened.entries()) as entries,
        ):
            first = await anext(entries, None)
    except (SettingsError, MalformedError, UnavailableError) as error:
        return failed(
            check, str(error), do=f"Look at [sources.{name}] in answerdesk.toml, its token included."
        )
    except TimeoutError:
        return warning(
            check, "its list takes long", do="Is it there? A resync waits for it longer than this."
        )
    if first is None:
        return warning(check, "lists nothing", do=f"Is the url of [sources.{name}] right, and its include?")
    nobody = not source.allow and not source.rules and not source.believes_source
    if nobody:
        return warning(check, "can be listed, but nobody may read it", do='Say who: allow = ["public"].')
    return fine(check, "can be listed")


async def check_port(settings: Settings) -> list[Finding]:
    """Whether the bot can listen, or does already."""
    host, port = settings.http_host, settings.http_port
    if port == 0:
        return [fine("HTTP", "a free port is picked")]
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return [await _taken(host, port, error)]
    return [fine("HTTP", f"port {port} is free")]


async def _taken(host: str, port: int, error: OSError) -> Finding:
    if error.errno != errno.EADDRINUSE:
        do = "Set HTTP_HOST to an address of this machine, and HTTP_PORT to one above 1023."
        return failed("HTTP", f"can't listen at {host}:{port}: {error.strerror}", do=do)
    if await page_answers(f"http://127.0.0.1:{port}/healthz"):
        return fine("HTTP", f"a bot answers on port {port} already")
    return failed("HTTP", f"port {port} is taken by another program", do="Set HTTP_PORT to a free one.")


async def check_keys(settings: Settings) -> list[Finding]:
    """Who may ask over HTTP, and who can read what is secret."""
    return [_open(settings), *await asyncio.to_thread(_secret_files)]


def _open(settings: Settings) -> Finding:
    if settings.api_open and not _is_loopback(settings.http_host):
        said = f"API_OPEN lets this machine ask without a key, and HTTP_HOST is {settings.http_host}"
        return warning(
            "API keys", said, do="In a container other programs may be this machine: use API_KEYS."
        )
    if not settings.api_keys:
        return skipped("API keys", "none: nobody asks over HTTP")
    return fine("API keys", f"{len(settings.api_keys)}, of which only hashes are kept")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret_files() -> list[Finding]:
    files = (Path(name) for name in SECRET_FILES)
    return [_readable(file) for file in files if file.exists()]


def _readable(file: Path) -> Finding:
    if stat.S_IMODE(file.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH):
        return warning("secrets", f"others on this machine can read {file}", do=f"Type: chmod 600 {file}")
    return fine("secrets", f"{file} is for its owner's eyes alone")


async def check_admins(settings: Settings) -> list[Finding]:
    """Whether there is one at all."""
    admins = settings.admins
    if admins and not (admins.users or admins.groups or admins.workspace_admins):
        do = "List users or groups under [admins], or set workspace_admins = true."
        return [warning("admins", "nobody is one", do=do)]
    if admins is None or admins.workspace_admins:
        return [fine("admins", "Slack's own admins" + (", and who is listed" if admins else ""))]
    return [fine("admins", f"{len(admins.users)} people and {len(admins.groups)} groups")]
