"""One trace from Slack's event to the model's call, and one from a document's event to its index."""

import json
import re
from pathlib import Path

import pytest

from ingest.client import IngestClient
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import serving
from tests.claude_answers import Script
from tests.claude_stand_in import claude_stand_in
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, program
from tests.e2e.conftest import QUESTION, WORDS
from tests.e2e.nats_contents import contents
from tests.e2e.test_questions import answer
from tests.otlp_collector import Collector, SentSpan, drawn, otlp_collector
from tests.seeded_secrets import SECRETS, SOWN
from tests.until import until
from wire import subjects
from wire.documents import DocumentFailed, DocumentUpsert
from wire.errors import MalformedError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.opentelemetry_spans import span
from wire.shapes import read_shape

CANARY = "xylocarp"
"""A word of the document and of the question: no span may hold it."""
TOKENS = (BOT_TOKEN, APP_TOKEN)
HANDED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
"""The trace context of a document service, as W3C has it."""


async def test_a_question_and_a_document_are_one_trace_each_and_hold_no_words(
    own_nats: str, valkey_url: str, tmp_path: Path
) -> None:
    """Promise 34: of secrets and canaries in every input, 0 in logs, traces, headers and metadata."""
    async with (
        otlp_collector() as collector,
        claude_stand_in() as claude,
        serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, limits=NO_LIMITS) as slack,
    ):
        shared = {
            "NATS_URL": own_nats,
            "REDIS_URL": valkey_url,
            "DATA_DIR": str(tmp_path),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
            "LOG_FORMAT": "json",
        }
        bots = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": slack.api_url,
            "ANTHROPIC_BASE_URL": claude.base_url,
            "ANTHROPIC_API_KEY": SECRETS["Anthropic key"],
            "HTTP_PORT": "0",
        }
        with (
            program("worker", env=shared, log=tmp_path / "worker.log"),
            program("bot", env=shared | bots, log=tmp_path / "bot.log"),
        ):
            await _publish(own_nats)
            claude.scripts.append(Script(ending="server_error", complaint=f"{CANARY} {SOWN}"))
            refused = slack.say("jonas", "general", f"{QUESTION} {CANARY} {SOWN}")
            await until(lambda: answer(slack, refused), within_s=60)
            question = slack.say("jonas", "general", f"{QUESTION} {CANARY}")
            await until(lambda: answer(slack, question), within_s=60)
            asked = await until(lambda: _whole_question(collector, of=question.ts), within_s=30)
            indexed = await until(lambda: collector.trace_of("index a document"), within_s=30)
            metadata = await _metadata(own_nats)
        shown = [str(message) for message in slack.messages("general") if message.by_app]
        print(drawn(asked), drawn(indexed), sep="\n\n")

    answered = _check_question(asked)
    _check_document(indexed)
    told = {
        "traces": b"".join(collector.bodies).decode(errors="replace"),
        "logs": (tmp_path / "bot.log").read_text() + (tmp_path / "worker.log").read_text(),
        "NATS headers and failures' metadata": metadata,
    }
    for where, text in told.items():
        for word in (CANARY, "parental", "test@", *TOKENS, *SECRETS.values()):
            assert word not in text, f"{word} in {where}"
    assert not [word for word in SECRETS.values() if word in "".join(shown)]
    _check_log_lines(tmp_path / "bot.log", trace=answered.trace)


def _whole_question(collector: Collector, *, of: str) -> list[SentSpan]:
    """The question's spans, once its last ones have come."""
    ids = {str(each.attributes.get("answerdesk.question")) for each in collector.spans}
    named = next((each for each in ids if of in each), "")
    spans = collector.trace_of("answer a question", **{"answerdesk.question": named})
    there = {each.name for each in spans}
    whole = {"take what Slack brings", "answer a question", "answer", "chat claude-sonnet-5-5"}
    services = {each.service for each in spans if each.name == "retrieval.search"}
    return spans if whole <= there and services == {"bot", "worker"} else []


