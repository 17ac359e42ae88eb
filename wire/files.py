"""Files that came with a question, read by the worker: ``files.read``."""

from typing import Annotated

from pydantic import Field, StringConstraints

from wire.shapes import Shape

FILE_BYTES = 20 * 1024 * 1024
"""Of one file; a document may have more, but somebody waits for this one."""
TEXT_CHARS = 100_000
"""More than any prompt has room for; a reply fits a message."""


class ReadFileRequest(Shape):
    """Read this file, which lies in the object store bucket ``files``."""

    object: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    name: Annotated[str, StringConstraints(max_length=1000)]
    """What it is called; its ending says what it is."""
    media_type: Annotated[str, StringConstraints(max_length=200)]
    """For where its name does not say."""
    chars: Annotated[int, Field(ge=1, le=TEXT_CHARS)] = TEXT_CHARS


class ReadFileReply(Shape):
    """Its text as Markdown, from its beginning."""

    text: str
    cut: bool = False
    """Whether it has more than was asked for."""
