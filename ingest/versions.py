"""Which of two announcements stands. Versions decide, never the order in which they arrive."""

from wire.documents import DocumentDelete
from wire.heads import Head


def upsert_stands(head: Head | None, *, version: int, content_hash: str, fingerprint: str) -> bool:
    """Whether a document's upsert replaces what its head says.

    An equal version does so only when it is not the same indexing: other content, another pipeline,
    or a tombstone that a resync laid by mistake.
    """
    if head is None or head.version < version:
        return True
    if head.version > version:
        return False
    if head.state == "deleted":
        return head.conditional
    return (head.content_hash, head.fingerprint) != (content_hash, fingerprint)


def tombstone_version(head: Head | None, deletion: DocumentDelete) -> int | None:
    """The version at which a deletion lays its tombstone; None where it does not stand.

    A deletion of an unknown document does stand, so that an older upsert that comes late stays out.
    """
    if deletion.version is None:
        applies = head is not None and head.state == "live" and head.version == deletion.if_version
        return deletion.if_version if applies else None
    if head is None or head.version < deletion.version:
        return deletion.version
    superseded = head.version > deletion.version or (head.state == "deleted" and not head.conditional)
    return None if superseded else deletion.version
