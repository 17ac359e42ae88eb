"""Folders as fsspec finds them: this machine's, a zip file, one in memory."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from ingest.parsing import BODY_BYTES
from ingest.sources.fsspec_source import FsspecSource, check_files
from ingest.sources.source import Entry
from wire.errors import MalformedError, SettingsError, UnavailableError
from wire.source_settings import SourceSettings


def folder(url: object, **changes: object) -> SourceSettings:
    return SourceSettings.model_validate({"kind": "files", "url": str(url), **changes})


async def listed(settings: SourceSettings) -> dict[str, Entry]:
    return {entry.id: entry async for entry in FsspecSource(settings).entries()}


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    inside = tmp_path / "handbook"
    (inside / "people").mkdir(parents=True)
    (inside / "leave.md").write_text("# Leave\n\n28 days.")
    (inside / "people" / "ä ö.txt").write_text("plain")
    (inside / "logo.png").write_bytes(b"\x89PNG")
    return inside


async def test_documents_are_found_in_all_folders_and_read(handbook: Path) -> None:
    settings = folder(f"file://{handbook}", url_prefix="https://docs/")
    entries = await listed(settings)
    assert set(entries) == {"leave.md", "people/ä ö.txt"}
    assert entries["people/ä ö.txt"].url == "https://docs/people/%C3%A4%20%C3%B6.txt"
    content = await FsspecSource(settings).read(entries["leave.md"])
    assert content is not None
    assert content.data == b"# Leave\n\n28 days."


async def test_hidden_files_and_links_that_lead_out_are_left_out(handbook: Path, tmp_path: Path) -> None:
    (handbook / ".git").mkdir()
    (handbook / ".git" / "notes.md").write_text("secret")
    (handbook / ".env.md").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "salaries.md").write_text("secret")
    (handbook / "out.md").symlink_to(tmp_path / "outside" / "salaries.md")
    (handbook / "outfolder").symlink_to(tmp_path / "outside")
    (handbook / "loop").symlink_to(handbook)
    (handbook / "hidden.md").symlink_to(handbook / ".git" / "notes.md")
    (handbook / "also-leave.md").symlink_to(handbook / "leave.md")
    assert set(await listed(folder(handbook))) == {"leave.md", "people/ä ö.txt", "also-leave.md"}


async def test_a_name_that_is_no_utf8_is_a_document_like_any_other(handbook: Path) -> None:
    (handbook / os.fsdecode(b"caf\xe9.md")).write_bytes(b"coffee")
    source = FsspecSource(folder(handbook))
    (entry,) = [entry async for entry in source.entries() if entry.id.startswith("caf")]
    content = await source.read(entry)
    assert content is not None
    assert content.data == b"coffee"


async def test_every_change_of_a_file_changes_its_revision(handbook: Path) -> None:
    settings, file = folder(handbook), handbook / "leave.md"
    before = (await listed(settings))["leave.md"].revision
    assert before == (await listed(settings))["leave.md"].revision, "the control"
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    file.write_text("# Leave\n\n30 days.")
    os.utime(file, ns=times)
    assert (await listed(settings))["leave.md"].revision != before, "same size, same time"


async def test_a_folder_that_cannot_be_listed_ends_the_whole(handbook: Path) -> None:
    settings = folder(handbook)
    source = FsspecSource(settings)
    entries = source.entries()
    assert (await anext(entries)).id == "leave.md"
    (handbook / "people" / "ä ö.txt").unlink()
    (handbook / "people").rmdir()
    with pytest.raises(UnavailableError):
        [entry async for entry in entries]
    with pytest.raises(UnavailableError):
        await listed(folder(handbook / "nowhere"))
    with pytest.raises(UnavailableError):
        await listed(folder(handbook / "leave.md"))


async def test_a_file_that_is_gone_reads_as_nothing_and_one_too_long_never(
    handbook: Path,
) -> None:
    source = FsspecSource(folder(handbook))
    assert await source.read(Entry(id="gone.md")) is None
    with (handbook / "long.md").open("wb") as file:
        file.truncate(BODY_BYTES + 1)
    with pytest.raises(MalformedError, match="MiB"):
        await source.read(Entry(id="long.md"))


async def test_a_zip_file_is_a_folder(handbook: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "handbook.zip", "w") as packed:
        packed.write(handbook / "leave.md", "docs/leave.md")
        packed.writestr(".hidden/x.md", "secret")
    settings = folder(f"zip://::file://{tmp_path}/handbook.zip")
    entries = await listed(settings)
    assert set(entries) == {"docs/leave.md"}
    content = await FsspecSource(settings).read(entries["docs/leave.md"])
    assert content is not None
    assert content.data.startswith(b"# Leave")


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    fs = fsspec.filesystem("memory")
    yield fs
    fs.rm("/bucket", recursive=True)


async def test_any_other_file_system_is_read_the_same_way(memory: fsspec.AbstractFileSystem) -> None:
    memory.pipe("/bucket/docs/leave.md", b"28 days")
    memory.pipe("/bucket/docs/.hidden.md", b"secret")
    settings = folder("memory://bucket/docs")
    entries = await listed(settings)
    assert set(entries) == {"leave.md"}
    content = await FsspecSource(settings).read(entries["leave.md"])
    assert content is not None
    assert content.data == b"28 days"


@pytest.mark.parametrize(
    ("url", "said"),
    [("s3://bucket/docs", "s3fs"), ("gopher://x", "gopher"), ("zip::sftp://h/x.zip", "paramiko")],
)
def test_a_kind_of_folder_that_is_not_installed_names_its_package(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        check_files("wiki", folder(url))
    check_files("wiki", folder("/a/path"))
    check_files("wiki", folder("zip://::file:///a.zip"))
