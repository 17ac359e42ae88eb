"""What docs/administration.md says of settings and commands is what there is."""

import re
import tomllib
from pathlib import Path

from bot.home.front_view import COMMANDS
from wire.admin_settings import AdminSettings

PAGE = (Path(__file__).parents[3] / "docs" / "administration.md").read_text()


def test_every_setting_of_admins_is_told_of_and_the_example_is_one() -> None:
    for name in AdminSettings.model_fields:
        assert f"`{name}`" in PAGE, name
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    AdminSettings.model_validate(tomllib.loads(block)["admins"])


def test_every_command_that_is_told_of_is_one() -> None:
    told = set(re.findall(r"`/answerdesk ([a-z-]+)`", PAGE))
    assert told <= set(COMMANDS)
    assert told >= {"status", "failures", "channel", "admin", "forget-me"}
