"""The use case: one announcement in, a true index out.

The new edition's passages are written first, unseen; then the head advances to it by compare-and-set,
at which readers pass from the old edition to the new one; then, after a grace, the old one is removed.
Whoever loses the compare-and-set looks again: versions decide.
"""

import hashlib
import json
from datetime import UTC, datetime

from ingest.description import changed_at, described, title_of
from ingest.fetching import Fetch, no_fetch
from ingest.fingerprint import is_cut_alike, pipeline_fingerprint
from ingest.formats.parsed import Parsed
from ingest.leftovers import Leftovers, text_name
from ingest.objects import Objects
from ingest.parsing import BODY_BYTES, Parse, Parsing
from ingest.versions import tombstone_version, upsert_stands
from ingest.writing import Described, EditionWriting
from retrieval.editions import edition_name
from retrieval.encoding import Encoder
from retrieval.heads import HeadEntry, Heads
from retrieval.index import Index
from wire.documents import DocumentChanged, DocumentDelete, DocumentUpsert, document_key
from wire.errors import MalformedError, UnavailableError
from wire.heads import Head
from wire.opentelemetry_spans import span

HASH_CHARS = 32
NOBODY = document_key("nobody", "")
"""A document that there is not."""
ROUNDS = 5
"""Other writers of one document that may come first before we give it back to the queue."""


