"""What is told of where we search, and to whom."""

from bot.answering.known_sources import READERS, KnownSources
from bot.answering.sentences import searching

EVERYBODY = ("public", "channel:C1")


def test_a_source_is_known_to_those_alone_who_were_found_documents_of_it() -> None:
    known = KnownSources()
    known.found(("public", "user:U1"), ["layoffs", "handbook"])
    assert known.of(("user:U1", "public"), among=None) == ("handbook", "layoffs")
    assert known.of(EVERYBODY, among=None) == ()


def test_only_what_is_searched_is_told_of() -> None:
    known = KnownSources()
    known.found(EVERYBODY, ["wiki", "handbook"])
    assert known.of(EVERYBODY, among=("wiki", "drive")) == ("wiki",)


def test_it_is_forgotten_after_an_hour_and_for_more_readers_than_are_kept() -> None:
    now = 0.0
    known = KnownSources(clock=lambda: now)
    known.found(EVERYBODY, ["wiki"])
    now = 3_601.0
    assert known.of(EVERYBODY, among=None) == ()
    known.found(EVERYBODY, ["wiki"])
    for number in range(READERS):
        known.found((f"user:U{number}",), ["wiki"])
    assert known.of(EVERYBODY, among=None) == ()


def test_it_reads_as_a_sentence() -> None:
    assert searching([]) == "Searching the documents"
    assert searching(["wiki"]) == "Searching wiki"
    assert searching(["drive", "wiki"]) == "Searching drive and 1 other source"
    assert searching(["drive", "notes", "wiki"]) == "Searching drive and 2 other sources"
