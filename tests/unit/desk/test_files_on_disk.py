"""What `publish` takes of files and folders, and what it makes of them."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desk.files_on_disk import drafts_of, find_files, kind_of
from wire.documents import DocumentUpsert
from wire.errors import MalformedError

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(name: str, content: str | bytes = "text") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def ids(*paths: Path) -> list[str]:
    return [file.id for file in find_files(paths)]


def read(*paths: Path, source: str = "files", url_prefix: str | None = None) -> list[DocumentUpsert]:
    drafts = drafts_of(find_files(paths), source=source, allow=("public",), url_prefix=url_prefix)
    documents = [draft.read() for draft in drafts]
    assert all(isinstance(document, DocumentUpsert) for document in documents)
    return [document for document in documents if isinstance(document, DocumentUpsert)]


def test_a_folders_documents_are_called_by_their_path_within_it(write: Write, tmp_path: Path) -> None:
    write("docs/people/leave.md")
    write("docs/index.md")
    assert ids(tmp_path / "docs") == ["index.md", "people/leave.md"]


def test_a_file_given_by_itself_is_called_by_its_name(write: Write) -> None:
    assert ids(write("docs/people/leave.md")) == ["leave.md"]


def test_hidden_files_and_folders_are_left_out(write: Write, tmp_path: Path) -> None:
    write("docs/.git/config")
    write("docs/.env")
    write("docs/a.md")
    assert ids(tmp_path / "docs") == ["a.md"]


def test_a_folder_that_cannot_be_listed_fails_and_is_not_passed_over(write: Write, tmp_path: Path) -> None:
    write("docs/a.md")
    opened = [os.open(tmp_path / "docs", os.O_RDONLY)]
    for _ in range(17):  # a path of over 4,096 characters: not even root can list what it leads to
        os.mkdir("d" * 250, dir_fd=opened[-1])
        opened.append(os.open("d" * 250, os.O_RDONLY, dir_fd=opened[-1]))
    for descriptor in opened:
        os.close(descriptor)
    first, refused = drafts_of(find_files([tmp_path / "docs"]), source="files", allow=(), url_prefix=None)
    assert first.id == "a.md"
    with pytest.raises(MalformedError, match="can't be read: File name too long"):
        refused.read()


def test_links_that_lead_out_of_the_folder_are_not_followed(write: Write, tmp_path: Path) -> None:
    secret = write("elsewhere/id_rsa")
    inside = write("docs/a.md")
    (tmp_path / "docs" / "key.md").symlink_to(secret)
    (tmp_path / "docs" / "out").symlink_to(secret.parent, target_is_directory=True)
    (tmp_path / "docs" / "again.md").symlink_to(inside)
    (tmp_path / "docs" / "loop").symlink_to(tmp_path / "docs", target_is_directory=True)
    (tmp_path / "docs" / "gone.md").symlink_to(tmp_path / "nothing")
    assert ids(tmp_path / "docs") == ["a.md", "again.md"]


def test_two_files_of_one_name_are_refused_and_one_file_twice_counts_once(write: Write) -> None:
    one, two = write("one/a.md"), write("two/a.md")
    with pytest.raises(MalformedError, match=r"one/a\.md and .*two/a\.md would both be document 'a\.md'"):
        find_files([one, two])
    assert ids(one, one, one.parent) == ["a.md"]


def test_a_pipe_in_the_folder_does_not_stop_us(write: Write, tmp_path: Path) -> None:
    write("docs/a.md")
    os.mkfifo(tmp_path / "docs" / "pipe.md")
    assert ids(tmp_path / "docs") == ["a.md"]


@pytest.mark.parametrize(
    ("name", "data", "kind", "is_text"),
    [
        ("a.md", b"# A", "text/markdown", True),
        ("A.MD", b"# A", "text/markdown", True),
        ("a.txt", "\ufeffé".encode(), "text/plain", True),
        ("a.html", b"<p>", "text/html", True),
        ("a.csv", b"a,b", "text/csv", True),
        ("a.json", b"{}", "application/json", True),
        ("a.pdf", b"%PDF", "application/pdf", False),
        ("a.txt", b"\xff\xfe", "text/plain", False),
        ("main.py", b"print()", "text/x-python", True),
        ("a.yaml", b"a: 1", "application/yaml", True),
        ("a.eml", b"Subject: a", "message/rfc822", False),
        ("a.png", b"\x89PNG", "image/png", False),
        ("Makefile", b"all:", "text/plain", True),
        ("core", b"\x7fELF\x00", "application/octet-stream", False),
        ("unknown.bin", b"\xff", "application/octet-stream", False),
    ],
)
def test_a_files_kind_comes_from_its_suffix(name: str, data: bytes, kind: str, *, is_text: bool) -> None:
    media_type, text = kind_of(name, data)
    assert media_type == kind
    assert (text is not None) is is_text
    assert text is None or not text.startswith("\ufeff")


def test_an_announcement_states_what_is_true_now(write: Write, tmp_path: Path) -> None:
    path = write("docs/people & more/leave.md", "# Leave\n\n30 days.")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    before_ms = int(time.time() * 1000)
    (document,) = read(tmp_path / "docs", source="wiki", url_prefix="https://wiki.example/d/")
    assert document.source == "wiki"
    assert document.title == "", "its own title counts"
    assert document.body == "# Leave\n\n30 days."
    assert document.allow == ("public",)
    assert document.url == "https://wiki.example/d/people%20%26%20more/leave.md"
    assert document.updated_at == datetime.fromtimestamp(1_700_000_000, tz=UTC)
    assert before_ms <= document.version <= time.time() * 1000


def test_bytes_that_are_no_text_travel_as_bytes(write: Write) -> None:
    (document,) = read(write("scan.pdf", b"%PDF\xff"))
    assert document.body is None
    assert document.body_base64 == b"%PDF\xff"
    assert document.media_type == "application/pdf"


def test_a_name_that_is_no_utf8_still_makes_an_id(write: Write, tmp_path: Path) -> None:
    write("docs/a.md")
    Path(os.fsdecode(os.fsencode(tmp_path / "docs") + b"/\xff.md")).write_text("x")
    assert sorted(ids(tmp_path / "docs")) == ["a.md", "\ufffd.md"]


def test_a_file_that_vanishes_is_a_failure_of_that_file(write: Write) -> None:
    path = write("a.md")
    (draft,) = drafts_of(find_files([path]), source="files", allow=(), url_prefix=None)
    path.unlink()
    with pytest.raises(MalformedError, match="can't be read: No such file"):
        draft.read()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(write: Write) -> None:
    path = write("large.txt")
    os.truncate(path, 50 * 1024 * 1024 + 1)
    (draft,) = drafts_of(find_files([path]), source="files", allow=(), url_prefix=None)
    with pytest.raises(MalformedError, match="larger than 50 MiB"):
        draft.read()
