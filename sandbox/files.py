"""Files that people share: what Slack says of them, and their bytes. Pure."""

import mimetypes
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import SlackError

FILES_PER_MESSAGE = 10
FILE_BYTES = 25 * 1024 * 1024
"""A demo's; Slack takes 1 GB."""
KEPT_BYTES = 128 * 1024 * 1024
"""Of all files; the oldest go."""


@dataclass(frozen=True, kw_only=True)
class SharedFile:
    """A file of a message's.

    Attributes:
        id: such as ``F0A1B2C3D4``.
        name: as its owner called it.
        user: who shared it.
        bytes: how long it is.
    """

    id: str
    name: str
    media_type: str
    user: str
    bytes: int


@dataclass
class Files:
    """All files of the workspace."""

    url: str = ""
    """Where the sandbox listens; set once it does."""
    _bodies: dict[str, tuple[SharedFile, bytes]] = field(default_factory=dict)

    def share(self, given: Iterable[tuple[str, bytes]], *, user: str) -> tuple[SharedFile, ...]:
        """Keep what somebody shares: names, and bytes.

        Raises:
            SlackError: ``too_many_files``, ``file_too_large``.
        """
        files = list(given)
        if len(files) > FILES_PER_MESSAGE:
            raise SlackError("too_many_files")
        if any(len(body) > FILE_BYTES for _, body in files):
            raise SlackError("file_too_large")
        return tuple(self._keep(name, body, user=user) for name, body in files)

    def file(self, file: str) -> tuple[SharedFile, bytes]:
        """One of them.

        Raises:
            SlackError: ``file_not_found``.
        """
        found = self._bodies.get(file)
        if found is None:
            raise SlackError("file_not_found")
        return found

    def json(self, file: SharedFile) -> dict[str, Any]:
        """As Slack tells the app of it."""
        path = f"{self.url}/files-pri/{file.id}"
        name = re.sub(r"[^\w.-]", "_", file.name.lower())
        kept = file.id in self._bodies
        urls = {"url_private": f"{path}/{name}", "url_private_download": f"{path}/download/{name}"}
        return {
            "id": file.id,
            "name": file.name,
            "title": file.name,
            "mimetype": file.media_type,
            "filetype": file.name.rpartition(".")[2].lower() if "." in file.name else "",
            "user": file.user,
            "size": file.bytes,
            "mode": "hosted" if kept else "tombstone",
            "is_external": False,
            "external_type": "",
            "is_public": False,
            "file_access": "visible",
            **(urls if kept else {}),
        }

    def _keep(self, name: str, body: bytes, *, user: str) -> SharedFile:
        file = SharedFile(
            id=f"F{uuid.uuid4().hex[:10].upper()}",
            name=name,
            media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            user=user,
            bytes=len(body),
        )
        self._bodies[file.id] = (file, body)
        while sum(len(kept) for _, kept in self._bodies.values()) > KEPT_BYTES:
            del self._bodies[next(iter(self._bodies))]
        return file
