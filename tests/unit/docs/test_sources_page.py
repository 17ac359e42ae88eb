"""What docs/sources.md says of settings is what there is."""

import re
import tomllib
from pathlib import Path

from wire.source_settings import AllowRule, ScheduleSettings, SourceSettings

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "sources.md").read_text()


def test_every_setting_of_a_source_is_told_of() -> None:
    for shape in (SourceSettings, ScheduleSettings, AllowRule):
        for name in shape.model_fields:
            assert f"`{name}`" in PAGE, name


def test_defaults_are_what_the_page_says() -> None:
    for name in ("reread_days", "announce_per_s", "least_share", "weight"):
        (row,) = re.findall(rf"^\| `{name}` \|.*$", PAGE, re.MULTILINE)
        assert f"({SourceSettings.model_fields[name].default:g})" in row


def test_each_example_on_the_page_is_a_source() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        (source,) = tomllib.loads(block)["sources"].values()
        SourceSettings.model_validate(source)
