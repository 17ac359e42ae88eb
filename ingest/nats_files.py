"""Files that came with a question, read for the bot, which opens none itself: the NATS service `files`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client

from ingest.formats.media_types import media_type_of
from ingest.objects import Objects
from ingest.parsing import Parse
from wire import subjects
from wire.errors import MalformedError
from wire.files import FILE_BYTES, ReadFileReply, ReadFileRequest
from wire.nats_service import serving
from wire.shapes import Shape, read_shape

AT_ONCE = 2
READ_WITHIN_S = 40.0
"""A file of the greatest length may take 28 s of the processor; see `parser_processes`."""


@asynccontextmanager
async def serving_files(client: Client, *, files: Objects, parse: Parse) -> AsyncIterator[None]:
    """Read files for as long as the block lasts.

    Args:
        client: the connection.
        files: where they lie.
        parse: reads one, where it can do no harm.
    """

    async def read(data: bytes) -> Shape:
        asked = read_shape(ReadFileRequest, data)
        body = await files.get(asked.object, max_bytes=FILE_BYTES)
        try:
            parsed = await parse(body, media_type=media_type_of(asked.name) or asked.media_type)
        except MalformedError as error:
            if error.field == "media_type":
                raise MalformedError("files of this kind are not read") from None
            raise
        text = parsed.markdown
        return ReadFileReply(text=text[: asked.chars], cut=len(text) > asked.chars)

    async with serving(
        client,
        name="files",
        endpoints={subjects.FILES_READ: read},
        at_once=AT_ONCE,
        within_s=READ_WITHIN_S,
    ):
        yield