def _check_question(asked: list[SentSpan]) -> SentSpan:
    """From Slack's event to the model's call and the worker's search; gives the span of its answer."""
    by_name = {each.name: each for each in asked}
    heard, answered = by_name["take what Slack brings"], by_name["answer a question"]
    assert answered.parent == heard.id
    wanted, *_ = [each for each in asked if each.name == "retrieval.search" and each.parent == answered.id]
    [served] = [each for each in asked if each.name == "retrieval.search" and each.parent == wanted.id]
    assert (wanted.service, served.service) == ("bot", "worker")
    assert by_name["answer"].parent == answered.id
    assert by_name["answer"].attributes["answerdesk.outcome"] == "answered"
    _check_model_span(by_name["chat claude-sonnet-5-5"], under=answered)
    # How many edits there are depends on how the words come: one post may have them all.
    shown_by = ("slack chat.postMessage", "slack chat.update")
    assert any(each.name in shown_by and each.parent == answered.id for each in asked)
    return answered


def _check_document(indexed: list[SentSpan]) -> None:
    """A part of the trace that the document service began."""
    document = next(each for each in indexed if each.name == "index a document")
    assert document.trace == HANDED.split("-")[1]
    assert document.parent == HANDED.split("-")[2]
    inside = {each.name for each in indexed if each.parent == document.id}
    assert {"parse", "write passages", "show the edition"} <= inside


def _check_model_span(model: SentSpan, *, under: SentSpan) -> None:
    """By OpenTelemetry's semantic conventions for generative AI."""
    assert model.parent == under.id
    told = model.attributes
    assert told["gen_ai.operation.name"] == "chat"
    assert told["gen_ai.provider.name"] == "anthropic"
    assert told["gen_ai.request.model"] == told["gen_ai.response.model"] == "claude-sonnet-5-5"
    assert told["gen_ai.response.finish_reasons"] == ("end",)
    assert int(str(told["gen_ai.usage.input_tokens"])) > 0
    assert int(str(told["gen_ai.usage.output_tokens"])) > 0
    assert not [name for name in told if name.startswith(("gen_ai.input", "gen_ai.output.messages"))]


def _check_log_lines(log: Path, *, trace: str) -> None:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    *_, ended = [line for line in lines if line["event"] == "question ended"]
    assert ended["trace_id"] == trace
    assert re.fullmatch(r"T\w+:C\w+:[\d.]+:0", ended["question"])


async def _publish(nats_url: str) -> None:
    document = DocumentUpsert(
        source="handbook",
        id="leave",
        version=1,
        title="Parental leave",
        url="https://docs.example.com/leave",
        body=f"# Parental leave\n\n{WORDS} {CANARY}.\n",
        allow=("public",),
    )
    async with connected(nats_url, name="test", within_s=30) as client:
        await ensure_topology(client)
        ingest = IngestClient(client)
        with span("a document service", headers={"traceparent": HANDED}):
            await ingest.announce(document)
        await ingest.wait_until_indexed(document, within_s=60)
        broken = document.model_copy(
            update={
                "id": "broken",
                "media_type": "application/pdf",
                "title": f"{CANARY} {SOWN}",
                "body": None,
                "body_base64": f"%PDF-1.7 {CANARY} {SOWN}".encode(),
                "metadata": {"note": SOWN},
            }
        )
        await ingest.announce(broken)
        with pytest.raises(MalformedError) as failed:
            await ingest.wait_until_indexed(broken, within_s=60)
        assert CANARY not in str(failed.value)


async def _metadata(nats_url: str) -> str:
    """All headers and subjects of what NATS keeps, and what is said of failures beside the announcement."""
    told: list[str] = []
    async with connected(nats_url, name="test") as client:
        async for name, message in contents(client):
            told.append(f"{message.subject} {message.headers}")
            if name == subjects.DOCUMENTS_FAILED_STREAM:
                failed = read_shape(DocumentFailed, message.data or b"")
                told.append(str(failed.model_copy(update={"event_base64": None})))
    assert any("broken" in each for each in told)
    return "\n".join(told)
