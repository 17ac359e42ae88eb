"""`publish`, `search` and `delete` as a person types them, against a real worker."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk.engines import nats_command
from desk.ports import free_port
from tests.conftest import run_engine
from wire.search import SearchReply
from wire.shapes import read_shape

COMMAND_WITHIN_S = 60


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """The command line of one running system."""

    nats_url: str
    folder: Path

    def __call__(self, *arguments: str | Path, nats_url: str | None = None) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "desk", *map(str, arguments)],
            env={**os.environ, "NATS_URL": nats_url or self.nats_url, "DATA_DIR": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=COMMAND_WITHIN_S,
            check=False,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def found(self, query: str, *options: str) -> list[str]:
        done = self("search", query, "--json", *options)
        assert done.code == 0, done.err
        return [passage.document for passage in read_shape(SearchReply, done.out).passages]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A NATS server and `answerdesk worker`, as in production."""
    folder = tmp_path_factory.mktemp("desk")
    engine = run_engine(nats_command(folder=folder / "nats", port=free_port(), password="test"))
    here = Desk(nats_url=next(engine), folder=folder)
    argv = [sys.executable, "-m", "desk", "worker"]
    env = {**os.environ, "NATS_URL": here.nats_url, "DATA_DIR": str(folder)}
    with (folder / "worker.log").open("wb") as log, subprocess.Popen(argv, env=env, stderr=log) as worker:
        deadline = time.monotonic() + COMMAND_WITHIN_S
        while here("search", "ready?").code:
            assert time.monotonic() < deadline, (folder / "worker.log").read_text()
        yield here
        worker.terminate()
        assert worker.wait(30) == 0, "the worker stops cleanly on SIGTERM"
    for _ in engine:
        pass


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    (folder / "more").mkdir(parents=True)
    (folder / "llamas.md").write_text("# Llamas\n\nLlamas may be brought to the office on Fridays.")
    (folder / "more" / "tea.txt").write_text(
        "Tea is served at half past four in the kitchen on the second floor."
    )
    return folder


def test_what_is_published_is_found_by_whom_it_allows_and_gone_when_deleted(desk: Desk, notes: Path) -> None:
    done = desk("publish", notes, "--source", "notes", "--allow", "user:U1", "--wait")
    assert (done.code, done.out) == (0, "")
    assert "2 documents of source notes can be found now." in done.err

    assert desk.found("when is tea served", "--principal", "user:U1")[0] == "more/tea.txt"
    assert desk.found("when is tea served", "--principal", "user:U2") == []
    assert desk.found("when is tea served") == []

    done = desk("delete", "notes", "more/tea.txt", "--wait")
    assert done.code == 0
    assert "1 document of source notes is gone." in done.err
    assert "more/tea.txt" not in desk.found("when is tea served", "--principal", "user:U1")


def test_nothing_is_said_to_be_gone_that_was_never_there(desk: Desk, notes: Path) -> None:
    desk("publish", notes / "llamas.md", "--source", "kept", "--allow", "public", "--wait")
    done = desk("delete", "notse", "llamas.md", "--wait")
    assert done.code == 0
    assert "Source notse has no document llamas.md" in done.err
    assert "is gone" not in done.err
    assert "llamas.md" in desk.found("llamas at the office")


def test_publishing_again_replaces_and_the_newest_word_counts(desk: Desk, notes: Path) -> None:
    desk("publish", notes / "llamas.md", "--source", "twice", "--allow", "public", "--wait")
    (notes / "llamas.md").write_text("# Llamas\n\nLlamas must stay at home from now on.")
    os.utime(notes / "llamas.md", (1, 1))
    desk("publish", notes / "llamas.md", "--source", "twice", "--allow", "public", "--wait")
    done = desk("search", "llamas", "--source", "twice", "--json")
    assert [passage["text"] for passage in done.json["passages"]] == ["Llamas must stay at home from now on."]


