"""What is read, and what is refused with its reason."""

import pytest

from ingest.parsing import BODY_BYTES, parse
from wire.errors import MalformedError


def test_markdown_and_plain_text_are_read() -> None:
    assert parse(b"# Leave", media_type="text/markdown") == "# Leave"
    assert parse(b"Leave", media_type="Text/Plain; charset=UTF-8") == "Leave"


def test_a_media_type_that_is_not_read_is_named_with_those_that_are() -> None:
    with pytest.raises(MalformedError, match=r"'application/pdf' is not read.*text/markdown") as caught:
        parse(b"%PDF", media_type="application/pdf")
    assert caught.value.field == "media_type"


def test_line_ends_byte_order_mark_and_nulls_are_put_right() -> None:
    assert parse("\ufeffone\r\ntwo\rthree\0".encode(), media_type="text/plain") == "one\ntwo\nthree\ufffd"


def test_the_named_character_set_is_used() -> None:
    assert parse("Müller".encode("latin-1"), media_type="text/plain; charset=iso-8859-1") == "Müller"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "text/plain; charset=no-such-set", "text/plain; charset=undefined"]
)
def test_bytes_that_are_no_text_are_refused_and_not_repeated(media_type: str) -> None:
    with pytest.raises(MalformedError, match="is not text in") as caught:
        parse(b"secret \xff\xfe", media_type=media_type)
    assert "secret" not in str(caught.value)


def test_a_body_over_the_bound_is_refused() -> None:
    with pytest.raises(MalformedError, match="more than 32 MiB"):
        parse(b" " * (BODY_BYTES + 1), media_type="text/plain")
