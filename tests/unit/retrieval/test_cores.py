"""A container's limit is kept, however many cores the machine has."""

from pathlib import Path

import pytest

from retrieval.cores import usable_cores

NOWHERE = Path("/nowhere")
ALL = usable_cores(cgroups=NOWHERE, own=NOWHERE)


def cgroups(folder: Path, *, own: str, limits: dict[str, str]) -> int:
    """What is counted where the kernel shows these cgroups, and this one as our own."""
    for name, limit in limits.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "cpu.max").write_text(limit + "\n")
    (folder / "self").write_text(own)
    return usable_cores(cgroups=folder, own=folder / "self")


@pytest.mark.parametrize(
    ("limit", "cores"),
    [
        ("100000 100000", 1),
        ("150000 100000", 1),
        ("20000 100000", 1),
        ("max 100000", ALL),
        ("9900000 100000", ALL),
    ],
)
def test_the_limit_of_a_container_counts_in_whole_cores(tmp_path: Path, limit: str, cores: int) -> None:
    """The container is all that it sees, so its own cgroup is the top."""
    assert cgroups(tmp_path, own="0::/\n", limits={".": limit}) == cores


def test_the_lowest_limit_of_all_around_it_counts(tmp_path: Path) -> None:
    limits = {"work.slice": "100000 100000", "work.slice/worker.service": "max 100000"}
    assert cgroups(tmp_path, own="0::/work.slice/worker.service\n", limits=limits) == 1


def test_a_cgroup_that_is_named_but_not_shown_leaves_the_top_one(tmp_path: Path) -> None:
    """A container in its host's namespace reads its host's name for it."""
    assert cgroups(tmp_path, own="0::/docker/0123abcd\n", limits={".": "50000 100000"}) == 1


@pytest.mark.parametrize("own", ["", "4:cpu:/\n", "0::/elsewhere\n"])
def test_where_no_limit_is_shown_all_cores_that_it_may_run_on_count(tmp_path: Path, own: str) -> None:
    assert cgroups(tmp_path, own=own, limits={}) == ALL
