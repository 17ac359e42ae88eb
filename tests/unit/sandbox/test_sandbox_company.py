from pathlib import Path

import pytest

from sandbox.company import read_company
from sandbox.errors import CompanyError
from sandbox.handbook import Handbook
from tests.unit.sandbox.small_company import WORKSPACE, small_company, write_company


def test_a_company_is_read_as_its_file_says(tmp_path: Path) -> None:
    company = small_company(tmp_path)
    assert [person.handle for person in company.people] == ["anna", "ben", "gus", "fay"]
    assert company.people[2].guest
    assert [channel.id for channel in company.channels if channel.private] == ["C0SECRET", "C0TEAM"]
    assert company.channels[5].external


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "T0SMALL"', "", "team.id"),
        ('members = ["*"]', 'members = ["U0NOBODY"]', "U0NOBODY"),
        ('handle = "ben"', 'handle = "ben"\nnickname = "B"', "nickname"),
        ('team = "T0PARTNER"', 'team = "T0NOBODY"', "T0NOBODY"),
        ('id = "C0QUIET"', 'id = "C0GENERAL"', "twice"),
        ("[team]", "[team", "TOML"),
    ],
)
def test_a_wrong_file_is_told_by_file_and_place(tmp_path: Path, old: str, new: str, named: str) -> None:
    (tmp_path / "workspace.toml").write_text(WORKSPACE.replace(old, new, 1))
    with pytest.raises(CompanyError, match=named) as caught:
        read_company(tmp_path)
    assert str(tmp_path / "workspace.toml") in str(caught.value)


def test_a_missing_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CompanyError, match="can't be read"):
        read_company(tmp_path)


def test_a_handbook_page_is_readable_and_runs_nothing(tmp_path: Path) -> None:
    handbook = Handbook(write_company(tmp_path) / "handbook", company="Small")
    page = handbook.page("leave")
    assert page is not None
    assert "<h1>Leave</h1>" in page
    assert "Last changed 1 October 2026 · People · Everyone at the company" in page
    assert '<a href="sick">sick leave</a>' in page
    assert "<script>" not in page
    assert "Leave &lt;policy&gt;" in page


@pytest.mark.parametrize("name", ["nothing", "../workspace", "handbook"])
def test_only_documents_of_the_handbook_are_served(tmp_path: Path, name: str) -> None:
    assert Handbook(write_company(tmp_path) / "handbook", company="Small").page(name) is None
