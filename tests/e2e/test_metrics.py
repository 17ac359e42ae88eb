"""What is counted, after real questions and real documents, as Prometheus reads it."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ingest.client import IngestClient
from sandbox.service import Sandbox
from tests.conftest import free_port
from tests.e2e.bot_fleet import Fleet, program
from tests.e2e.conftest import QUESTION
from tests.e2e.test_questions import answer
from tests.until import until
from wire.audit import AuditEntry
from wire.documents import DocumentUpsert
from wire.nats_audit import NatsAudit
from wire.nats_connection import connected

Series = dict[str, float]


async def scraped(port: int, *, token: str | None = None) -> Series:
    """Every sample, named with its labels as they are written."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics", headers=headers) as response,
    ):
        assert response.status == 200, await response.text()
        text = await response.text()
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {
        f"{sample.name}{{{','.join(f'{key}={value}' for key, value in sorted(sample.labels.items()))}}}": (
            sample.value
        )
        for sample in samples
    }


@pytest.fixture
def port(fleet: Fleet) -> int:
    number = free_port()
    fleet.own_settings["HTTP_PORT"] = str(number)
    return number


async def test_a_question_is_counted_from_slack_to_the_model_and_back(
    fleet: Fleet, slack: Sandbox, engines: dict[str, str], port: int
) -> None:
    fleet.start()
    first = slack.say("jonas", "general", QUESTION)
    await until(lambda: answer(slack, first), within_s=60)
    again = slack.say("jonas", "general", QUESTION)
    await until(lambda: answer(slack, again, person="jonas"), within_s=60)

    async def counted() -> Series:
        series = await scraped(port)
        return series if series.get("answerdesk_questions_pending{}") == 0 else {}

    series = await until(counted, within_s=30)
    of_slack = "face=slack,origin={origin},outcome=answered"
    assert series[f"answerdesk_answers_total{{{of_slack.format(origin='written')}}}"] == 1
    assert series[f"answerdesk_answers_total{{{of_slack.format(origin='same_words')}}}"] == 1
    assert series["answerdesk_answer_first_words_seconds_count{face=slack}"] == 2
    assert series["answerdesk_answer_saved_tokens_total{}"] > 0
    model = "model=claude-sonnet-5-5"
    assert series[f"answerdesk_model_calls_total{{{model},result=end}}"] == 1
    assert series[f"answerdesk_model_tokens_total{{kind=input,{model}}}"] > 0
    assert series[f"answerdesk_model_tokens_total{{kind=output,{model}}}"] > 0
    assert series[f"answerdesk_model_cost_usd_total{{{model}}}"] > 0
    assert series["answerdesk_slack_calls_total{method=chat.postMessage,result=ok}"] == 2
    for seen in ("first_sign", "first_words", "finished"):
        assert series[f"answerdesk_{seen}_seconds_count{{}}"] == 2
        assert 0 < series[f"answerdesk_{seen}_seconds_sum{{}}"] < 120
    assert series["answerdesk_slack_shown_lateness_seconds_count{}"] >= 2
    assert series["process_resident_memory_bytes{}"] > 0
    assert series["answerdesk_event_loop_lag_seconds_count{}"] > 0
    people = [name for name in series if "U0" in name or "jonas" in name or "general" in name]
    assert people == []
    await _check_audit(engines["NATS_URL"], question=first.ts)


async def _check_audit(nats_url: str, *, question: str) -> None:
    """What was asked is on record, without its words."""
    async with connected(nats_url, name="test") as client:

        async def noted() -> list[AuditEntry]:
            entries = [entry async for entry in NatsAudit(client).entries()]
            return [entry for entry in entries if question in (entry.subject or "")]

        [entry] = await until(noted, within_s=30)
    assert (entry.action, entry.outcome, entry.face) == ("answered", "answered", "slack")
    assert entry.person.count(":") == 1
    assert [(shown.source, shown.document, shown.version) for shown in entry.documents] == [
        ("handbook", "leave", 1)
    ]
    assert entry.cost_usd is not None
    assert entry.cost_usd > 0
    assert entry.question is None
    assert "parental" not in entry.to_json().decode()


async def test_a_worker_counts_documents_and_searches(own_nats: str, tmp_path: Path) -> None:
    port = free_port()
    env = {"NATS_URL": own_nats, "DATA_DIR": str(tmp_path), "WORKER_HTTP_PORT": str(port)}
    good = DocumentUpsert(
        source="wiki", id="leave", version=1, title="Leave", body="# Leave\n\n30 days.\n", allow=("public",)
    )
    bad = DocumentUpsert(
        source="wiki", id="bad", version=1, media_type="application/pdf", body_base64=b"no PDF"
    )
    with program("worker", env=env, log=tmp_path / "worker.log"):
        async with connected(own_nats, name="test", within_s=30) as client:
            await until(lambda: _is_there(port), within_s=60)
            ingest = IngestClient(client)
            announced = await ingest.announce(good)
            await ingest.wait_until_indexed(good, within_s=60, announced=announced)
            await ingest.announce(bad)

            async def counted() -> Series:
                series = await scraped(port)
                done = series.get("answerdesk_documents_total{outcome=given_up,source=wiki}")
                return series if done and series["answerdesk_documents_pending{}"] == 0 else {}

            series = await until(counted, within_s=60)
    assert series["answerdesk_documents_total{outcome=indexed,source=wiki}"] == 1
    assert series["answerdesk_documents_failed{}"] == 1
    assert series["answerdesk_documents_failed_oldest_seconds{}"] > 0
    assert series["answerdesk_document_freshness_seconds_count{source=wiki}"] == 1
    assert 0 < series["answerdesk_document_freshness_seconds_sum{source=wiki}"] < 60


async def _is_there(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
