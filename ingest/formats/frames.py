"""What goes to the process apart and comes back: a length, then JSON; a body's bytes follow it."""

import json
import struct
from typing import Any

LENGTH = struct.Struct(">I")


def pack(fields: dict[str, Any]) -> bytes:
    """A frame; half a surrogate pair, which JSON may hold and text may not, is replaced."""
    data = json.dumps(fields, ensure_ascii=False).encode(errors="replace")
    return LENGTH.pack(len(data)) + data


def unpack(data: bytes) -> dict[str, Any]:
    """A frame's fields.

    Raises:
        ValueError: it is no JSON object.
    """
    fields = json.loads(data)
    if not isinstance(fields, dict):
        raise ValueError("no object")  # noqa: TRY004 — one error for every broken frame
    return fields
