"""Quotas of groups and prices of models are tables of `answerdesk.toml`; a wrong zone is one line."""

from pathlib import Path

import pytest

from wire.answer_settings import GroupQuota, ModelPrice
from wire.errors import SettingsError
from wire.settings import load_settings

ROOT = Path(__file__).parents[3]


def test_the_example_has_quotas_and_prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "answerdesk.toml").write_text((ROOT / "answerdesk.example.toml").read_text())
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.quota_groups == {"S0123ABCD": GroupQuota(tokens_per_day=2_000_000)}
    assert settings.model_prices == {
        "our-model": ModelPrice(input_usd=0.2, output_usd=0.6, cache_read_usd=0.02)
    }


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("QUOTA_TIME_ZONE", "Mars/Olympus", "QUOTA_TIME_ZONE: must be a time zone's name"),
        ("QUOTA_TIME_ZONE", "../../etc/passwd", "QUOTA_TIME_ZONE: must be a time zone's name"),
        ("QUOTA_GROUPS", '{"S1": {"tokens_a_day": 1}}', "QUOTA_GROUPS.S1.TOKENS_A_DAY"),
        ("MODEL_PRICES", '{"m": {"input_usd": -1}}', "MODEL_PRICES.M.INPUT_USD"),
    ],
)
def test_a_wrong_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=line):
        load_settings()
