"""Who may read a source's document: rules first, then the source where it is asked, then the default."""

from ingest.sources.allow_rules import is_taken, readers
from ingest.sources.source import Entry
from wire.source_settings import AllowRule, SourceSettings


def source(**changes: object) -> SourceSettings:
    return SourceSettings.model_validate({"kind": "files", "url": "file:///x", **changes})


def test_nobody_reads_a_document_by_default() -> None:
    assert readers(Entry(id="a.md"), source()) == ()


def test_the_source_is_believed_only_where_the_settings_say_so() -> None:
    entry = Entry(id="a.md", allow=("public",))
    assert readers(entry, source(allow=["group:S1"])) == ("group:S1",)
    assert readers(entry, source(allow=["group:S1"], allow_from_source=True)) == ("public",)
    assert readers(Entry(id="a.md", allow=()), source(allow=["public"], allow_from_source=True)) == ()
    assert readers(Entry(id="a.md"), source(allow=["public"], allow_from_source=True)) == ("public",)


def test_the_first_rule_that_matches_decides_whatever_the_source_says() -> None:
    settings = source(
        allow=["public"],
        allow_from_source=True,
        rules=[
            AllowRule(match="people/salaries/*", allow=()),
            AllowRule(match="people/*", allow=("group:S7",)),
        ],
    )
    assert readers(Entry(id="people/salaries/2026.md", allow=("public",)), settings) == ()
    assert readers(Entry(id="people/deep/down/leave.md"), settings) == ("group:S7",)
    assert readers(Entry(id="travel.md"), settings) == ("public",)


def test_what_is_no_principal_lets_nobody_in() -> None:
    entry = Entry(id="a.md", allow=("everyone", "group:S1", "*"))
    assert readers(entry, source(allow=["public"], allow_from_source=True)) == ("group:S1",)


def test_excluded_documents_are_not_taken() -> None:
    settings = source(include=["docs/*"], exclude=["*/drafts/*"])
    assert is_taken("docs/a.md", settings)
    assert not is_taken("docs/drafts/a.md", settings)
    assert not is_taken("readme.md", settings)
