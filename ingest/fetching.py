"""Fetching a body by URL, as ingest sees it; `aiohttp_fetch.py` implements the port."""

from typing import Protocol

from wire.errors import MalformedError


class Fetch(Protocol):
    """Gets the bytes behind a URL."""

    async def __call__(self, url: str, *, max_bytes: int) -> bytes:
        """Fetch it whole.

        Raises:
            MalformedError: it may not be fetched, is not there, or is longer than ``max_bytes``.
            UnavailableError: its host is away, busy, or too slow.
        """


async def no_fetch(url: str, *, max_bytes: int) -> bytes:  # noqa: ARG001 — the port's
    """For where nothing may be fetched.

    Raises:
        MalformedError: always.
    """
    raise MalformedError("field 'body_url': nothing is fetched here", field="body_url")
