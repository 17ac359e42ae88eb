"""Settings whose value stands in a file, as containers are given secrets."""

from pathlib import Path

import pytest

from wire.errors import SettingsError
from wire.settings import load_settings


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def secret(folder: Path, text: str) -> str:
    file = folder / "secret"
    file.write_text(text)
    return str(file)


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", secret(tmp_path, "xoxb-from-a-file\n"))
    monkeypatch.setenv("NATS_URL_FILE", secret(tmp_path, "nats://a:b@nats:4222"))
    settings = load_settings()
    assert settings.nats_url == "nats://a:b@nats:4222"
    assert "nats://" not in repr(settings.slack_bot_token)


def test_so_may_a_sources_and_one_that_the_env_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = secret(tmp_path, "from-a-file")
    (tmp_path / ".env").write_text(f"SLACK_APP_TOKEN=\nSLACK_APP_TOKEN_FILE={file}\n")
    monkeypatch.setenv("SOURCES__WIKI__KIND", "http")
    monkeypatch.setenv("SOURCES__WIKI__URL", "https://wiki")
    monkeypatch.setenv("SOURCES__WIKI__TOKEN_FILE", file)
    settings = load_settings()
    assert settings.slack_app_token is not None
    assert settings.slack_app_token.get_secret_value() == "from-a-file"
    token = settings.sources["wiki"].token
    assert token is not None
    assert token.get_secret_value() == "from-a-file"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "can't be read: No such file"), ("  \n", "must hold the secret"), ("x" * 70_000, "nothing else")],
)
def test_a_file_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, said: str
) -> None:
    file = "/nowhere" if content is None else secret(tmp_path, content)
    monkeypatch.setenv("ANTHROPIC_API_KEY_FILE", file)
    with pytest.raises(SettingsError, match=f"ANTHROPIC_API_KEY_FILE: .*{said}"):
        load_settings()


def test_a_secret_that_is_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-here")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", secret(tmp_path, "xoxb-there"))
    with pytest.raises(SettingsError, match="keep one of them"):
        load_settings()


def test_other_programs_files_are_let_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    load_settings()
