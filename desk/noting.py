"""What is done at the command line stands in the audit log, like what is done in Slack."""

from nats.aio.client import Client

from wire.audit import COMMAND_LINE, AuditLine
from wire.nats_audit import NatsAudit


async def note(client: Client, action: str, *, subject: str | None, **details: str) -> None:
    """Take a note of it; what can't be kept is told as an error in the log."""
    line = AuditLine.of(action, person=COMMAND_LINE, subject=subject, outcome="done", details=details)
    await NatsAudit(client).note(line)
