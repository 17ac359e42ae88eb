"""Settings: one frozen object per process, read once at its start. Nothing else reads the environment."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import (
    SettingsError as SettingsSourceError,
)

from wire.admin_settings import AdminSettings
from wire.answer_settings import GroupQuota, ModelPrice, SuggestedPrompt, TimeZone
from wire.documents import SourceName
from wire.errors import SettingsError
from wire.key_settings import ApiKeys
from wire.secret_files import with_files_read
from wire.source_settings import SourceSettings

NatsUrl = Annotated[
    str, StringConstraints(pattern=r"^(nats|tls|wss?)://[^,\s]+(,(nats|tls|wss?)://[^,\s]+)*$")
]
RedisUrl = Annotated[str, StringConstraints(pattern=r"^(rediss?|unix)://\S+$")]
QdrantUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
PostgresUrl = Annotated[str, StringConstraints(pattern=r"^postgres(ql)?://\S+$")]
Origins = Annotated[str, StringConstraints(pattern=r"^(https?://[^,;\s/]+(\s*,\s*https?://[^,;\s/]+)*)?$")]
StoreKind = Literal["edge", "qdrant", "pgvector"]


class Settings(BaseSettings):
    """Every setting, with a default that works.

    Environment variables come first, then ``.env``, then ``answerdesk.toml``, both in the working folder.
    ``SOURCES__WIKI__TOKEN`` is the ``token`` of ``[sources.wiki]``. A name with ``_FILE`` behind it gives the
    file that holds the value.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        toml_file="answerdesk.toml",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(Path(".answerdesk"), description="Where the embedded engines keep their data")
    http_host: str = Field("127.0.0.1", description="Where the bot's HTTP listens; 0.0.0.0 in a container")
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8080, description="Health, API and page of the bot; 0 picks a free port"
    )
    api_keys: ApiKeys = Field(
        {},
        description="Who may ask over HTTP, and as whom they read; see answerdesk.example.toml",
    )
    api_open: bool = Field(
        default=False, description="Answer who asks from this machine without a key, as everybody (public)"
    )
    cors_origins: Origins = Field(
        "", description="https://intranet.example.com,...: pages there may ask over HTTP; unset: none"
    )

    slack_bot_token: SecretStr | None = Field(None, description="xoxb-..., from OAuth & Permissions")
    slack_app_token: SecretStr | None = Field(None, description="xapp-..., for Socket Mode")
    slack_signing_secret: SecretStr | None = Field(
        None, description="For Slack over HTTP (POST /slack/events), where there is no SLACK_APP_TOKEN"
    )
    slack_api_url: str = Field(
        "https://slack.com/api/", description="Another base for Slack's Web API, for tests"
    )
    slack_streaming: Literal["auto", "native", "edit"] = Field(
        "auto",
        description="How answers grow: by Slack's own streaming (native), by edits (edit), or the one in "
        "direct messages and the other elsewhere (auto)",
    )
    suggested_prompts: Annotated[tuple[SuggestedPrompt, ...], Field(max_length=4)] | None = Field(
        None, description="Questions suggested in direct messages, [] for none; see answerdesk.example.toml"
    )

    anthropic_api_key: SecretStr | None = Field(None, description="Without one, answers quote the passages")
    anthropic_base_url: str | None = Field(None, description="Another server that speaks the Messages API")
    answer_model: str = Field("claude-sonnet-5-5", description="The model that writes answers")
    rewrite_model: str = Field(
        "claude-haiku-5-5",
        description="Makes follow-ups stand alone, and finds other words where nothing was found; should be "
        "small and quick; none: a rule of thumb",
    )
    fallback_model: str | None = Field(None, description="Writes them while that one is away; unset: none")
    model_prices: dict[str, ModelPrice] = Field(
        {}, description="Prices of models that come before those we know; see answerdesk.example.toml"
    )

    nats_url: NatsUrl | None = Field(
        None,
        description="nats:// or tls://user:password@host:4222, several with commas; unset: embedded",
    )
    redis_url: RedisUrl | None = Field(
        None, description="redis:// or rediss://:password@host:6379/0; unset: embedded Valkey"
    )
    nats_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        0, description="Port of the embedded NATS; 0 picks a free one and keeps it"
    )
    valkey_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        0, description="Port of the embedded Valkey; 0 picks a free one and keeps it"
    )
    vector_store: StoreKind | None = Field(
        None, description="edge, qdrant or pgvector; unset: qdrant where QDRANT_URL is set, or else edge"
    )
    index_prefix: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = Field(
        "answerdesk", description="Begins our collections' and tables' names on a server (a-z, 0-9, _)"
    )
    qdrant_url: QdrantUrl | None = Field(None, description="http://host:6333 or https://host:6333")
    qdrant_api_key: SecretStr | None = Field(None, description="Of the Qdrant server; send it over https")
    qdrant_shards: Annotated[int, Field(ge=1)] = Field(1, description="Of a collection that is made anew")
    qdrant_replicas: Annotated[int, Field(ge=1)] = Field(
        1, description="Copies of each shard, of a collection that is made anew"
    )
    qdrant_write_consistency: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Replicas that must have a write; unset: most of them"
    )
    qdrant_quantization: Literal["none", "scalar", "binary"] = Field(
        "none", description="How vectors are kept in memory, of a collection that is made anew"
    )
    postgres_url: PostgresUrl | None = Field(
        None, description="postgresql://user:password@host:5432/database, with pgvector"
    )
    postgres_connections: Annotated[int, Field(ge=1, le=100)] = Field(
        8, description="Most connections of one worker"
    )
    embedding_model: str = Field(
        "answerdesk/all-MiniLM-L6-v2-int8", description="A fastembed model or a folder"
    )
    embedding_threads: Annotated[int, Field(ge=1, le=64)] = Field(1, description="Threads of the encoder")

    question_chars: Annotated[int, Field(ge=1)] = Field(4000, description="Longest question, in characters")
    prompt_tokens: Annotated[int, Field(ge=1000)] = Field(
        12_000, description="Most tokens sent to the model per answer"
    )
    answer_tokens: Annotated[int, Field(ge=50)] = Field(
        1_500, description="Most tokens the model may write per answer"
    )
    answer_within_s: Annotated[float, Field(gt=0)] = Field(
        120.0, description="Longest time an answer may take, seconds"
    )
    quota_requests_per_minute: Annotated[int, Field(ge=0)] = Field(
        20, description="Questions a person may ask a minute; 0: no limit"
    )
    quota_tokens_per_day: Annotated[int, Field(ge=0)] = Field(
        200_000, description="Tokens a person may use a day; 0: no limit"
    )
    quota_tokens_per_month: Annotated[int, Field(ge=0)] = Field(
        0, description="Tokens a person may use a month; 0: no limit"
    )
    quota_workspace_tokens_per_day: Annotated[int, Field(ge=0)] = Field(
        0, description="Tokens all people together may use a day; 0: no limit"
    )
    quota_workspace_tokens_per_month: Annotated[int, Field(ge=0)] = Field(
        0, description="Tokens all people together may use a month; 0: no limit"
    )
    quota_groups: dict[str, GroupQuota] = Field(
        {}, description="What a user group's members may use together; see answerdesk.example.toml"
    )
    quota_time_zone: TimeZone = Field(
        "UTC", description="Where days and months of the workspace begin, and of who has no zone in Slack"
    )
    answers_at_once: Annotated[int, Field(ge=1)] = Field(
        50, description="Answers a model writes for one bot process at a time; the next ones wait in line"
    )
    relevance_floor: Annotated[float, Field(ge=0, le=1)] = Field(
        0.15, description="Below it, nothing relevant was found"
    )

    glossary: dict[str, str] = Field(
        {}, description="What your abbreviations stand for; better as a table of answerdesk.toml"
    )
    recency_half_life_days: Annotated[float, Field(ge=0)] = Field(
        0.0, description="After how long a document's age has cost half of what it may; 0: age costs nothing"
    )
    rerank_model: str | None = Field(
        None, description="A fastembed cross-encoder or a folder; unset: no reranking"
    )
    rerank_within_s: Annotated[float, Field(gt=0, le=5)] = Field(
        0.5, description="Longest time a search waits for the reranker, seconds; later it goes without"
    )

    body_url_hosts: str = Field(
        "", description="Hosts that body_url is fetched from: docs.example.com,*.example.org; unset: none"
    )
    body_url_inside_hosts: str = Field(
        "", description="Those of our own network, private addresses included: wiki.internal:8080"
    )
    sources: dict[SourceName, SourceSettings] = Field(
        {}, description="Where documents come from by themselves; see answerdesk.example.toml"
    )

    ask_human_channel: Annotated[str, StringConstraints(pattern=r"^[CG][A-Z0-9]{2,20}$")] | None = Field(
        None, description="C0123ABCD, the channel for questions that documents did not answer; unset: none"
    )
    feedback_days: Annotated[int, Field(ge=1)] = Field(
        365, description="How long people's feedback on answers is kept, in days"
    )
    feedback_questions: Literal["channels", "all", "none"] = Field(
        "channels",
        description="Which questions' words are kept with it: those asked in channels, all, or none",
    )
    audit_days: Annotated[int, Field(ge=1)] = Field(365, description="How long audit lines are kept, in days")
    audit_questions: bool = Field(
        False, description="Whether the audit log keeps the words of questions, too; forget erases them"
    )
    admins: AdminSettings | None = Field(
        None, description="Who may resync and set up; unset: Slack's own admins; see answerdesk.example.toml"
    )

    otel_exporter_otlp_endpoint: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")] | None = Field(
        None, description="http://host:4318, an OpenTelemetry collector; unset: traces stay here"
    )
    otel_exporter_otlp_headers: SecretStr | None = Field(
        None, description="What the collector asks for: name=value,name=value"
    )
    trace_share: Annotated[float, Field(ge=0, le=1)] = Field(
        1.0, description="Share of questions and documents whose traces are sent"
    )
    metrics_token: SecretStr | None = Field(
        None, description="What Prometheus must show for /metrics; unset: it is served on this machine alone"
    )
    worker_http_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        None,
        description="Where a worker's HTTP listens (health, metrics); 0 picks a free one; unset: nowhere",
    )
    log_format: Literal["readable", "json"] = "readable"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 — pydantic-settings passes it by name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """First come, first served."""
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                source.env_vars = with_files_read(
                    source.env_vars, names=settings_cls.model_fields, nested_under="sources__"
                )
        return init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls)


def load_settings() -> Settings:
    """Read the environment and the files.

    Raises:
        SettingsError: names every setting that is wrong, a line each, and never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        raise SettingsError("\n".join(_line(problem) for problem in problems)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, SettingsSourceError):
        raise SettingsError(
            "answerdesk.toml can't be read as TOML, or SOURCES can't be read as JSON"
        ) from None


def _line(problem: ErrorDetails) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    field = Settings.model_fields.get(name)
    if problem["type"] == "string_pattern_mismatch" and field is not None and field.description:
        return f"{name.upper()}: must look like {field.description}"
    return f"{name.upper()}: {problem['msg'].removeprefix('Value error, ')}"
