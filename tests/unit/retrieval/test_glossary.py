"""Abbreviations of a company."""

import pytest

from retrieval.glossary import ADDED_AT_MOST, NO_GLOSSARY, Glossary

GLOSSARY = Glossary({"PTO": "paid time off", "C++": "the C++ guild", "OKR": "objectives and key results"})


@pytest.mark.parametrize(
    ("question", "expanded"),
    [
        ("How much PTO do I get?", "How much PTO (paid time off) do I get?"),
        ("how much pto do i get", "how much pto (paid time off) do i get"),
        ("How much paid time off is there?", "How much paid time off (PTO) is there?"),
        ("PTO, that is paid time off", "PTO, that is paid time off"),
        ("PTO and more PTO", "PTO (paid time off) and more PTO"),
        ("Who leads C++?", "Who leads C++ (the C++ guild)?"),
        ("What is a PTOX or an APTO?", "What is a PTOX or an APTO?"),
        ("", ""),
    ],
)
def test_either_form_brings_the_other(question: str, expanded: str) -> None:
    assert GLOSSARY.expanded(question) == expanded


def test_without_entries_a_question_stays_as_it_is() -> None:
    assert NO_GLOSSARY.expanded("How much PTO?") == "How much PTO?"
    assert Glossary({"": "x", "y": ""}).expanded("y x") == "y x"


def test_a_list_of_abbreviations_does_not_become_a_text() -> None:
    entries = {f"A{number}": f"thing number {number}" for number in range(50)}
    expanded = Glossary(entries).expanded(" ".join(entries))
    assert expanded.count("(") == ADDED_AT_MOST
