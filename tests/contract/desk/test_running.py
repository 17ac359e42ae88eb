"""One Answerdesk a data folder, found by the others, and nothing believed that is no longer so."""

import json
import os
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from desk import ports
from desk.data_folder import DataFolder, prepare
from desk.keys import load_keys
from desk.running import (
    STARTER,
    Running,
    end_leftovers,
    holding,
    marks,
    nats_url_for,
    read_running,
    write_running,
)
from tests.contract.desk.processes import SLEEP, alive, python
from wire.errors import AnswerdeskError, SettingsError, UnavailableError
from wire.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return prepare(tmp_path / "data")


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """Another process of this machine."""
    with subprocess.Popen(python(SLEEP)) as process:
        yield process
        process.kill()


def running_as(pid: int, *, started_at: float) -> Running:
    return Running(
        pid=pid,
        started_at=started_at,
        nats_url="nats://answerdesk:secret@127.0.0.1:4222",
        redis_url="redis://:secret@127.0.0.1:6379/0",
        bot_http_port=8080,
        sandbox_url="http://127.0.0.1:3000",
    )


@contextmanager
def taken_port(port: int) -> Iterator[None]:
    """Another program listens there."""
    with socket.create_server(("127.0.0.1", port)):
        yield


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def settings(folder: DataFolder, **given: object) -> Settings:
    return Settings.model_validate({"data_dir": folder.path, **given})


def test_only_the_owner_can_read_what_holds_credentials(folder: DataFolder) -> None:
    keys = load_keys(folder, settings(folder))
    write_running(folder, running_as(os.getpid(), started_at=psutil.Process().create_time()))
    assert mode(folder.path) == 0o700
    assert mode(folder.keys) == 0o600
    assert mode(folder.running) == 0o600
    assert keys.nats_password not in repr(keys)


def test_a_folder_of_ours_that_others_could_read_is_closed_to_them(folder: DataFolder) -> None:
    folder.lock.touch()
    folder.path.chmod(0o755)
    prepare(folder.path)
    assert mode(folder.path) == 0o700


def test_a_folder_with_other_things_in_it_is_refused_not_locked_away(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "letter.txt").touch()
    with pytest.raises(SettingsError, match=r"DATA_DIR: .*give Answerdesk a folder of its own"):
        prepare(shared)
    assert mode(shared) == 0o755


def test_passwords_are_random_and_kept_with_the_ports(tmp_path: Path) -> None:
    here, there = prepare(tmp_path / "here"), prepare(tmp_path / "there")
    keys = load_keys(here, settings(here))
    assert load_keys(here, settings(here)) == keys
    assert keys.nats_password != load_keys(there, settings(there)).nats_password
    assert keys.nats_password != keys.valkey_password


def test_a_kept_port_that_is_taken_gives_way_to_a_free_one(folder: DataFolder) -> None:
    taken = load_keys(folder, settings(folder)).nats_port
    with taken_port(taken):
        assert load_keys(folder, settings(folder)).nats_port != taken


def test_a_configured_port_is_used_and_refused_when_taken(folder: DataFolder) -> None:
    wanted = ports.free_port()
    assert load_keys(folder, settings(folder, nats_port=wanted)).nats_port == wanted
    with taken_port(wanted), pytest.raises(AnswerdeskError, match=f"Port {wanted} is taken.*NATS_PORT"):
        load_keys(folder, settings(folder, nats_port=wanted))


def test_a_second_start_is_told_who_runs_and_where(folder: DataFolder) -> None:
    with holding(folder):
        write_running(folder, running_as(os.getpid(), started_at=psutil.Process().create_time()))
        expected = f"running already on {folder.path}: process {os.getpid()}, at http://127.0.0.1:3000"
        with pytest.raises(AnswerdeskError, match=expected), holding(folder):
            pass
        assert read_running(folder)
    with holding(folder):
        pass


def test_the_lock_goes_with_a_killed_process(folder: DataFolder) -> None:
    code = f"""
import time
from contextlib import contextmanager
from pathlib import Path
from desk import ports
from desk.data_folder import DataFolder
from desk.running import holding
with holding(DataFolder(path=Path({str(folder.path)!r}))):
    print("held", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen(python(code), stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(AnswerdeskError, match="just starting"), holding(folder):
            pass
        holder.kill()
    with holding(folder):
        pass


def test_a_process_id_given_out_anew_is_not_believed(
    folder: DataFolder, other: subprocess.Popen[bytes]
) -> None:
    started_at = psutil.Process(other.pid).create_time()
    write_running(folder, running_as(other.pid, started_at=started_at - 3600))
    assert read_running(folder) is None
    write_running(folder, running_as(other.pid, started_at=started_at))
    assert read_running(folder)
    other.kill()
    other.wait(10)
    assert read_running(folder) is None


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"pid": "1"}'])
def test_a_broken_running_file_means_that_nothing_runs(folder: DataFolder, text: str) -> None:
    folder.running.write_text(text)
    assert read_running(folder) is None


def test_a_command_finds_what_runs_on_its_folder_or_says_how_to_start(folder: DataFolder) -> None:
    with pytest.raises(UnavailableError, match="Start one with `answerdesk up`"):
        nats_url_for(settings(folder))
    write_running(folder, running_as(os.getpid(), started_at=psutil.Process().create_time()))
    assert nats_url_for(settings(folder)) == "nats://answerdesk:secret@127.0.0.1:4222"
    assert nats_url_for(settings(folder, nats_url="nats://elsewhere")) == "nats://elsewhere"


def test_what_a_killed_start_left_is_ended_and_nothing_else(
    folder: DataFolder, other: subprocess.Popen[bytes]
) -> None:
    said = f"print(1, flush=True); {SLEEP}"
    env = {**os.environ, **marks(folder), STARTER: f"{os.getpid()} 1.0"}  # this id, another start
    with subprocess.Popen(python(said), env=env, stdout=subprocess.PIPE) as left:
        assert left.stdout
        left.stdout.readline()
        assert end_leftovers(folder) == 1
        assert not alive([left.pid])
    assert alive([other.pid])
    assert end_leftovers(folder) == 0


def test_children_of_a_living_start_are_no_leftovers_though_its_lock_was_removed(
    folder: DataFolder,
) -> None:
    said = f"print(1, flush=True); {SLEEP}"
    env = {**os.environ, **marks(folder)}
    with subprocess.Popen(python(said), env=env, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        with pytest.raises(AnswerdeskError, match=f"Process {os.getpid()} still runs"):
            end_leftovers(folder)
        assert alive([child.pid])
        child.kill()


def test_keys_that_cannot_be_read_are_told_not_replaced(folder: DataFolder) -> None:
    folder.keys.write_text(json.dumps({"nats_port": "many"}))
    with pytest.raises(SettingsError, match=r"keys\.json can't be read; remove it"):
        load_keys(folder, settings(folder))
