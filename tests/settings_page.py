"""docs/settings.md, made from the settings themselves: ``python -m tests.settings_page`` writes it."""

from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from wire.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
ABOVE = """\
# Settings

Every setting, with its default, made from the code (`python -m tests.settings_page`). The environment comes
first, then `.env`, then `answerdesk.toml`, both in the folder where Answerdesk is started. A name with
`_FILE` behind it gives the file that holds the value. [.env.example](../.env.example) has them all to copy,
and [answerdesk.example.toml](../answerdesk.example.toml) the ones that are tables; `SOURCES__WIKI__TOKEN`
is the `token` of `[sources.wiki]`. A wrong setting is named, and nothing starts.

| setting | default | |
| --- | --- | --- |
"""


def settings_page() -> str:
    """The whole page."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return ABOVE + "\n".join(rows) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    secret = " (a secret)" if SecretStr in _kinds(field.annotation) else ""
    told = (field.description or "/".join(map(str, get_args(field.annotation)))).replace("|", "\\|")
    return f"| `{name.upper()}` | {_default(field.default)} | {told}{secret} |"


def _kinds(annotation: Any) -> set[Any]:
    return set(get_args(annotation)) - {NoneType} or {annotation}


def _default(value: Any) -> str:
    return "" if value in (None, "", {}, ()) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(settings_page())
