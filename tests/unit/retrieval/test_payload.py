"""What a fingerprint tells of an index."""

from dataclasses import dataclass
from typing import Any, cast

import pytest

from retrieval.payload import has_meanings_of, made_for, slug


@dataclass
class Named:
    """As much of an encoder as is asked here."""

    fingerprint: str


@pytest.mark.parametrize(
    ("fingerprint", "encoder", "alike"),
    [
        ("e809-256-bm25-100-0.5-2", "e809-256-bm25-100-0.5", True),
        ("e809-256-bm25-100-1", "e809-256-bm25-100-0.5", True),
        ("e809-512-bm25-100-0.5-2", "e809-256-bm25-100-0.5", False),
        ("ffff-256-bm25-100-0.5-2", "e809-256-bm25-100-0.5", False),
    ],
    ids=["the same", "other words and schema", "another window", "another model"],
)
def test_meanings_are_alike_where_the_model_is(fingerprint: str, encoder: str, *, alike: bool) -> None:
    assert has_meanings_of(fingerprint, cast(Any, Named(encoder))) is alike


def test_an_index_is_named_after_all_of_it() -> None:
    one, other = (made_for(cast(Any, Named(name))) for name in ("e809-256-bm25-100", "e809-256-bm25-100-0.5"))
    assert one != other
    assert slug(one) != slug(other)
    assert slug(one).isalnum()
