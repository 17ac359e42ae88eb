"""An edition: one version of a document, as one pipeline cut it, written over one revision of its head.

Its name starts with the revision of the head that its writer had read. Only one writer can advance
the head from there, so two editions of one name hold the same passages, and an edition is lost for
good, whoever wrote it and wherever it died, once the head has moved past that revision without it.
"""

import hashlib
import uuid

_PASSAGES = uuid.UUID("6f0f2d5c-6a43-5d0e-9d53-1d0a3a4a6f51")
"""Namespace of passage ids."""


def edition_name(*, over: int, version: int, content_hash: str, fingerprint: str) -> str:
    """Name the edition that a writer makes over the head's revision ``over`` (0: there is no head)."""
    made_of = hashlib.sha256(f"{version}\n{content_hash}\n{fingerprint}".encode()).hexdigest()
    return f"{over}-{made_of[:16]}"


def written_over(edition: str) -> int:
    """The revision of the head that the edition's writer had read."""
    return int(edition.partition("-")[0])


def is_lost(edition: str, *, shown: str | None, revision: int) -> bool:
    """Whether no reader will ever see this edition.

    Args:
        edition: the one in question.
        shown: the head's edition; None for a tombstone or no head.
        revision: the head's revision; 0 where there is none.
    """
    return edition != shown and written_over(edition) != revision


def passage_id(*, source: str, document: str, edition: str, ordinal: int) -> str:
    """The id of a passage: the same whenever the same edition is written again."""
    return str(uuid.uuid5(_PASSAGES, f"{source}\n{document}\n{edition}\n{ordinal}"))