def test_json_tells_each_documents_outcome(desk: Desk, notes: Path) -> None:
    (notes / "picture.png").write_bytes(b"\x89PNG")
    done = desk("publish", notes, "--source", "mixed", "--allow", "public", "--wait", "--json")
    assert done.code == 1
    report = done.json
    assert {key: report[key] for key in ("source", "announced", "indexed", "failed", "waiting")} == {
        "source": "mixed",
        "announced": 3,
        "indexed": 2,
        "failed": 1,
        "waiting": 0,
    }
    states = {document["id"]: document["state"] for document in report["documents"]}
    assert states == {"llamas.md": "indexed", "more/tea.txt": "indexed", "picture.png": "failed"}
    (failed,) = [document for document in report["documents"] if document["state"] == "failed"]
    assert "image/png" in failed["reason"]
    assert all(isinstance(document["version"], int) for document in report["documents"])


def test_without_readers_a_warning_says_that_nobody_will_find_it(desk: Desk, notes: Path) -> None:
    done = desk("publish", notes / "llamas.md", "--source", "nobody")
    assert done.code == 0
    assert "Nobody will find these documents" in done.err
    assert "1 document of source nobody announced." in done.err


def test_a_search_is_shown_for_people_too(desk: Desk, notes: Path) -> None:
    desk("publish", notes / "llamas.md", "--source", "shown", "--allow", "public", "--wait")
    done = desk("search", "llamas", "office", "--source", "shown")
    assert done.code == 0
    assert "1. Llamas" in done.out
    assert "Llamas may be brought to the office on Fridays." in done.out
    assert done.err == ""


def test_a_file_larger_than_a_message_passes(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "large.txt").write_text("\n" * 600_000 + "The heron sleeps on one leg.")
    done = desk("publish", tmp_path / "large.txt", "--source", "large", "--allow", "public", "--wait")
    assert done.code == 0, done.err
    assert desk.found("how does the heron sleep", "--source", "large") == ["large.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("publish", "/nowhere"), "/nowhere"),
        (("publish", ".", "--source", "Not A Name"), "a source's name is up to 63"),
        (("publish", ".", "--allow", "everybody"), "a principal is public"),
        (("publish", ".", "--url-prefix", "javascript:alert(1)"), "starts with https:// or http://"),
        (("search", "x", "--principal", "U1"), "a principal is public"),
        (("search", "x", "--limit", "1000"), "--limit"),
        (("search", " "), "a query has 1 to 8000 characters"),
        (("delete", "notes"), "ID"),
        (("unknown",), "unknown"),
        (("up", "--port", "many"), "--port"),
    ],
)
def test_bad_usage_ends_with_2_and_names_what_is_wrong(
    desk: Desk, arguments: tuple[str, ...], said: str
) -> None:
    done = desk(*arguments)
    assert done.code == 2
    assert said in " ".join(done.err.replace("│", " ").split())
    assert "Traceback" not in done.err


def test_a_failure_ends_with_1_and_one_sentence(desk: Desk, tmp_path: Path) -> None:
    done = desk("search", "x", nats_url="nats://answerdesk:canary@127.0.0.1:1")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("NATS at 127.0.0.1:1 does not let us in")
    assert "canary" not in done.err
    done = desk("publish", tmp_path)
    assert done.code == 1
    assert "no file to publish" in done.err


@pytest.mark.parametrize("role", ["bot", "worker"])
def test_a_role_names_the_urls_it_needs(role: str, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in ("NATS_URL", "REDIS_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "desk", role],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=COMMAND_WITHIN_S,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("NATS_URL")
    assert f"must be set to run the {role} by itself" in done.stderr


def test_commands_that_people_wait_for_do_not_load_the_model() -> None:
    heavy = ("onnxruntime", "fastembed", "qdrant_edge", "slack_bolt", "anthropic", "numpy")
    code = f"import sys, desk.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "[]"
