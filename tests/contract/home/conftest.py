"""Commands and pages on a real socket, with a real worker behind them that resyncs a folder."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nats.aio.client import Client
from pydantic import SecretStr

from bot.answering.quota import Asker, Level, QuotaLimits
from bot.forgetting import Eraser, Forgetting
from bot.home.front import Front
from bot.home.nats_preferences import open_preferences
from bot.home.nats_recent import open_recent
from bot.home.service import Given, opened_home
from bot.slack.audience import watching_people
from bot.slack.bolt_intake import bolt_app, listening
from bot.slack.commands import Command, said
from bot.slack.edit_budget import OwnEditBudget
from bot.slack.events import Asked, MuteAsked, Reworded
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.view import Payload
from ingest.nats_admin import serving_admin
from ingest.sync_service import resyncing
from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.contract.slack.conftest import APP_TOKEN
from tests.contract.slack.conftest import slack as slack  # noqa: PLC0414 — pytest finds a fixture by its name
from tests.contract.slack.conftest import workspace as workspace  # noqa: PLC0414 — as above
from tests.until import until
from wire.admin_settings import AdminSettings
from wire.answer_settings import GroupQuota
from wire.nats_audit import NatsAudit
from wire.nats_connection import connected
from wire.questions import StopAsked
from wire.source_settings import SourceSettings

DOCUMENTS = 6


async def half_used(asker: Asker) -> list[Level]:
    """Half of each quota is gone: of a person's day, the People team's month, the workspace's day."""
    limits = QuotaLimits(
        person_per_day=200_000,
        workspace_per_day=4_000_000,
        groups={"S0PEOPLETEAM": GroupQuota(tokens_per_month=1_000_000)},
    )
    pots = limits.pots(asker, now=datetime(2026, 11, 25, 12, tzinfo=UTC))
    return [Level(pot=pot, used=pot.limit // 2, reserved=0) for pot in pots]


class Deaf:
    """Takes what people say, and does nothing."""

    async def hear(self, asked: Asked) -> None: ...

    async def stop(self, order: StopAsked) -> None: ...

    async def mute(self, wish: MuteAsked) -> None: ...

    async def reworded(self, change: Reworded) -> None: ...


class Otherwise:
    """Carries other commands out."""

    async def run(self, command: Command) -> Payload:
        return said(f"{command.name} is another's")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The documents of the source ``wiki``."""
    inside = tmp_path / "wiki"
    inside.mkdir()
    for n in range(DOCUMENTS):
        (inside / f"rule-{n}.md").write_text(f"# Rule {n}\n\nRule {n} is about {n} days.")
    return inside


@asynccontextmanager
async def syncing_worker(nats_url: str, sources: Mapping[str, SourceSettings]) -> AsyncIterator[None]:
    """A worker that resyncs these."""
    async with (
        connected(nats_url, name="a worker that resyncs") as client,
        resyncing(client, sources=sources, lease_s=2.0) as endpoints,
        serving_admin(client, also=endpoints),
    ):
        await client.flush()
        yield


def files(folder: Path, **changes: object) -> SourceSettings:
    return SourceSettings.model_validate(
        {"kind": "files", "url": f"file://{folder}", "allow": ["public"], "announce_per_s": 1000.0} | changes
    )


@asynccontextmanager
async def running_front(
    client: Client,
    workspace: SlackWorkspace,
    slack: Sandbox,
    *,
    admins: AdminSettings | None = None,
    also_erased: Mapping[str, Eraser] | None = None,
) -> AsyncIterator[Front]:
    """The bot's commands and pages, once it has a socket; what else is erased of people comes first."""
    async with (
        watching_people(workspace) as audience,
        opened_home(
            Given(
                client=client,
                workspace=workspace,
                audience=audience,
                admins=admins or AdminSettings(),
                budget=OwnEditBudget(),
                preferences=(preferences := await open_preferences(client)),
                recent=(recent := await open_recent(client)),
                audit=(audit := NatsAudit(client)),
                usage=half_used,
                quota_groups=("S0PEOPLETEAM",),
                forget=Forgetting(
                    {**(also_erased or {}), "settings": preferences, "last questions": recent},
                    team="T0LARKSPUR",
                    audit=audit,
                ).forget,
            ),
            otherwise=Otherwise(),
        ) as front,
    ):
        app = bolt_app(
            client=workspace.client,
            identity=workspace.identity,
            listener=Deaf(),
            commands=front,
            interactions=[front],
            overhear=[front.overhear],
        )
        async with listening(app, app_token=SecretStr(APP_TOKEN), check_tokens=workspace.check_tokens):
            await until(lambda: slack.open_sockets, within_s=30)
            yield front


@pytest.fixture
async def front(client: Client, workspace: SlackWorkspace, slack: Sandbox) -> AsyncIterator[Front]:
    async with running_front(client, workspace, slack) as running:
        yield running


@pytest.fixture
async def worker(nats_url: str, client: Client, folder: Path) -> AsyncIterator[None]:
    """Resyncs ``wiki``, which is never compared before somebody asks for it."""
    async with syncing_worker(nats_url, {"wiki": files(folder)}):
        yield


def seen(message: Message) -> str:
    """All that a reader sees of a message."""
    return f"{message.text} {message.blocks}"


def newest_whisper(slack: Sandbox, person: str) -> str:
    whispers = slack.whispers(person)
    return seen(whispers[-1]) if whispers else ""


def direct(slack: Sandbox, person: str) -> list[Message]:
    """What the app has written somebody."""
    try:
        return slack.messages("dm", person=person)
    except KeyError:
        return []


async def audited(client: Client) -> list[tuple[str, str, str | None, str | None]]:
    """Who did what, in the audit log."""
    return [
        (entry.person, entry.action, entry.subject, entry.outcome)
        async for entry in NatsAudit(client).entries()
    ]
