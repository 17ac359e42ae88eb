"""What a document says of itself is believed; what it says of other things is not taken for that."""

import pytest

from bot.answering.outdated import outdated
from tests.retrieval_stand_in import passage


@pytest.mark.parametrize(
    "text",
    [
        "**This policy was replaced on 1 February 2026 by the [Travel policy 2026](travel.md).**",
        "This page is out of date. See the new one.",
        "Note: this document has been superseded by version 4.",
        "This guide is no longer maintained.",
        "These rules are no longer in force since March.",
        "The 2023 travel policy has been withdrawn.",
        "Diese Richtlinie wurde am 1. Mai durch eine neue ersetzt.",
    ],
)
def test_a_document_that_says_that_it_no_longer_holds_is_outdated(text: str) -> None:
    assert outdated([passage(text)]) == {("handbook", "leave-policy")}


@pytest.mark.parametrize("title", ["Travel policy (archived)", "Deprecated: VPN", "VPN - old"])
def test_so_is_one_that_is_titled_so(title: str) -> None:
    assert outdated([passage("Take the train.", title=title)])


@pytest.mark.parametrize(
    "text",
    [
        "Laptops are replaced every three years.",
        "A lost card is blocked and replaced by the bank.",
        "This policy replaces the one of 2023.",
        "This policy has not been replaced. It is reviewed every year.",
        "Old passwords are no longer valid after 90 days.",
        "The page shows which certificates are valid. Expired ones were withdrawn.",
        "Keep your address up to date.",
    ],
)
def test_what_is_said_of_other_things_is_no_such_thing(text: str) -> None:
    assert outdated([passage(text)]) == frozenset()


def test_all_of_a_document_is_outdated_once_a_passage_says_so() -> None:
    said = passage("This policy was replaced.", document="old", ordinal=0)
    rest = passage("Take the train.", document="old", ordinal=1)
    assert outdated([rest, said]) == {("handbook", "old")}
