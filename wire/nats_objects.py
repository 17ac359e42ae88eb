"""Object store buckets: what is too large for a message, and what is kept for long."""

import asyncio
import base64
import io
import json

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.object_store import ObjectStore

from wire.errors import MalformedError, UnavailableError

CALL_WITHIN_S = 10.0
TRANSFER_WITHIN_S = 60.0


class NatsObjects:
    """One bucket; `open_objects` makes it."""

    def __init__(self, client: Client, bucket: str, store: ObjectStore) -> None:
        self._client = client
        self._jetstream = client.jetstream()
        self._bucket = bucket
        self._store = store

    async def put(self, name: str, data: bytes) -> None:
        """Store it under that name, in place of what was there.

        Raises:
            UnavailableError: NATS does not answer, or has no room.
        """
        try:
            async with asyncio.timeout(TRANSFER_WITHIN_S):
                await self._store.put(name, data)
        except (nats.errors.Error, TimeoutError) as error:
            raise _away(self._bucket) from error

    async def get(self, name: str, *, max_bytes: int) -> bytes:
        """Fetch it whole.

        Raises:
            MalformedError: there is no such object, or it is longer than ``max_bytes``.
            UnavailableError: NATS does not answer.
        """
        written = io.BytesIO()
        try:
            async with asyncio.timeout(TRANSFER_WITHIN_S):
                info = await self._store.get_info(name)
                if (info.size or 0) > max_bytes:
                    raise MalformedError(f"the object has more than {max_bytes} bytes", field="body_object")
                # Into a file, because the library joins bytes piece by piece, over and over.
                await self._store.get(name, writeinto=written)
        except nats.js.errors.ObjectNotFoundError:
            raise MalformedError(
                f"field 'body_object': the bucket {self._bucket!r} has no such object", field="body_object"
            ) from None
        except (nats.errors.Error, TimeoutError) as error:
            raise _away(self._bucket) from error
        return written.getvalue()

    async def remove(self, name: str) -> None:
        """Remove it without a trace; one that is not there is no error.

        Raises:
            UnavailableError: NATS does not answer.
        """
        stream = f"OBJ_{self._bucket}"
        # The library's delete() leaves a marker for each name, for ever.
        meta = f"$O.{self._bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                info = await self._store.get_info(name)
                await self._jetstream.purge_stream(stream, subject=meta)
                await self._jetstream.purge_stream(stream, subject=f"$O.{self._bucket}.C.{info.nuid}")
        except nats.js.errors.ObjectNotFoundError:
            return
        except (nats.errors.Error, TimeoutError) as error:
            raise _away(self._bucket) from error

    async def names(self) -> list[str]:
        """Every object's name, read from the stream's subjects.

        The library's list() follows the stream's messages instead, and waits for ever where the last one is
        purged meanwhile.

        Raises:
            UnavailableError: NATS does not answer.
        """
        metas, prefix = f"$O.{self._bucket}.M.>", len(f"$O.{self._bucket}.M.")
        subjects: list[str] = []
        try:
            async with asyncio.timeout(TRANSFER_WITHIN_S):
                while page := await self._subjects(metas, offset=len(subjects)):
                    subjects += page
        except (nats.errors.Error, TimeoutError) as error:
            raise _away(self._bucket) from error
        return [base64.urlsafe_b64decode(subject[prefix:]).decode() for subject in subjects]

    async def _subjects(self, pattern: str, *, offset: int) -> list[str]:
        # https://docs.nats.io/reference/reference-protocols/nats_api_reference: a page has 100,000 at most.
        asked = json.dumps({"subjects_filter": pattern, "offset": offset}).encode()
        subject = f"$JS.API.STREAM.INFO.OBJ_{self._bucket}"
        reply = json.loads((await self._client.request(subject, asked, timeout=CALL_WITHIN_S)).data)
        if "state" not in reply:
            raise _away(self._bucket)
        return list(reply["state"].get("subjects") or {})


async def open_objects(client: Client, bucket: str) -> NatsObjects:
    """Bind to a bucket that stands.

    Raises:
        UnavailableError: it does not, or NATS does not answer.
    """
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            return NatsObjects(client, bucket, await client.jetstream().object_store(bucket))
    except (nats.errors.Error, TimeoutError) as error:
        raise _away(bucket) from error


def _away(bucket: str) -> UnavailableError:
    return UnavailableError(f"the object store bucket {bucket!r} does not answer", service="nats")
