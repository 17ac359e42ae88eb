"""A call's arguments, and pages of long answers."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sandbox.errors import SlackError

Item = TypeVar("Item")


class Arguments:
    """A call's arguments, whether they came as a form (all strings) or as JSON."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) not in (None, "")

    def text(self, name: str, default: str | None = None) -> str:
        """A string.

        Raises:
            SlackError: ``invalid_arguments``, where it is missing and has no default.
        """
        value = self._given.get(name)
        if value is None or value == "":
            if default is None:
                raise SlackError("invalid_arguments", messages=(f"[ERROR] missing required field: {name}",))
            return default
        return str(value)

    def optional(self, name: str) -> str | None:
        """A string, or nothing."""
        return self.text(name) if name in self else None

    def flag(self, name: str) -> bool:
        """Whether it is set: ``true``, ``1``."""
        return str(self._given.get(name, "")).lower() in ("true", "1")

    def number(self, name: str, *, default: int, most: int) -> int:
        """A whole number from 1 to ``most``.

        Raises:
            SlackError: ``invalid_limit``, for anything else.
        """
        try:
            value = int(self.text(name, str(default)))
        except ValueError:
            raise SlackError("invalid_limit") from None
        if not 1 <= value <= most:
            raise SlackError("invalid_limit")
        return value

    def json(self, name: str, *, otherwise: str) -> Any:
        """What a form carries as a JSON string, and a JSON body as it is; None where it is missing.

        Raises:
            SlackError: ``otherwise``, where it is not JSON.
        """
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(otherwise) from None


def page_of(
    items: Sequence[Item], arguments: Arguments, *, default: int, most: int
) -> tuple[list[Item], str]:
    """So many items from where the cursor stands, and the next cursor (empty at the end)."""
    limit = arguments.number("limit", default=default, most=most)
    start = 0
    if "cursor" in arguments:
        try:
            start = int(
                base64.b64decode(arguments.text("cursor"), validate=True).decode().removeprefix("from:")
            )
        except (binascii.Error, ValueError):
            raise SlackError("invalid_cursor") from None
    rest = len(items) > start + limit
    cursor = base64.b64encode(f"from:{start + limit}".encode()).decode() if rest else ""
    return list(items[start : start + limit]), cursor
