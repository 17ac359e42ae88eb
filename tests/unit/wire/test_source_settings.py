"""Sources in answerdesk.toml, and the environment over it."""

import os
from pathlib import Path

import pytest

from ingest.apscheduler_schedule import CronSchedule
from ingest.sources.opening import check_source
from wire.errors import SettingsError
from wire.settings import load_settings

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SOURCES"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_a_file_there_are_no_sources() -> None:
    assert load_settings().sources == {}


def test_the_example_is_a_working_configuration(tmp_path: Path) -> None:
    (tmp_path / "answerdesk.toml").write_text((ROOT / "answerdesk.example.toml").read_text())
    sources = load_settings().sources
    assert set(sources) == {"handbook", "wiki", "talk", "site"}
    for name, source in sources.items():
        check_source(name, source)
        assert source.schedule is not None
        CronSchedule(name, source.schedule)


def test_the_environment_stands_over_the_file_and_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "answerdesk.toml").write_text(
        'answer_model = "from-the-file"\n[sources.wiki]\nkind = "http"\nurl = "https://wiki"\ntoken = "old"\n'
    )
    monkeypatch.setenv("SOURCES__WIKI__TOKEN", "very-secret")
    settings = load_settings()
    token = settings.sources["wiki"].token
    assert token is not None
    assert token.get_secret_value() == "very-secret"
    assert settings.sources["wiki"].url == "https://wiki"
    assert settings.answer_model == "from-the-file"
    assert "very-secret" not in repr(settings)
    monkeypatch.setenv("ANSWER_MODEL", "from-the-environment")
    assert load_settings().answer_model == "from-the-environment"


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('[sources.wiki]\nkind = "http"', r"SOURCES\.WIKI\.URL"),
        ('[sources.wiki]\nkind = "carrier-pigeon"\nurl = "x"', r"SOURCES\.WIKI\.KIND"),
        ('[sources.wiki]\nkind = "http"\nurl = "https://x"\nallowed = ["public"]', r"SOURCES\.WIKI\.ALLOWED"),
        ('[sources.wiki]\nkind = "http"\nurl = "https://x"\nallow = ["all"]', r"SOURCES\.WIKI\.ALLOW\.0"),
        ('[sources."a.b"]\nkind = "http"\nurl = "https://x"', r"SOURCES\.A\.B"),
        ("[sources.wiki", "answerdesk.toml can't be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, toml: str, named: str) -> None:
    (tmp_path / "answerdesk.toml").write_text(toml)
    with pytest.raises(SettingsError, match=named):
        load_settings()
