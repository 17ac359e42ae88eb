"""Who a key's holder is, and whom they may read as (pure)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from wire.errors import RefusedError
from wire.key_settings import ApiKey, key_hash
from wire.principals import PUBLIC


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A program that may ask.

    Attributes:
        name: of its key.
        principals: whom it may read as.
    """

    name: str
    principals: tuple[str, ...]

    @property
    def person(self) -> str:
        """Whose quota it uses."""
        return quota_name(self.name)

    def reading_as(self, principals: tuple[str, ...] | None) -> tuple[str, ...]:
        """Those that a request names, or else all of its own.

        Raises:
            RefusedError: it may not read as one of them.
        """
        if principals is None:
            return self.principals
        if not set(principals) <= set(self.principals):
            raise RefusedError("This key may not read as one of the principals that the request names.")
        return principals


ANYBODY_HERE = Holder(name="_open", principals=(PUBLIC,))
"""Who asks without a key from this machine, where that is allowed; no key's name begins so."""


def quota_name(key: str) -> str:
    """What a key is called among those who have quotas."""
    return f"key:{key}"


class Keyring:
    """All keys."""

    def __init__(self, keys: Mapping[str, ApiKey]) -> None:
        self._holders = [
            (key.sha256, Holder(name=name, principals=key.principals)) for name, key in keys.items()
        ]

    def holder(self, key: str) -> Holder | None:
        """Who holds this key; takes as long for a wrong one as for a right one."""
        presented, found = key_hash(key), None
        for sha256, holder in self._holders:
            if hmac.compare_digest(sha256, presented):
                found = holder
        return found
