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


def test_nothing_but_the_star_is_special_in_a_pattern() -> None:
    """A rule that misses what it names would leave it to the default, which may be everybody."""
    for name in ("people [internal]/a.md", "pay?/a.md", "pay!/a.md", "a+b/(c)/a.md"):
        rule = AllowRule(match=f"{name.rpartition('/')[0]}/*", allow=("group:S7",))
        assert readers(Entry(id=name), source(allow=["public"], rules=[rule])) == ("group:S7",), name
    assert not is_taken("payx/a.md", source(include=["pay?/*"]))
    assert is_taken("two\nlines.md", source(include=["two*lines.md"]))


def test_a_rule_matches_a_name_however_its_accents_are_written() -> None:
    composed, apart = "Geh\u00e4lter/a.md", "Geha\u0308lter/a.md"
    for written, named in ((composed, apart), (apart, composed)):
        rule = AllowRule(match=f"{written.partition('/')[0]}/*", allow=("group:S7",))
        assert readers(Entry(id=named), source(allow=["public"], rules=[rule])) == ("group:S7",)


def test_no_rule_opens_what_is_confined_to_whom_the_source_names() -> None:
    entry = Entry(id="C1/1.2", allow=("channel:C1",), confined=True)
    opened = source(
        allow=["public"], allow_from_source=False, rules=[AllowRule(match="*", allow=("public",))]
    )
    assert readers(entry, opened) == ("channel:C1",)


def test_excluded_documents_are_not_taken() -> None:
    settings = source(include=["docs/*"], exclude=["*/drafts/*"])
    assert is_taken("docs/a.md", settings)
    assert not is_taken("docs/drafts/a.md", settings)
    assert not is_taken("readme.md", settings)
