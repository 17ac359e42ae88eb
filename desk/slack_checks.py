"""Whether Slack lets us in, with what, and whether our clocks agree."""

import time
from email.utils import parsedate_to_datetime

from pydantic import SecretStr

from bot.slack.manifest import NAME, SCOPES
from desk.aiohttp_asking import Answered, ask_http
from desk.findings import Finding, failed, fine, skipped, warning
from wire.settings import Settings

BOT, APP = "xoxb-", "xapp-"
KINDS = {
    BOT: "a bot token",
    APP: "an app-level token",
    "xoxp-": "a user's token",
    "xoxe.": "a token that expires in hours",
    "xoxa-": "a workspace token of old",
}
SPARED = frozenset({"users:read.email", "files:read", "channels:history", "groups:history", "mpim:history"})
"""Scopes that may be left out on purpose; manifests/slack/README.md says what is then missing."""
SKEW_TOLD_S, SKEW_MOST_S = 30.0, 120.0
"""Slack's signatures are good for 300 s, its clock in headers for whole seconds."""
SECRET_CHARS = 32
_WHERE = {
    BOT: "OAuth & Permissions, Bot User OAuth Token",
    APP: "Basic Information, App-Level Tokens, with the scope connections:write",
}


async def check_slack(settings: Settings) -> list[Finding]:
    """Tokens, scopes, clocks, channels."""
    bot, app, secret = settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret
    if bot is None:
        return [_no_bot_token(settings)]
    findings = [*_kind("SLACK_BOT_TOKEN", bot, wanted=BOT), *_way_in(app, secret)]
    if any(finding.state == "failed" for finding in findings):
        return findings
    asked_at = time.time()
    answer = await _ask(settings, "auth.test", bot)
    if not answer.body.get("ok"):
        return [*findings, _refused("SLACK_BOT_TOKEN", answer, where=_WHERE[BOT])]
    findings.append(fine("Slack", f"the bot token is good in {answer.body.get('team', 'the workspace')}"))
    findings.append(_scopes(answer))
    findings.extend(_clock(answer, between=(asked_at, time.time())))
    findings.append(await _channels(settings, bot))
    if app is not None:
        findings.append(await _socket(settings, app))
    return findings


def _no_bot_token(settings: Settings) -> Finding:
    if settings.slack_app_token or settings.slack_signing_secret:
        return failed("Slack", "SLACK_BOT_TOKEN is missing", do=f"Set it: {_WHERE[BOT]}.")
    return skipped("Slack", "no tokens: `answerdesk up` opens the sandbox workspace")


def _kind(name: str, token: SecretStr, *, wanted: str) -> list[Finding]:
    value = token.get_secret_value()
    if value.startswith(wanted):
        return []
    kind = next((told for start, told in KINDS.items() if value.startswith(start)), "no token of Slack's")
    return [failed("Slack", f"{name} is {kind}, not {KINDS[wanted]}", do=f"Set {name}: {_WHERE[wanted]}.")]


def _way_in(app: SecretStr | None, secret: SecretStr | None) -> list[Finding]:
    if app is not None:
        return _kind("SLACK_APP_TOKEN", app, wanted=APP)
    if secret is None:
        do = f"Set SLACK_APP_TOKEN ({_WHERE[APP]}), or SLACK_SIGNING_SECRET for Slack over HTTP."
        return [failed("Slack", "nothing says how Slack reaches the bot", do=do)]
    if len(secret.get_secret_value()) != SECRET_CHARS:
        do = "Copy it again: Basic Information, Signing Secret."
        return [warning("Slack", f"SLACK_SIGNING_SECRET has no {SECRET_CHARS} characters", do=do)]
    return []


async def _ask(settings: Settings, method: str, token: SecretStr, **arguments: str) -> Answered:
    return await ask_http(
        f"{settings.slack_api_url.rstrip('/')}/{method}",
        headers={"Authorization": f"Bearer {token.get_secret_value()}"},
        form=arguments,
    )


def _refused(name: str, answer: Answered, *, where: str) -> Finding:
    code = answer.body.get("error") or f"HTTP {answer.status}"
    return failed(
        "Slack", f"{name} is refused: {code}", do=f"Install the app again and set it anew: {where}."
    )


def _scopes(answer: Answered) -> Finding:
    granted = {
        scope.strip() for scope in answer.headers.get("X-OAuth-Scopes", "").split(",") if scope.strip()
    }
    if not granted:
        return skipped("Slack scopes", "Slack does not say which the token has")
    missing = set(SCOPES) - granted
    if not missing:
        return fine("Slack scopes", f"all {len(SCOPES)} are granted")
    said = "missing: " + ", ".join(f"{scope} ({SCOPES[scope]})" for scope in sorted(missing))
    if missing <= SPARED:
        return warning("Slack scopes", said, do="Right if meant so (manifests/slack/README.md).")
    do = "Paste what `answerdesk manifest` prints at App Manifest, save, and install the app again."
    return failed("Slack scopes", said, do=do)


def _clock(answer: Answered, *, between: tuple[float, float]) -> list[Finding]:
    """How far this machine's clock is from Slack's."""
    try:
        there = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError):
        return []
    before, after = between
    # Slack's second has begun at that moment or earlier, and the answer was on its way for a while.
    skew_s = max(before - (there + 1), there - after, 0.0)
    if skew_s < SKEW_TOLD_S:
        return [fine("clock", "agrees with Slack's")]
    said, do = f"this machine's clock is {skew_s:.0f} s off", "Set it by NTP; in a container, the host's."
    worse = skew_s >= SKEW_MOST_S
    return [failed("clock", said, do=do) if worse else warning("clock", said, do=do)]


async def _channels(settings: Settings, token: SecretStr) -> Finding:
    kinds = {"types": "public_channel,private_channel", "limit": "200", "exclude_archived": "true"}
    answer = await _ask(settings, "users.conversations", token, **kinds)
    if not answer.body.get("ok"):
        return skipped("channels", f"Slack does not say: {answer.body.get('error') or answer.status}")
    channels = answer.body.get("channels") or []
    if channels:
        more = "" if len(channels) == 1 else "s"
        return fine("channels", f"the app is in {len(channels)} channel{more}")
    do = f"Type /invite @{NAME} in a channel; direct messages work without."
    return warning("channels", "the app is in no channel, so nobody can mention it", do=do)


async def _socket(settings: Settings, token: SecretStr) -> Finding:
    answer = await _ask(settings, "apps.connections.open", token)
    if answer.body.get("ok"):
        return fine("Socket Mode", "Slack opens a socket")
    return _refused("SLACK_APP_TOKEN", answer, where=_WHERE[APP])
