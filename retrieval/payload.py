"""A passage as the JSON object that an index keeps beside its vectors, and back."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from retrieval.encoding import Encoder
from retrieval.index import EncodedPassage, StoredPassage
from wire.documents import document_key

SCHEMA = 2
"""Grows when the payload or the vectors change, so that an older index stands aside and one is built anew."""
SLUG_CHARS = 12
WORDS = "-bm25-"
"""In an encoder's fingerprint: before it stands the model, after it how words are weighed."""


def made_for(encoder: Encoder) -> str:
    """The fingerprint of the index that this release keeps for that encoder."""
    return f"{encoder.fingerprint}-{SCHEMA}"


def has_meanings_of(fingerprint: str, encoder: Encoder) -> bool:
    """Whether an index of this fingerprint has that encoder's dense vectors.

    Of whatever schema, and however words were weighed: a question's words have no weights of their own.
    """
    return _model(fingerprint.rpartition("-")[0]) == _model(encoder.fingerprint)


def _model(fingerprint: str) -> str:
    return fingerprint.partition(WORDS)[0]


def slug(fingerprint: str) -> str:
    """What the folder, collection or table of such an index is called: 12 letters and digits."""
    return hashlib.sha256(fingerprint.encode()).hexdigest()[:SLUG_CHARS]


def payload_of(encoded: EncodedPassage) -> dict[str, Any]:
    """Everything but the vectors and the id."""
    passage = encoded.passage
    return {
        "key": document_key(passage.source, passage.document),
        "source": passage.source,
        "document": passage.document,
        "version": passage.version,
        "edition": passage.edition,
        "title": passage.title,
        "url": passage.url,
        "heading": list(passage.heading),
        "ordinal": passage.ordinal,
        "text": passage.text,
        "allow": list(passage.allow),
        "updated_at": passage.updated_at.isoformat() if passage.updated_at else None,
        "digest": encoded.digest or None,
    }


def stored_passage(point_id: str, payload: Mapping[str, Any]) -> StoredPassage:
    """The passage of such an object."""
    updated_at = payload["updated_at"]
    return StoredPassage(
        id=point_id,
        source=payload["source"],
        document=payload["document"],
        version=payload["version"],
        edition=payload["edition"],
        title=payload["title"],
        url=payload["url"],
        heading=tuple(payload["heading"]),
        ordinal=payload["ordinal"],
        text=payload["text"],
        allow=tuple(payload["allow"]),
        updated_at=datetime.fromisoformat(updated_at) if updated_at else None,
    )


def is_uuid(text: str) -> bool:
    """Whether an id that somebody gave can name a passage at all."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
