"""Keys of programs that ask over HTTP: whom each may read as, and how much it may ask.

Only a key's SHA-256 is kept. Keys are random and long, so a plain hash is enough: there is nothing to guess.
"""

import hashlib
import json
import secrets
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_settings import NoDecode

from wire.principals import PUBLIC, Principal

KEY_BYTES = 32
PREFIX = "adk_"
"""So that a key which was pasted somewhere is recognised by those who look for lost secrets."""
LEAST_CHARS = 20

KeyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Count = Annotated[int, Field(ge=0)]


class ApiKey(BaseModel):
    """One key."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(repr=False)
    """Of the key, as `answerdesk key new` prints it."""
    principals: Annotated[tuple[Principal, ...], Field(min_length=1)] = (PUBLIC,)
    """Whom its holder may read as; a request may name some of them."""
    tokens_per_day: Count | None = None
    tokens_per_month: Count | None = None
    requests_per_minute: Count | None = None
    """Questions and searches; each of the three as for a person where it is left out, and 0 sets no limit."""


def new_key() -> str:
    """A key that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(KEY_BYTES)


def key_hash(key: str) -> str:
    """What is kept of it; a key out of a header may hold any bytes, as surrogates."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()


def _read(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("can't be read as JSON") from None
    keys = [key for key in (part.strip() for part in value.split(",")) if key]
    if any(len(key) < LEAST_CHARS for key in keys):
        raise ValueError(f"a key has at least {LEAST_CHARS} characters: make one with `answerdesk key new`")
    hashes = [key_hash(key) for key in keys]
    return {f"key-{sha256[:8]}": {"sha256": sha256} for sha256 in hashes}


ApiKeys = Annotated[dict[KeyName, ApiKey], NoDecode, BeforeValidator(_read)]
"""By name. As text: JSON, or bare keys with commas between, which read what is public."""
