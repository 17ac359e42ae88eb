"""The schemas in manifests/openapi.yaml and manifests/asyncapi.yaml, made from the code's own shapes.

``python -m tests.manifest_schemas`` writes them anew; everything above them is written by hand.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from wire import (
    answers,
    asking,
    audit,
    copies,
    documents,
    failures,
    feedback,
    files,
    gaps,
    nats_service,
    people,
    people_news,
    questions,
    quotas,
    search,
    sync,
)

MANIFESTS = Path(__file__).parents[1] / "manifests"
BEGINS = "  # What follows is made from the code: python -m tests.manifest_schemas\n  schemas:\n"
REFERENCE = "#/components/schemas/{model}"

OPENAPI: Sequence[type] = (
    asking.AnswerRequest,
    search.SearchRequest,
    search.SearchReply,
    nats_service.ErrorReply,
)
ASYNCAPI: Sequence[type] = (
    asking.AnswerAsked,
    asking.AnswerAccepted,
    asking.AnswerControl,
    audit.AuditLine,
    audit.AuditedQuestion,
    copies.CopiesRequest,
    copies.CopiesReply,
    copies.RestoreRequest,
    copies.RestoreReply,
    documents.DocumentUpsert,
    documents.DocumentDelete,
    documents.DocumentFailed,
    failures.ListFailuresRequest,
    failures.ListFailuresReply,
    failures.SettleFailuresRequest,
    failures.SettleFailuresReply,
    feedback.Feedback,
    files.ReadFileRequest,
    files.ReadFileReply,
    gaps.KnowledgeGap,
    nats_service.ErrorReply,
    people.ForgetRequest,
    people.Forgotten,
    people_news.PeopleChanged,
    questions.QuestionAsked,
    questions.StopAsked,
    quotas.QuotaLow,
    search.SearchRequest,
    search.SearchReply,
    search.PassagesRequest,
    search.PassagesReply,
    sync.SyncRequested,
    sync.SyncCancel,
    sync.SyncAccepted,
    sync.SyncFollowed,
    sync.SyncRun,
    sync.SourcesRequest,
    sync.SourcesReply,
    sync.SlackThreadTouched,
)


def schemas_of(shapes: Sequence[type], *, over_http: bool) -> dict[str, Any]:
    """The schemas of these shapes, of the events of an answer, and of all that they are made of."""
    adapters: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (shape.__name__, "validation", TypeAdapter(shape)) for shape in shapes
    ]
    adapters.append(("AnswerEvent", "validation", TypeAdapter(answers.AnswerEvent)))
    made, definitions = TypeAdapter.json_schemas(adapters, ref_template=REFERENCE)
    named = {"AnswerEvent": made["AnswerEvent", "validation"], **definitions.get("$defs", {})}
    if over_http:
        # Whose key it is says who reads, where the request does not.
        named["SearchRequest"]["required"].remove("principals")
    return dict(sorted(named.items()))


def with_schemas(manifest: str, shapes: Sequence[type]) -> str:
    """The manifest with its schemas as the code has them."""
    above, found, _ = manifest.partition(BEGINS)
    assert found, "the manifest has lost its mark"
    named = schemas_of(shapes, over_http=shapes is OPENAPI)
    schemas = yaml.safe_dump(named, sort_keys=False, allow_unicode=True, width=110)
    return above + BEGINS + "".join(f"    {line}\n" if line else "\n" for line in schemas.splitlines())


def main() -> None:
    for name, shapes in (("openapi.yaml", OPENAPI), ("asyncapi.yaml", ASYNCAPI)):
        path = MANIFESTS / name
        path.write_text(with_schemas(path.read_text(), shapes))


if __name__ == "__main__":
    main()
