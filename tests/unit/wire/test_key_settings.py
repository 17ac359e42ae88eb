"""Keys of programs: whom each reads as, and that none shows itself."""

import json

import pytest

from bot.web.keys import Keyring
from wire.errors import RefusedError, SettingsError
from wire.key_settings import ApiKey, key_hash, new_key
from wire.settings import Settings, load_settings

KEY = "adk_a-key-of-this-test-0123456789"


def test_bare_keys_read_what_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEYS", f"{KEY}, {KEY}-two")
    keyring = Keyring(load_settings().api_keys)
    for key in (KEY, f"{KEY}-two"):
        holder = keyring.holder(key)
        assert holder is not None
        assert holder.principals == ("public",)
    assert keyring.holder(f"{KEY}-three") is None


def test_json_and_single_variables_say_as_whom_a_key_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"sha256": key_hash(KEY), "principals": ["public", "group:S1"], "requests_per_minute": 5}
    monkeypatch.setenv("API_KEYS", json.dumps({"intranet": table}))
    expected = ApiKey(sha256=key_hash(KEY), principals=("public", "group:S1"), requests_per_minute=5)
    assert load_settings().api_keys == {"intranet": expected}
    monkeypatch.delenv("API_KEYS")
    monkeypatch.setenv("API_KEYS__INTRANET__SHA256", key_hash(KEY))
    assert load_settings().api_keys == {"intranet": ApiKey(sha256=key_hash(KEY))}


@pytest.mark.parametrize(
    "wrong",
    [
        "short",
        '{"a": ',
        '{"a": {"sha256": "no-hash-of-a-key"}}',
        json.dumps({"Not A Name": {"sha256": key_hash(KEY)}}),
        json.dumps({"a": {"sha256": key_hash(KEY), "principals": []}}),
        json.dumps({"a": {"sha256": key_hash(KEY), "principals": ["everyone"]}}),
        json.dumps({"a": {"sha256": key_hash(KEY), "key": KEY}}),
    ],
)
def test_a_wrong_key_is_named_and_never_shown(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """Promise 34."""
    monkeypatch.setenv("API_KEYS", wrong)
    with pytest.raises(SettingsError, match="API_KEYS") as raised:
        load_settings()
    assert KEY not in str(raised.value)
    assert "short" not in str(raised.value).replace("too short", "")


def test_no_key_and_no_hash_shows_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 34."""
    monkeypatch.setenv("API_KEYS", KEY)
    shown = repr(load_settings()) + str(Settings(_env_file=None))
    assert KEY not in shown
    assert key_hash(KEY) not in shown


def test_new_keys_are_long_and_differ() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert min(map(len, keys)) > 40


def test_a_holder_reads_as_some_of_its_own_and_as_nobody_else() -> None:
    """Promise 28."""
    holder = Keyring({"a": ApiKey(sha256=key_hash(KEY), principals=("public", "group:S1"))}).holder(KEY)
    assert holder is not None
    assert holder.reading_as(None) == ("public", "group:S1")
    assert holder.reading_as(("group:S1",)) == ("group:S1",)
    with pytest.raises(RefusedError):
        holder.reading_as(("public", "group:S2"))
