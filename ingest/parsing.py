"""A document's body as Markdown, whatever it came as."""

from email.message import Message

from wire.errors import MalformedError

MARKDOWN = ("text/markdown", "text/x-markdown")
PLAIN = ("text/plain",)
READ = (*MARKDOWN, *PLAIN)
BODY_BYTES = 32 * 1024 * 1024
"""Longest body: about 30,000 passages, a quarter of an hour's encoding on one core."""


def parse(body: bytes, *, media_type: str) -> str:
    """Markdown of the body. Plain text is taken as it is: what looks like a heading becomes one.

    Raises:
        MalformedError: the media type is not read, the body is too long, or it is not text.
    """
    kind, charset = _media_type(media_type)
    if kind not in READ:
        raise MalformedError(
            f"field 'media_type': {kind!r} is not read; these are: {', '.join(READ)}", field="media_type"
        )
    if len(body) > BODY_BYTES:
        raise MalformedError(f"the body has more than {BODY_BYTES // 1024 // 1024} MiB", field="body")
    try:
        text = body.decode(charset)
    except (ValueError, LookupError):
        raise MalformedError(f"the body is not text in {charset}", field="body") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def _media_type(media_type: str) -> tuple[str, str]:
    """The type itself in lower case, and the character set it names (default UTF-8)."""
    header = Message()
    header["content-type"] = media_type
    charset = header.get_content_charset("utf-8")
    return media_type.partition(";")[0].strip().lower(), charset
