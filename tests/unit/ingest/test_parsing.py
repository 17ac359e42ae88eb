"""What is read, and what is refused with its reason."""

import pytest

from ingest.formats.parsed import Parsed
from ingest.parsing import BODY_BYTES, Parsing
from wire.errors import MalformedError


async def parse(body: bytes, *, media_type: str) -> Parsed:
    return await Parsing().parse(body, media_type=media_type)


async def test_markdown_and_plain_text_are_read() -> None:
    assert (await parse(b"# Leave", media_type="text/markdown")).markdown == "# Leave"
    assert (await parse(b"Leave", media_type="Text/Plain; charset=UTF-8")).markdown == "Leave"


async def test_a_media_type_that_is_not_read_is_named_with_those_that_are() -> None:
    with pytest.raises(MalformedError, match=r"'image/png' is not read.*text/markdown") as caught:
        await parse(b"\x89PNG", media_type="image/png")
    assert caught.value.field == "media_type"


async def test_line_ends_byte_order_mark_and_nulls_are_put_right() -> None:
    assert (
        await parse("\ufeffone\r\ntwo\rthree\0".encode(), media_type="text/plain")
    ).markdown == "one\ntwo\nthree\ufffd"


async def test_the_named_character_set_is_used() -> None:
    assert (
        await parse("Müller".encode("latin-1"), media_type="text/plain; charset=iso-8859-1")
    ).markdown == "Müller"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "text/plain; charset=no-such-set", "text/plain; charset=undefined"]
)
async def test_bytes_that_are_no_text_are_refused_and_not_repeated(media_type: str) -> None:
    with pytest.raises(MalformedError, match="is not text in") as caught:
        await parse(b"secret \xff\xfe", media_type=media_type)
    assert "secret" not in str(caught.value)


async def test_a_body_over_the_bound_is_refused() -> None:
    with pytest.raises(MalformedError, match="more than 50 MiB"):
        await parse(b" " * (BODY_BYTES + 1), media_type="text/plain")
