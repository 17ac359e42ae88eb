"""What `answerdesk.toml` says of a source of documents: where it is, who reads it, when it is compared."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from wire.principals import Principal

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class AllowRule(_Table):
    """Who may read the documents whose ids match a pattern."""

    match: Pattern
    """``*`` stands for any characters, slashes too."""
    allow: tuple[Principal, ...]


class ScheduleSettings(_Table):
    """When a source is compared with the index by itself."""

    cron: str
    """Minute, hour, day of the month, month, day of the week."""
    time_zone: str = "UTC"
    jitter_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """A run starts up to so many seconds late, so that many sources do not start at once."""
    window: Annotated[str, StringConstraints(pattern=r"^\d\d:\d\d-\d\d:\d\d$")] | None = None
    """Runs start only then, in that time zone: ``22:00-06:00``."""


class SourceSettings(_Table):
    """One source."""

    kind: Literal["files", "http", "sitemap", "slack"]
    url: str
    """``files``: a folder as fsspec names it (file://, s3://, ...). ``http``: a document service's base.
    ``sitemap``: the sitemap's address. ``slack``: https://slack.com/api."""
    allow: tuple[Principal, ...] = ()
    """Who reads what no rule matches; nobody by default."""
    rules: tuple[AllowRule, ...] = ()
    """The first that matches decides."""
    allow_from_source: bool | None = None
    """Take a document's readers from the source where it names them and no rule matches: who is in the
    channel with ``slack``, and only where this is true with the others. Nobody but who is in it reads a
    private channel's threads, whatever is said here."""
    url_prefix: str | None = None
    """``files``: readers open a document at this and its id."""
    url_by_id: str | None = None
    """``files``: the same for an export of a wiki, whose files' names end with the page's id, which is put in
    place of ``{id}``: ``https://www.notion.so/{id}``."""
    include: tuple[Pattern, ...] = ("*",)
    exclude: tuple[Pattern, ...] = ()
    """Ids to take, and to leave out all the same."""
    token: SecretStr | None = None
    """``http`` and ``slack``: the bearer token."""
    channels: tuple[Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,20}$")], ...] = ()
    """``slack``: the channels' ids; the token's app must be in them."""
    reread_days: Annotated[float, Field(ge=0, le=3650)] = 7.0
    """``slack``: a thread whose last reply is younger is read by each resync, because an edited reply shows
    in no list; an older one when the bot hears of it."""
    options: dict[str, str | int | bool | dict[str, str | int | bool]] = Field(
        default_factory=dict, repr=False
    )
    """``files``: what fsspec's file system takes, such as ``anon`` or ``endpoint_url``; where the address
    names several (``zip::s3://``), those of each by its name."""
    charset: str | None = None
    """``files``: of texts that are no UTF-8, such as ``windows-1252``; without it those are failures."""
    private_addresses: bool = False
    """``http``, ``sitemap`` and ``slack``: may stand in a private network."""
    announce_per_s: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    least_share: Annotated[float, Field(ge=0, le=1)] = 0.7
    """A listing with a smaller share of what the index has deletes nothing."""
    schedule: ScheduleSettings | None = None
    weight: Annotated[float, Field(gt=0, le=2)] = 1.0
    """What its passages' scores are multiplied by: below 1 for notes and chat, above 1 for rules."""

    @property
    def believes_source(self) -> bool:
        """Whether the source's word on a document's readers is taken."""
        return self.kind == "slack" if self.allow_from_source is None else self.allow_from_source
