"""The audit log on a real NATS server."""

from datetime import UTC, datetime, timedelta

import pytest
from nats.aio.client import Client

from wire import subjects
from wire.audit import AuditEntry, AuditLine, ShownDocument
from wire.errors import UnavailableError
from wire.nats_audit import QUESTION_CHARS, NatsAudit
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology


async def entries(audit: NatsAudit, since: datetime | None = None) -> list[AuditEntry]:
    return [entry async for entry in audit.entries(since=since)]


def answered(question: str, *, person: str = "T1:U2") -> AuditLine:
    line = AuditLine.of("answered", person=person, subject=question, outcome="answered")
    shown = (ShownDocument(source="handbook", document="leave", version=3),)
    return line.model_copy(update={"documents": shown, "cost_usd": 0.004})


async def test_what_was_done_is_read_in_its_order(client: Client) -> None:
    audit = NatsAudit(client)
    await audit.note(AuditLine.of("resync", person="T1:U1", subject="handbook", details={"full": "true"}))
    await audit.note(answered("T1:C1:1.0:0"))
    [resync, answer] = await entries(audit)
    assert (resync.action, resync.person, resync.details) == ("resync", "T1:U1", {"full": "true"})
    assert answer.documents[0].document == "leave"
    assert answer.cost_usd == 0.004


async def test_more_lines_than_a_round_trip_holds_are_all_read(client: Client) -> None:
    audit = NatsAudit(client)
    for number in range(600):
        await audit.note(answered(str(number)))
    assert [entry.subject for entry in await entries(audit)] == [str(number) for number in range(600)]


async def test_words_are_kept_only_where_that_is_configured(client: Client) -> None:
    await NatsAudit(client).note(answered("T1:C1:1.0:0"), question="What is my salary?")
    await NatsAudit(client, with_questions=True).note(answered("T1:C1:2.0:0"), question="What is leave?")
    assert [entry.question for entry in await entries(NatsAudit(client))] == [None, "What is leave?"]


async def test_of_a_long_question_the_beginning_is_kept(client: Client) -> None:
    """One that is refused for its length is noted, too, and not among what a minute allows."""
    await NatsAudit(client, with_questions=True).note(answered("1"), question="long " * 50_000)
    [entry] = await entries(NatsAudit(client))
    assert entry.question is not None
    assert entry.question.startswith("long long")
    assert len(entry.question) == QUESTION_CHARS


async def test_words_that_cannot_be_read_hide_no_line(client: Client) -> None:
    audit = NatsAudit(client)
    await client.jetstream().publish(subjects.audit_words("T1:U2"), b"{}")
    await audit.note(answered("1"))
    assert [entry.subject for entry in await entries(audit)] == ["1"]


async def test_forgetting_erases_a_persons_words_and_nobody_elses_and_no_line(client: Client) -> None:
    """Promise 38: the audit line remains without content."""
    audit = NatsAudit(client, with_questions=True)
    await audit.note(answered("1"), question="mine")
    await audit.note(answered("2", person="T1:U3"), question="theirs")
    assert await audit.forget("T1:U2") == 1
    assert [(entry.person, entry.question) for entry in await entries(audit)] == [
        ("T1:U2", None),
        ("T1:U3", "theirs"),
    ]


async def test_only_what_was_noted_since_then_is_read(client: Client) -> None:
    audit = NatsAudit(client)
    await audit.note(answered("1"))
    assert await entries(audit, datetime.now(UTC) + timedelta(minutes=1)) == []
    assert len(await entries(audit, datetime.now(UTC) - timedelta(minutes=1))) == 1


async def test_lines_are_kept_for_as_long_as_the_setting_says(client: Client) -> None:
    async def kept_for_days() -> float:
        config = (await client.jetstream().stream_info(subjects.AUDIT_STREAM)).config
        return (config.max_age or 0) / 86_400

    for days in (30, 7, 90):
        await NatsAudit(client).keep_for(days)
        assert await kept_for_days() == days
        # The next role that starts finds the stream made otherwise than it would, and lets it be.
        await ensure_topology(client)
        assert await kept_for_days() == days


async def test_a_line_that_can_not_be_kept_fails_nothing(own_nats: str) -> None:
    async with connected(own_nats, name="test") as client:
        # No stream stands there: nothing takes the line.
        await NatsAudit(client).note(answered("T1:C1:9.0:0"))
        with pytest.raises(UnavailableError):
            await entries(NatsAudit(client))
