"""Folders as fsspec finds them: this machine's, a zip file, one in memory."""

import asyncio
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from aiohttp import web

from ingest.parsing import BODY_BYTES
from ingest.sources.fsspec_source import FsspecSource, check_files
from ingest.sources.source import Entry
from tests.document_service_stand_in import website
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


async def test_names_that_differ_only_in_what_is_no_utf8_are_two_documents(tmp_path: Path) -> None:
    for name in (b"caf\xe8.md", b"caf\xe9.md"):
        (tmp_path / os.fsdecode(name)).write_bytes(name)
    source = FsspecSource(folder(tmp_path))
    entries = [entry async for entry in source.entries()]
    assert [entry.id for entry in entries] == ["caf\\xe8.md", "caf\\xe9.md"]
    for entry, name in zip(entries, (b"caf\xe8.md", b"caf\xe9.md"), strict=True):
        content = await source.read(entry)
        assert content is not None
        assert content.data == name


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


async def test_what_took_a_file_s_place_since_it_was_listed_is_not_read(
    handbook: Path, tmp_path: Path
) -> None:
    (tmp_path / "salaries.md").write_text("secret")
    source = FsspecSource(folder(handbook))
    (entry,) = [entry async for entry in source.entries() if entry.id == "leave.md"]
    assert await source.read(entry) is not None, "the control"
    (handbook / "leave.md").unlink()
    (handbook / "leave.md").symlink_to(tmp_path / "salaries.md")
    assert await source.read(entry) is None
    (handbook / "leave.md").unlink()
    os.mkfifo(handbook / "leave.md")
    assert await source.read(entry) is None, "a pipe, on which reading would wait for ever"
    assert await source.read(Entry(id="../salaries.md")) is None


@pytest.mark.parametrize(
    ("name", "data", "charset", "media_type"),
    [
        ("a.txt", "Gehälter".encode("cp1252"), "windows-1252", "text/plain; charset=windows-1252"),
        ("a.csv", "Gehälter".encode("cp1252"), "windows-1252", "text/csv; charset=windows-1252"),
        ("a.txt", "Gehälter".encode("cp1252"), None, None),
        ("a.txt", "Gehälter".encode(), "windows-1252", None),
        ("a.txt", "Gehälter".encode("utf-16"), "windows-1252", None),
        ("a.html", "Gehälter".encode("latin-1"), "windows-1252", None),
        ("a.pdf", b"%PDF-\xff", "windows-1252", None),
    ],
)
async def test_a_text_that_is_no_utf8_is_in_the_settings_character_set(
    tmp_path: Path, name: str, data: bytes, charset: str | None, media_type: str | None
) -> None:
    (tmp_path / name).write_bytes(data)
    source = FsspecSource(folder(tmp_path, charset=charset))
    (entry,) = [entry async for entry in source.entries()]
    content = await source.read(entry)
    assert content is not None
    assert content.media_type == media_type


class HangingFileSystem(fsspec.AbstractFileSystem):  # type: ignore[misc] # fsspec has no types
    """Never comes back, as a network folder whose server is gone, until the test is over."""

    protocol = "hanging"
    over = threading.Event()

    def ls(self, _path: str, **_kwargs: object) -> list[dict[str, object]]:
        self.over.wait(30)
        return []


class OddFileSystem(fsspec.AbstractFileSystem):  # type: ignore[misc] # fsspec has no types
    """Raises its own library's errors, as those of clouds do."""

    protocol = "odd"

    class ClientError(Exception):
        """Which tells a secret."""

    def ls(self, _path: str, **_kwargs: object) -> list[dict[str, object]]:
        raise self.ClientError("AKIA-secret-key is not allowed")


def calls_under_way() -> set[int | None]:
    """Their threads, those that tests before have left behind among them."""
    return {thread.ident for thread in threading.enumerate() if thread.name == "a source's call"}


async def test_a_folder_that_hangs_holds_up_only_itself() -> None:
    fsspec.register_implementation("hanging", HangingFileSystem, clobber=True)
    HangingFileSystem.over.clear()
    before = calls_under_way()
    sources = [FsspecSource(folder("hanging://x"), call_within_s=0.3) for _ in range(10)]
    try:
        for source in sources:
            with pytest.raises(UnavailableError, match="TimeoutError"):
                [entry async for entry in source.entries()]
        async with asyncio.timeout(10):
            assert await asyncio.to_thread(lambda: "other work") == "other work"
        hung = calls_under_way() - before
        assert len(hung) == len(sources), "the control"
        again = FsspecSource(folder("hanging://x"), call_within_s=0.05)
        for _ in range(8):
            with pytest.raises(UnavailableError):
                [entry async for entry in again.entries()]
        assert len(calls_under_way() - before) <= len(hung) + 5
    finally:
        HangingFileSystem.over.set()


