"""docs/settings.md is what the settings are."""

from tests.settings_page import PAGE, settings_page


def test_the_page_is_made_from_the_settings_as_they_are() -> None:
    """Otherwise: ``python -m tests.settings_page``."""
    assert PAGE.read_text() == settings_page()
