"""What makes a document's passages has a name, and another name where they would come out otherwise."""

import ast
from importlib.metadata import packages_distributions
from pathlib import Path

import ingest.formats
from ingest.fingerprint import is_cut_alike, is_read_alike, pipeline_fingerprint
from ingest.formats import media_types

KINDS = (*media_types.READ_APART, *media_types.MARKDOWN)
READ_WITHOUT = {"yaml"}
"""Front matter's own few forms do not change with its library."""


def of(media_type: str, *, encoder: str = "minilm", index: str = "first") -> str:
    return pipeline_fingerprint(encoder=encoder, index=index, media_type=media_type)


def test_model_index_and_reader_each_make_another_name() -> None:
    names = {
        of("application/pdf"),
        of("text/markdown"),
        of("text/markdown", encoder="other"),
        of("text/markdown", index="second"),
    }
    assert len(names) == 4


def test_a_media_type_is_the_same_however_it_is_written() -> None:
    assert of("Text/HTML; charset=iso-8859-1") == of("text/html")


def test_a_reader_that_is_no_more_is_told_from_one_that_is() -> None:
    now = of("application/pdf")
    assert is_read_alike(now)
    assert not is_read_alike(now + "0")
    assert is_cut_alike(now, now + "0")
    assert not is_cut_alike(now, of("application/pdf", index="second"))


def test_what_was_made_before_readers_had_names_is_read_anew() -> None:
    assert not is_read_alike("minilm/sections-3/first")
    assert not is_read_alike("")


def test_every_library_that_a_reader_imports_is_named_with_its_version() -> None:
    """Or else a better one of its kind would change nothing that is indexed."""
    distributions = packages_distributions()
    ours = {"ingest", "wire"}
    imported: set[str] = set()
    for file in Path(ingest.formats.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    libraries = {name for name in imported - ours - READ_WITHOUT if name in distributions}
    named = " ".join(of(kind) for kind in KINDS)
    assert libraries
    assert [name for name in libraries if not any(one.lower() in named for one in distributions[name])] == []


def test_every_media_type_that_is_read_apart_has_a_reader_of_its_own() -> None:
    text = of("text/plain").rpartition("/")[2]
    assert [kind for kind in KINDS if of(kind).rpartition("/")[2] == text] == []