async def test_whatever_a_file_system_raises_is_told_by_its_kind_alone(tmp_path: Path) -> None:
    fsspec.register_implementation("odd", OddFileSystem, clobber=True)
    with pytest.raises(UnavailableError, match=r"can't be read \(ClientError\)"):
        await listed(folder("odd://x"))
    (tmp_path / "half.zip").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(UnavailableError, match="BadZipFile"):
        await listed(folder(f"zip://::file://{tmp_path}/half.zip"))


async def test_a_folder_served_over_http_is_read_like_any_other() -> None:
    async with website() as site:
        site.pages["/docs/"] = b'<a href="/docs/leave.md">leave</a> <a href="people/">p</a> <a href="../x">'
        site.pages["/docs/people/"] = b'<a href="/docs/people/pay.md">pay</a>'
        site.pages["/docs/leave.md"] = b"28 days"
        site.pages["/docs/people/pay.md"] = b"the 25th"
        settings = folder(f"{site.base}/docs")
        entries = await listed(settings)
        assert set(entries) == {"leave.md", "people/pay.md"}
        assert entries["leave.md"].revision is None, "it is read each time"
        content = await FsspecSource(settings).read(entries["people/pay.md"])
        assert content is not None
        assert content.data == b"the 25th"


async def test_a_fault_of_the_server_is_not_taken_for_a_deletion() -> None:
    async with website() as site:
        site.pages["/docs/"] = b'<a href="leave.md">leave</a>'
        site.pages["/docs/leave.md"] = web.Response(status=500)
        source = FsspecSource(folder(f"{site.base}/docs"))
        (entry,) = [entry async for entry in source.entries()]
        with pytest.raises(UnavailableError):
            await source.read(entry)
        del site.pages["/docs/leave.md"]
        assert await source.read(entry) is None, "the control"


async def test_a_folder_served_over_http_leads_nowhere_else() -> None:
    """Promise 35: by a redirect a server could have us read what only we can reach, and index it."""
    async with website() as site:
        site.pages["/docs/"] = b'<a href="leave.md">leave</a> <a href="../secret.md">up</a>'
        site.pages["/docs/leave.md"] = b"28 days"
        site.pages["/secret.md"] = b"secret"
        source = FsspecSource(folder(f"{site.base}/docs"))
        (entry,) = [entry async for entry in source.entries()]
        for path in ("/docs/leave.md", "/docs/"):
            site.pages[path] = web.Response(status=302, headers={"Location": "/secret.md"})
        with pytest.raises(UnavailableError, match="RedirectedError"):
            await source.read(entry)
        with pytest.raises(UnavailableError, match="RedirectedError"):
            [entry async for entry in source.entries()]
        assert "/secret.md" not in site.asked


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
    before = entries["docs/leave.md"]
    assert before.revision is not None
    assert before.updated_at is not None
    with zipfile.ZipFile(tmp_path / "handbook.zip", "w") as packed:
        packed.writestr("docs/leave.md", "# Leave\n\n30 days.")
    assert (await listed(settings))["docs/leave.md"].revision != before.revision


async def test_a_zip_file_whose_times_are_none_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as packed:
        packed.writestr("a.md", "x")
    data = (tmp_path / "odd.zip").read_bytes()
    at = data.index(b"PK\1\2") + 12
    (tmp_path / "odd.zip").write_bytes(data[:at] + b"\xff\xff\x00\x00" + data[at + 4 :])
    assert (await listed(folder(f"zip://::file://{tmp_path}/odd.zip")))["a.md"].updated_at is None


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
    [
        ("s3://bucket/docs", "s3fs"),
        ("gopher://x", "gopher"),
        ("git:///srv/repo", "pygit2"),
        ("zip::sftp://h/x.zip", "paramiko"),
    ],
)
def test_a_kind_of_folder_that_is_not_installed_names_its_package(url: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        check_files("wiki", folder(url))
    with pytest.raises(SettingsError, match="charset"):
        check_files("wiki", folder("/a/path", charset="klingon"))
    check_files("wiki", folder("/a/path", charset="windows-1252"))
    check_files("wiki", folder("/a/path"))
    check_files("wiki", folder("zip://::file:///a.zip"))
