"""Announcements are read as the contract says."""

import base64
import json
from typing import Any

import pytest

from wire.documents import DocumentDelete, DocumentUpsert, read_document_changed
from wire.errors import MalformedError

UPSERT: dict[str, Any] = {
    "action": "upsert",
    "source": "handbook",
    "id": "leave-policy",
    "version": 42,
    "title": "Leave policy",
    "url": "https://docs.example.com/leave",
    "media_type": "text/markdown",
    "body": "# Leave policy\n",
    "allow": ["public"],
    "updated_at": "2026-11-01T10:00:00Z",
    "metadata": {"team": "people"},
}


def read(**changes: object) -> DocumentUpsert | DocumentDelete:
    message = {key: value for key, value in (UPSERT | changes).items() if value is not None}
    return read_document_changed(json.dumps(message).encode(), source="handbook")


def test_an_upsert_is_read() -> None:
    assert isinstance(read(), DocumentUpsert)


def test_fields_that_are_not_known_are_ignored() -> None:
    assert read(colour="green") == read()


def test_a_delete_is_read() -> None:
    message = b'{"action": "delete", "source": "handbook", "id": "leave-policy", "version": 43}'
    assert read_document_changed(message, source="handbook") == DocumentDelete(
        source="handbook", id="leave-policy", version=43
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "42"),
        ("version", None),
        ("version", -1),
        ("id", ""),
        ("id", 7),
        ("allow", ["everyone"]),
        ("allow", ["user:"]),
        ("updated_at", "yesterday"),
        ("action", "replace"),
        ("action", None),
        ("source", "Hand Book"),
        ("body_base64", "%%%"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_repeated(field: str, value: object) -> None:
    with pytest.raises(MalformedError, match=field) as caught:
        read(**{field: value})
    assert caught.value.field is not None
    assert caught.value.field.partition(".")[0] == field, "as the contract spells it"
    assert "yesterday" not in str(caught.value)


def test_nobody_is_allowed_by_default() -> None:
    changed = read(allow=None)
    assert isinstance(changed, DocumentUpsert)
    assert changed.allow == ()


def test_two_bodies_are_one_too_many() -> None:
    with pytest.raises(MalformedError, match="exactly one"):
        read(body_url="https://docs.example.com/leave.md")


def test_bytes_come_as_base64_and_leave_as_base64() -> None:
    raw = bytes(range(256))
    changed = read(body=None, body_base64=base64.b64encode(raw).decode())
    assert isinstance(changed, DocumentUpsert)
    assert changed.body_base64 == raw
    assert read_document_changed(changed.to_json(), source="handbook") == changed


def test_a_document_for_another_source_than_its_subject_is_refused() -> None:
    with pytest.raises(MalformedError, match="source"):
        read_document_changed(json.dumps(UPSERT).encode(), source="wiki")


def test_an_email_principal_is_compared_in_lower_case() -> None:
    changed = read(allow=["email:Ada@Example.com", "group:S1"])
    assert isinstance(changed, DocumentUpsert)
    assert changed.allow == ("email:ada@example.com", "group:S1")
