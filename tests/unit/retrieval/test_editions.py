"""Names of editions, and when one is lost for good."""

from retrieval.editions import edition_name, is_lost, passage_id, written_over


def name(*, over: int = 7, version: int = 2, content_hash: str = "c", fingerprint: str = "f") -> str:
    return edition_name(over=over, version=version, content_hash=content_hash, fingerprint=fingerprint)


def test_the_same_work_over_the_same_head_has_the_same_name() -> None:
    assert name() == name()


def test_other_content_version_pipeline_or_head_makes_another_edition() -> None:
    names = {name(), name(over=8), name(version=3), name(content_hash="d"), name(fingerprint="g")}
    assert len(names) == 5


def test_a_name_tells_which_revision_it_was_written_over() -> None:
    assert written_over(name(over=123)) == 123


def test_what_readers_see_is_not_lost_though_the_head_has_moved() -> None:
    assert not is_lost(name(over=7), shown=name(over=7), revision=8)


def test_what_is_being_written_over_the_present_head_is_not_lost() -> None:
    assert not is_lost(name(over=8), shown=name(over=7), revision=8)


def test_what_was_written_over_an_earlier_head_is_lost() -> None:
    assert is_lost(name(over=6), shown=name(over=7), revision=8)
    assert is_lost(name(over=6), shown=None, revision=8)


def test_passages_of_two_editions_never_share_an_id() -> None:
    ids = {
        passage_id(source="s", document="d", edition=edition, ordinal=ordinal)
        for edition in (name(), name(over=8))
        for ordinal in (0, 1)
    }
    assert len(ids) == 4
