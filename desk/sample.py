"""The sample handbook: what ``make demo`` has to answer from, loaded into an empty index."""

import tomllib
from datetime import UTC, date, datetime, time
from functools import partial
from importlib.resources import files
from pathlib import Path

from pydantic import AwareDatetime, ValidationError, field_validator

from desk.announcing import Draft, Outcome, announce_all, wait_for_all
from desk.data_folder import DataFolder, write_private
from desk.terminal import Terminal
from ingest.client import IngestClient
from wire.documents import DocumentUpsert
from wire.errors import MalformedError
from wire.shapes import Shape, read_shape

SOURCE = "handbook"
HANDBOOK = Path(str(files("sandbox"))) / "company" / "handbook"


class SampleLoaded(Shape):
    """What is remembered of the sample in the data folder."""

    base: str
    """The workspace whose address the documents' links hold."""
    finished: bool


class _Entry(Shape):
    """A document's table in handbook.toml."""

    title: str
    allow: tuple[str, ...]
    updated_at: AwareDatetime
    owner: str | None = None

    @field_validator("updated_at", mode="before")
    @classmethod
    def _at_midnight(cls, value: object) -> object:
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, date):
            return datetime.combine(value, time(), tzinfo=UTC)
        return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else value

    @field_validator("allow", mode="before")
    @classmethod
    def _as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


async def needs_sample(folder: DataFolder, *, base: str, ingest: IngestClient) -> bool:
    """Whether to load it: into an empty index, after an interrupted load, or when its links moved.

    Loading again is cheap and brings nothing back that somebody deleted: versions decide.
    """
    if folder.sample.exists():
        try:
            loaded = read_shape(SampleLoaded, folder.sample.read_bytes())
        except MalformedError:
            return True
        if not loaded.finished or loaded.base != base:
            return True
    return await ingest.is_empty()


async def load_sample(
    folder: DataFolder, *, base: str, ingest: IngestClient, terminal: Terminal
) -> list[Outcome]:
    """Announce the handbook and wait until it can be found.

    Raises:
        UnavailableError: NATS does not take it.
    """
    drafts = handbook(HANDBOOK, base=base)
    write_private(folder.sample, SampleLoaded(base=base, finished=False).to_json().decode())
    with terminal.progress("Announcing the sample handbook", total=len(drafts)) as advance:
        sent = await announce_all(drafts, ingest=ingest, advance=advance)
    write_private(folder.sample, SampleLoaded(base=base, finished=True).to_json().decode())
    with terminal.progress("Reading the sample handbook", total=len(drafts)) as advance:
        return await wait_for_all(sent, ingest=ingest, advance=advance)


def handbook(folder: Path, *, base: str) -> list[Draft]:
    """The documents that ``handbook.toml`` lists; each one's version is when it was last changed."""
    entries = tomllib.loads((folder / "handbook.toml").read_text(encoding="utf-8"))
    return [
        Draft(id=name, read=partial(_read, folder / f"{name}.md", name=name, entry=entry, base=base))
        for name, entry in entries.items()
    ]


def _read(file: Path, *, name: str, entry: object, base: str) -> DocumentUpsert:
    try:
        about = _Entry.model_validate(entry)
        return DocumentUpsert(
            source=SOURCE,
            id=name,
            version=int(about.updated_at.timestamp() * 1000),
            title=about.title,
            url=f"{base}/handbook/{name}",
            media_type="text/markdown",
            body=file.read_text(encoding="utf-8"),
            allow=about.allow,
            updated_at=about.updated_at,
            metadata={"owner": about.owner} if about.owner else {},
        )
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise MalformedError(f"the sample document {name} can't be read") from error
