"""A source by its settings: the one place that knows all kinds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingest.sources.aiohttp_fetching import open_fetching
from ingest.sources.fsspec_source import FsspecSource, check_files
from ingest.sources.http_source import HttpSource
from ingest.sources.sitemap_source import SitemapSource
from ingest.sources.slack_source import SlackSource
from ingest.sources.source import Source
from wire.errors import SettingsError
from wire.source_settings import SourceSettings


def check_source(name: str, settings: SourceSettings) -> None:
    """Look whether this source can be opened at all; connects to nothing.

    Raises:
        SettingsError: its address can't be one, or a package is missing.
    """
    if settings.kind == "files":
        check_files(name, settings)
    elif not settings.url.startswith(("http://", "https://")):
        raise SettingsError(f"SOURCES.{name}.url: must begin with http:// or https://")
    if settings.kind == "slack" and not (settings.token and settings.channels):
        raise SettingsError(f"SOURCES.{name}: token and channels must be given for Slack")


@asynccontextmanager
async def open_slack(settings: SourceSettings) -> AsyncIterator[SlackSource]:
    """Slack's channels, for as long as the block lasts."""
    async with open_fetching(private_addresses=settings.private_addresses) as fetching:
        yield SlackSource(settings, fetching=fetching)


@asynccontextmanager
async def open_source(settings: SourceSettings) -> AsyncIterator[Source]:
    """The source, for as long as the block lasts."""
    if settings.kind == "files":
        yield FsspecSource(settings)
        return
    if settings.kind == "slack":
        async with open_slack(settings) as slack:
            yield slack
        return
    async with open_fetching(private_addresses=settings.private_addresses) as fetching:
        if settings.kind == "http":
            yield HttpSource(settings, fetching=fetching)
        else:
            yield SitemapSource(settings, fetching=fetching)
