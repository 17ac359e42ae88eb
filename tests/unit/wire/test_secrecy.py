"""What libraries put into messages and exceptions is not read in our log."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.seeded_secrets import SECRETS
from wire.errors import UnavailableError
from wire.logging import set_up_logging
from wire.secrecy import REDACTED, redacted, told

IN_PLACE = {
    "nats://bot:hunter2secret@nats:4222": f"nats://{REDACTED}@nats:4222",
    "nats://hunter2secret@a:4222,tls://hunter3secret@b": f"nats://{REDACTED}@a:4222,tls://{REDACTED}@b",
    "redis://:hunter2secret@valkey:6379/0": f"redis://{REDACTED}@valkey:6379/0",
    "Authorization: Bearer hunter2secret": f"Authorization: Bearer {REDACTED}",
    "postgresql://db/x?password=hunter2secret&ssl=on": f"postgresql://db/x?password={REDACTED}&ssl=on",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_each_kind_of_secret_is_struck_out_wherever_it_stands(kind: str) -> None:
    """Promise 34."""
    line = redacted(f'failed for {SECRETS[kind]}, and "{SECRETS[kind]}" again')
    assert SECRETS[kind].rpartition("/")[2] not in line
    assert line.count(REDACTED) == 2
    assert line.startswith("failed for ")


@pytest.mark.parametrize("line", IN_PLACE)
def test_a_secret_known_by_its_place_is_struck_out_and_the_rest_stays(line: str) -> None:
    """Promise 34."""
    assert redacted(line) == IN_PLACE[line]


def test_a_private_key_goes_whole() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"
    assert redacted(f"a {key} b") == f"a {REDACTED} b"


def test_plain_words_and_ids_stay() -> None:
    line = (
        "question=T1:C1:1732.0001:0 source=handbook sk-1 xo https://docs.example.com/@jo/a?b=c@d T=12:30:00"
    )
    assert redacted(line) == line


def read(text: str) -> None:
    raise ValueError(text)


def raised() -> Exception:
    try:
        try:
            read("CANARY " + "salary bands")
        except ValueError as error:
            raise UnavailableError("NATS does not answer", service="nats") from error
    except UnavailableError as error:
        return error
    raise AssertionError


def test_of_an_exception_is_told_where_and_which_kind_and_only_our_own_words() -> None:
    """Promise 34."""
    text = told(raised(), with_words=False)
    assert "CANARY salary" not in text
    assert "builtins.ValueError" in text
    assert "NATS does not answer" in text
    assert "in raised" in text
    assert "CANARY salary bands" in told(raised(), with_words=True)


def test_a_group_tells_of_each_of_its_errors() -> None:
    text = told(ExceptionGroup("two", [ValueError("one CANARY"), KeyError("CANARY")]), with_words=False)
    assert "builtins.ValueError" in text
    assert "builtins.KeyError" in text
    assert "CANARY" not in text


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a log set up as a process does it writes; the run's own logging is put back."""
    root, out = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr("sys.stderr", out)
    set_up_logging(log_format="json", level="info")
    yield out
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_a_library_that_logs_a_secret_or_an_exception_is_no_exception(written: io.StringIO) -> None:
    """Promise 34."""
    try:
        read("CANARY " + "of a document")
    except ValueError:
        logging.getLogger("some.library").exception("call with %s failed", SECRETS["bot token"])
    [line] = written.getvalue().splitlines()
    told = json.loads(line)
    assert told["event"] == f"call with {REDACTED} failed"
    assert "builtins.ValueError" in told["exception"]
    assert "CANARY of" not in line


def test_a_line_names_what_it_is_about(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(question="T1:C1:1.0:0"):
        logging.getLogger("some.library").warning("slow")
    assert json.loads(written.getvalue())["question"] == "T1:C1:1.0:0"
