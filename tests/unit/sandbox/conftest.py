from pathlib import Path

import pytest

from tests.unit.sandbox.small_company import Told, small_company


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """A small workspace in which nothing has happened yet."""
    return Told(small_company(tmp_path / "company"))