class Indexing:
    """Applies announcements, each to its document; any number of processes may race."""

    def __init__(
        self,
        *,
        index: Index,
        encoder: Encoder,
        heads: Heads,
        bodies: Objects,
        texts: Objects,
        leftovers: Leftovers,
        parse: Parse | None = None,
        fetch: Fetch = no_fetch,
        also: EditionWriting | None = None,
    ) -> None:
        """Write into this index, and ``also`` into another that is being built beside it."""
        self._index = index
        self._encoder = encoder
        self._heads = heads
        self._bodies = bodies
        self._texts = texts
        self._leftovers = leftovers
        self._parse = parse or Parsing().parse
        self._fetch = fetch
        first = EditionWriting(index=index, encoder=encoder)
        self._writings = (first, also) if also else (first,)

    async def is_well(self) -> bool:
        """Whether what every document needs answers now; where it does not, none is to blame for failing."""
        try:
            await self._heads.look_up(NOBODY)
            await self._index.names(key=NOBODY)
        except UnavailableError:
            return False
        return True

    async def apply(self, changed: DocumentChanged) -> None:
        """Make the index say what this announcement says, unless a higher version stands already.

        Raises:
            MalformedError: this document can't be indexed, and why.
            UnavailableError: something is away, or the document changes too quickly.
        """
        for _ in range(ROUNDS):
            entry = await self._heads.look_up(document_key(changed.source, changed.id))
            if isinstance(changed, DocumentDelete):
                settled = await self._delete(changed, entry)
            else:
                settled = await self._upsert(changed, entry)
            if settled:
                return
        raise UnavailableError("this document changes faster than it can be indexed", service="index")

    async def _upsert(self, changed: DocumentUpsert, entry: HeadEntry) -> bool:
        if entry.head is not None and entry.head.version > changed.version:
            await self._drop_body(changed)
            return True
        body = await self._body(changed)
        if body is None:
            return True
        content_hash, fingerprint = _content_hash(changed, body), self._fingerprint(changed)
        stands = upsert_stands(
            entry.head, version=changed.version, content_hash=content_hash, fingerprint=fingerprint
        )
        if not stands:
            await self._drop_body(changed)
            return True
        # A text has no character set of its own, whatever it says; only bytes do.
        media_type = changed.media_type
        if changed.body is not None:
            media_type = f"{media_type.partition(';')[0]}; charset=utf-8"
        with span("parse", attributes={"answerdesk.bytes": len(body)}):
            parsed = await self._parse(body, media_type=media_type)
        head = Head(
            source=changed.source,
            document=changed.id,
            version=changed.version,
            state="live",
            content_hash=content_hash,
            fingerprint=fingerprint,
            edition=edition_name(
                over=entry.revision,
                version=changed.version,
                content_hash=content_hash,
                fingerprint=fingerprint,
            ),
            revision=changed.revision,
            changed_at=datetime.now(UTC),
        )
        return await self._replace(changed, parsed, head=head, entry=entry)

    async def _replace(
        self, changed: DocumentUpsert, parsed: Parsed, *, head: Head, entry: HeadEntry
    ) -> bool:
        key = document_key(changed.source, changed.id)
        of = Described(
            source=changed.source,
            document=changed.id,
            version=changed.version,
            edition=head.edition,
            title=title_of(parsed, given=changed.title, media_type=changed.media_type, document=changed.id),
            url=changed.url,
            allow=changed.allow,
            updated_at=changed_at(parsed, given=changed.updated_at),
        )
        text = described(parsed, changed.metadata)
        with span("write passages") as work:
            passages, *_ = [await writing.write(text, of=of) for writing in self._writings]
            work.note({"answerdesk.passages": passages})
        await self._texts.put(text_name(key, head.edition), text.encode())
        with span("show the edition"):
            advanced = await self._advance(head.model_copy(update={"passages": passages}), entry)
        if advanced:
            await self._drop_body(changed)
        return advanced

    async def _advance(self, head: Head, entry: HeadEntry) -> bool:
        editions = (head.edition, entry.head.edition if entry.head else "")
        try:
            return await self._heads.advance(head, over=entry.revision)
        finally:
            # Where no answer came, too: whichever of the two has lost by then goes.
            key = document_key(head.source, head.document)
            self._leftovers.later(key, *(edition for edition in editions if edition))

    async def _delete(self, changed: DocumentDelete, entry: HeadEntry) -> bool:
        version = tombstone_version(entry.head, changed)
        if version is None:
            return True
        tombstone = Head(
            source=changed.source,
            document=changed.id,
            version=version,
            state="deleted",
            conditional=changed.version is None,
            changed_at=datetime.now(UTC),
        )
        return await self._advance(tombstone, entry)

    async def _body(self, changed: DocumentUpsert) -> bytes | None:
        """The announced bytes; None where they are gone because this was indexed from them or is too late."""
        if changed.body is not None:
            return changed.body.encode()
        if changed.body_base64 is not None:
            return changed.body_base64
        if changed.body_object is not None:
            try:
                return await self._bodies.get(changed.body_object, max_bytes=BODY_BYTES)
            except MalformedError:
                # Looked up anew: another worker may have indexed it and dropped the body since.
                head = (await self._heads.look_up(document_key(changed.source, changed.id))).head
                if head is not None and (head.version > changed.version or self._is_indexed(changed, head)):
                    return None
                raise
        return await self._fetch(changed.body_url or "", max_bytes=BODY_BYTES)

    def _is_indexed(self, changed: DocumentUpsert, head: Head) -> bool:
        """As far as can be told without the body; if a better reader has come since, the old text stays."""
        return (
            (head.version, head.state) == (changed.version, "live")
            and head.content_hash.partition("-")[0] == _description_hash(changed)
            and is_cut_alike(head.fingerprint, self._fingerprint(changed))
        )

    def _fingerprint(self, changed: DocumentUpsert) -> str:
        return pipeline_fingerprint(
            encoder=self._encoder.fingerprint, index=self._index.name, media_type=changed.media_type
        )

    async def _drop_body(self, changed: DocumentUpsert) -> None:
        if changed.body_object is not None:
            await self._bodies.remove(changed.body_object)


def _content_hash(changed: DocumentUpsert, body: bytes) -> str:
    """Of everything that readers would see or be kept from: what describes the document, and its body."""
    return f"{_description_hash(changed)}-{_short(body)}"


def _description_hash(changed: DocumentUpsert) -> str:
    described = (
        changed.title,
        changed.url,
        changed.media_type,
        str(changed.updated_at),
        sorted(changed.allow),
        changed.metadata,
    )
    return _short(json.dumps(described, sort_keys=True, default=str).encode())


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:HASH_CHARS]
