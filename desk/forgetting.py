"""``answerdesk forget`` and ``answerdesk audit``: what is kept about people, erased and told."""

import re
from datetime import UTC, datetime, timedelta

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from desk.terminal import Terminal, printable
from wire import subjects
from wire.audit import AuditEntry
from wire.nats_audit import NatsAudit
from wire.nats_connection import connected
from wire.nats_service import request_reply
from wire.people import ForgetRequest, Forgotten

ANSWER_WITHIN_S = 60.0

_AGO = re.compile(r"(\d{1,6})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def since_of(text: str) -> datetime:
    """A time that somebody typed: ``30m``, ``12h``, ``7d`` ago, or a date and time as ISO 8601 has it."""
    try:
        if (ago := _AGO.fullmatch(text.strip())) is not None:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise typer.BadParameter("give a time such as 7d, 12h, 30m or 2026-11-25") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def forget(person: str, *, nats_url: str) -> Forgotten:
    """Have everything erased that is kept of a person.

    Raises:
        UnavailableError: no bot answers, or something could not be reached.
    """
    async with connected(nats_url, name="answerdesk forget") as client:
        return await request_reply(
            client,
            subject=subjects.PEOPLE_FORGET,
            message=ForgetRequest(person=person),
            reply=Forgotten,
            within_s=ANSWER_WITHIN_S,
            service="bot",
        )


async def read_audit(*, since: datetime | None, nats_url: str) -> list[AuditEntry]:
    """What was noted since then, oldest first.

    Raises:
        UnavailableError: NATS does not answer.
    """
    async with connected(nats_url, name="answerdesk audit") as client:
        return [entry async for entry in NatsAudit(client).entries(since=since)]


def show_forgotten(forgotten: Forgotten, terminal: Terminal) -> None:
    """What was there, for a person."""
    for kind, count in forgotten.erased.items():
        if count:
            terminal.say(f"{kind}: {count} erased")
    terminal.say(
        f"Nothing is kept about {forgotten.person} any more, but for audit lines without words, the "
        "documents, and what stands in Slack."
    )


def show_audit(entries: list[AuditEntry], console: Console) -> None:
    """The entries as a table."""
    table = Table("when", "who", "did", "to", "outcome", "documents", "cost", box=None, header_style="bold")
    for entry in entries:
        shown = ", ".join(f"{each.source}/{each.document}@{each.version}" for each in entry.documents)
        cells = (
            f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}",
            entry.person,
            entry.action,
            entry.subject or "",
            entry.outcome or "",
            shown,
            f"${entry.cost_usd:.4f}" if entry.cost_usd else "",
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
        if entry.question is not None:
            table.add_row("", "", "", Text(printable(entry.question)), "", "", "", style="dim")
    console.print(table)
