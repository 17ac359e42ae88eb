"""Secrets from files: ``SLACK_BOT_TOKEN_FILE=/run/secrets/slack`` stands for what is in that file.

As containers are given secrets. Every setting may come so, also one of a source:
``SOURCES__WIKI__TOKEN_FILE``.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from wire.errors import SettingsError

SUFFIX = "_file"
MOST_BYTES = 64 * 1024
"""Far more than any key or address; a log file that is named by mistake is not read whole."""


def with_files_read(
    variables: Mapping[str, str | None], *, names: Collection[str], nested_under: str
) -> dict[str, str | None]:
    """The same variables, each that names a setting's file in place of it under the setting's own name.

    Args:
        variables: an environment, its names in lower case.
        names: the settings there are.
        nested_under: where nested settings begin, such as ``sources__``.

    Raises:
        SettingsError: a file can't be read, or a setting is given twice.
    """
    read = dict(variables)
    for name, path in variables.items():
        setting = name.removesuffix(SUFFIX)
        if setting == name or not path or name in names:
            continue
        if setting not in names and not setting.startswith(nested_under):
            continue
        if variables.get(setting):
            raise SettingsError(f"{setting.upper()} is set, and {name.upper()} too: keep one of them")
        del read[name]
        read[setting] = _content(Path(path), named=name.upper())
    return read


def _content(path: Path, *, named: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode().strip()
    except OSError as error:
        raise SettingsError(f"{named}: the file can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{named}: the file is no text") from None
    if not text or len(content) > MOST_BYTES:
        raise SettingsError(f"{named}: the file must hold the secret and nothing else")
    return text
