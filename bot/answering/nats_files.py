"""Has files read by the worker: they travel through the object store, and are gone from it afterwards."""

import asyncio
import contextlib
import uuid

from nats.aio.client import Client

from bot.answering.attachments import Fetched
from bot.answering.files import TextFile
from wire import subjects
from wire.errors import UnavailableError
from wire.files import ReadFileReply, ReadFileRequest
from wire.nats_objects import NatsObjects
from wire.nats_service import request_reply

ANSWER_WITHIN_S = 42.0
"""A little longer than the worker gives itself."""


class NatsFiles:
    """Asks whichever worker is free."""

    def __init__(self, client: Client, files: NatsObjects) -> None:
        self._client = client
        self._files = files
        self._removing: set[asyncio.Task[None]] = set()

    async def __call__(self, fetched: Fetched) -> TextFile:
        """The file's text.

        Raises:
            MalformedError: it can't be read, and why.
            UnavailableError: no worker answers.
        """
        name = uuid.uuid4().hex
        try:
            await self._files.put(name, fetched.body)
            asked = ReadFileRequest(
                object=name, name=fetched.name[:1000], media_type=fetched.media_type[:200]
            )
            reply = await request_reply(
                self._client,
                subject=subjects.FILES_READ,
                message=asked,
                reply=ReadFileReply,
                within_s=ANSWER_WITHIN_S,
                service="files",
            )
        finally:
            # Nobody waits for it, not even who is being cancelled; what is left, the bucket's age removes.
            removing = asyncio.create_task(self._remove(name))
            self._removing.add(removing)
            removing.add_done_callback(self._removing.discard)
        return TextFile(name=fetched.name, text=reply.text, cut=reply.cut)

    async def _remove(self, name: str) -> None:
        with contextlib.suppress(UnavailableError):
            await self._files.remove(name)
