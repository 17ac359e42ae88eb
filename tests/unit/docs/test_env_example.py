"""What people read about settings and commands is what the code does."""

import re
from pathlib import Path

from pydantic import SecretStr

from wire.settings import Settings

ROOT = Path(__file__).parents[3]
LINE = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def test_the_example_lists_every_setting_with_its_default() -> None:
    listed = dict(LINE.findall((ROOT / ".env.example").read_text()))
    fields = Settings.model_fields
    assert set(listed) == {name.upper() for name in fields}
    for name, field in fields.items():
        default = "" if field.default is None else str(field.default)
        assert listed[name.upper()] == default, name


def test_a_copied_example_is_a_working_configuration(tmp_path: Path) -> None:
    example = tmp_path / ".env"
    example.write_text((ROOT / ".env.example").read_text())
    settings = Settings(_env_file=example)
    defaults = Settings(_env_file=None)
    assert settings == defaults


def test_no_secret_shows_itself() -> None:
    settings = Settings(_env_file=None, slack_bot_token=SecretStr("xoxb-very-secret"))
    assert "very-secret" not in repr(settings)
    assert "very-secret" not in str(settings)


def test_every_document_links_only_to_what_is_there() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} → {target}"
