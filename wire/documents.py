"""What a document service announces, and what is said of a document that could not be indexed."""

import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from wire.errors import MalformedError
from wire.principals import Principal
from wire.shapes import Shape, read_shape

SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A source's name is one token of a NATS subject."""

DocumentId = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class DocumentUpsert(Shape):
    """A document as it is now. Exactly one of the four bodies is given."""

    action: Literal["upsert"] = "upsert"
    source: SourceName
    id: DocumentId
    version: Annotated[int, Field(ge=0, lt=2**63)]
    title: Annotated[str, StringConstraints(max_length=1000)] = ""
    url: Annotated[str, StringConstraints(max_length=2048)] | None = None
    media_type: str = "text/markdown"
    body: str | None = None
    body_base64: bytes | None = None
    body_url: str | None = None
    body_object: str | None = None
    allow: tuple[Principal, ...] = ()
    updated_at: AwareDatetime | None = None
    revision: Annotated[str, StringConstraints(max_length=200)] | None = None
    """What a resync recognises this state of the document by; kept in its head, shown to nobody."""
    metadata: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        bodies = (self.body, self.body_base64, self.body_url, self.body_object)
        if sum(body is not None for body in bodies) != 1:
            raise ValueError("exactly one of body, body_base64, body_url and body_object must be given")
        return self


class DocumentDelete(Shape):
    """A document is gone: as of ``version``, or (found by a resync) only while ``if_version`` is indexed."""

    action: Literal["delete"] = "delete"
    source: SourceName
    id: DocumentId
    version: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    if_version: Annotated[int, Field(ge=0, lt=2**63)] | None = None

    @model_validator(mode="after")
    def _one_version(self) -> Self:
        if (self.version is None) == (self.if_version is None):
            raise ValueError("exactly one of version and if_version must be given")
        return self


DocumentChanged = DocumentUpsert | DocumentDelete


class _Action(Shape):
    action: Literal["upsert", "delete"]


def read_document_changed(data: bytes, *, source: str) -> DocumentChanged:
    """Read an announcement that came for ``source`` (the subject's last token).

    Raises:
        MalformedError: not an announcement, or for another source than its subject says.
    """
    # One shape after the other rather than their union, whose errors put the union's own names into the path.
    changed: DocumentChanged
    if read_shape(_Action, data).action == "upsert":
        changed = read_shape(DocumentUpsert, data)
    else:
        changed = read_shape(DocumentDelete, data)
    if changed.source != source:
        raise MalformedError(
            f"field 'source': does not match the subject's source {source!r}", field="source"
        )
    return changed


class DocumentFailed(Shape):
    """A document that could not be indexed, with the reason, for an admin.

    The announcement is kept byte for byte, so that it can be replayed: in the report, or, where that would
    not fit a message, in the object store bucket ``documents`` under ``event_object``.
    """

    id: str
    """Names the announcement: two reports of one have the same."""
    source: str
    document: str | None = None
    """None where the announcement could not be read."""
    reason: str
    attempts: int
    failed_at: datetime
    event_base64: bytes | None = None
    event_object: str | None = None


def document_key(source: str, document: str) -> str:
    """A key of fixed length that any store admits; documents' own ids may hold anything."""
    return f"{source}.{hashlib.sha256(document.encode()).hexdigest()}"
