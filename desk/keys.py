"""The embedded engines' passwords and ports, and the sandbox's tokens: made once for a data folder."""

import secrets
from typing import Annotated

from pydantic import Field, ValidationError

from desk import ports
from desk.data_folder import DataFolder, write_private
from wire.errors import SettingsError
from wire.settings import Settings
from wire.shapes import Shape

SECRET_BYTES = 24
"""192 bits: beyond guessing."""


def _secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


class Keys(Shape):
    """What clients of this folder's engines need to know; kept in a file only its owner can read."""

    nats_password: str = Field(default_factory=_secret, repr=False)
    valkey_password: str = Field(default_factory=_secret, repr=False)
    sandbox_bot_token: str = Field(default_factory=lambda: f"xoxb-{_secret()}", repr=False)
    sandbox_app_token: str = Field(default_factory=lambda: f"xapp-{_secret()}", repr=False)
    nats_port: Annotated[int, Field(ge=0, le=65535)] = ports.ANY
    valkey_port: Annotated[int, Field(ge=0, le=65535)] = ports.ANY


def load_keys(folder: DataFolder, settings: Settings) -> Keys:
    """This folder's keys, made at first, with ports that are free now.

    A port stays the same for as long as it is free, so that clients which lost the engine find it again.

    Raises:
        AnswerdeskError: a configured port is taken.
        SettingsError: the file cannot be read.
    """
    try:
        stored = Keys.model_validate_json(folder.keys.read_bytes()) if folder.keys.exists() else Keys()
    except ValidationError:
        raise SettingsError(
            f"{folder.keys} can't be read; remove it, and new passwords are made at the next start"
        ) from None
    nats_port = _port(settings.nats_port, stored.nats_port, setting="NATS_PORT", besides=())
    valkey_port = _port(settings.valkey_port, stored.valkey_port, setting="VALKEY_PORT", besides=(nats_port,))
    keys = stored.model_copy(update={"nats_port": nats_port, "valkey_port": valkey_port})
    if keys != stored or not folder.keys.exists():
        write_private(folder.keys, keys.model_dump_json(indent=1))
    return keys


def _port(configured: int, last: int, *, setting: str, besides: tuple[int, ...]) -> int:
    if configured:
        return ports.demand(configured, setting=setting, besides=besides)
    return ports.prefer(last, besides=besides)
