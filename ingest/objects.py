"""A bucket of named bytes as ingest sees it; `wire.nats_objects` implements the port."""

from typing import Protocol


class Objects(Protocol):
    """Every method may raise UnavailableError (service ``nats``)."""

    async def put(self, name: str, data: bytes) -> None:
        """Store it under that name, in place of what was there."""

    async def get(self, name: str, *, max_bytes: int) -> bytes:
        """Fetch it whole.

        Raises:
            MalformedError: there is no such object, or it is longer than ``max_bytes``.
        """

    async def remove(self, name: str) -> None:
        """Remove it without a trace; one that is not there is no error."""

    async def names(self) -> list[str]:
        """Every object's name."""
