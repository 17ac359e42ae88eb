"""What a host lets be read."""

import pytest

from ingest.sources.robots import Robots

FILE = """
# For everybody
User-agent: *
Allow: /
Disallow: /private/
Disallow: /*.pdf$
Disallow: /search?q=
Allow: /private/handbook/
Disallow: /gehälter/

User-agent: OtherBot
User-agent: Answerdesk
Disallow: /no-answers/
"""


@pytest.mark.parametrize(
    ("path", "lets"),
    [
        ("/", True),
        ("/leave", True),
        ("/private/salaries", False),
        ("/private/handbook/leave", True),
        ("/form.pdf", False),
        ("/form.pdf.html", True),
        ("/search?q=leave", False),
        ("/search", True),
        ("/geh%C3%A4lter/2026", False),
        ("/no-answers/x", True),
    ],
)
def test_the_longest_rule_that_matches_decides(path: str, lets: bool) -> None:  # noqa: FBT001 — from a table
    """Not the first one, as Python's own reader has it."""
    assert Robots(FILE, agent="SomeBot").lets(f"https://www.example.com{path}") is lets


def test_who_is_named_has_rules_of_its_own() -> None:
    robots = Robots(FILE, agent="Answerdesk")
    assert not robots.lets("https://www.example.com/no-answers/x")
    assert robots.lets("https://www.example.com/private/salaries"), "everybody's are not for it"


def test_a_file_that_says_nothing_lets_everything_be_read() -> None:
    for text in ("", "User-agent: *\nDisallow:\n", "Disallow: /", "<html>not found</html>"):
        assert Robots(text, agent="Answerdesk").lets("https://www.example.com/x"), text
    assert not Robots("User-agent: *\nDisallow: /", agent="Answerdesk").lets("https://x"), "the control"


def test_a_group_without_a_path_is_a_group() -> None:
    robots = Robots("User-agent: Answerdesk\nDisallow:\n\nUser-agent: *\nDisallow: /", agent="Answerdesk")
    assert robots.lets("https://www.example.com/x")


def test_many_stars_cost_no_time() -> None:
    robots = Robots(f"User-agent: *\nDisallow: /{'*a' * 500}*b$", agent="Answerdesk")
    assert robots.lets(f"https://www.example.com/{'a' * 2000}")
    assert not robots.lets(f"https://www.example.com/{'a' * 2000}b")
