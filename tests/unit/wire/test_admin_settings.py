"""Who is an administrator stands in `answerdesk.toml`; an id that is none is one line."""

from pathlib import Path

import pytest

from wire.admin_settings import AdminSettings
from wire.errors import SettingsError
from wire.settings import load_settings

ROOT = Path(__file__).parents[3]


def test_the_example_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "answerdesk.toml").write_text((ROOT / "answerdesk.example.toml").read_text())
    monkeypatch.chdir(tmp_path)
    assert load_settings().admins == AdminSettings(
        users=("U0123ABCD",), groups=("S0123ABCD",), workspace_admins=True
    )


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ('{"users": ["marta"]}', "ADMINS.USERS.0"),
        ('{"groups": ["@people-team"]}', "ADMINS.GROUPS.0"),
        ('{"user": ["U0123ABCD"]}', "ADMINS.USER"),
    ],
)
def test_a_name_in_place_of_an_id_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADMINS", value)
    with pytest.raises(SettingsError, match=line):
        load_settings()
