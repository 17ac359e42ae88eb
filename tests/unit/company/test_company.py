"""The sample company is data that people and tests rely on: it must hang together."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from wire.principals import check_principal

COMPANY = Path(__file__).parents[3] / "sandbox" / "company"
HANDBOOK = COMPANY / "handbook"
FICTIONAL_BERLIN = "+49 30 23125 "
"""The block of Berlin numbers that the German regulator keeps free for films and books."""


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


WORKSPACE = read(COMPANY / "workspace.toml")
DOCUMENTS = read(HANDBOOK / "handbook.toml")
PEOPLE = {person["id"]: person for person in WORKSPACE["people"]}
CHANNELS = {channel["id"]: channel for channel in WORKSPACE["channels"]}
GROUPS = {group["id"]: group for group in WORKSPACE["groups"]}

every_document = pytest.mark.parametrize("document", sorted(DOCUMENTS))


def text_of(document: str) -> str:
    return (HANDBOOK / f"{document}.md").read_text(encoding="utf-8")


def links_of(document: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text_of(document))
    inline = [child for token in tokens for child in token.children or []]
    return [str(child.attrs["href"]) for child in inline if child.type == "link_open"]


def test_every_document_has_its_text_and_every_text_is_listed() -> None:
    assert set(DOCUMENTS) == {path.stem for path in HANDBOOK.glob("*.md")}


@every_document
def test_a_document_opens_with_its_title_and_is_short_enough_to_read(document: str) -> None:
    text = text_of(document)
    assert text.startswith(f"# {DOCUMENTS[document]['title']}\n")
    assert len(text) <= 6000


@every_document
def test_links_between_documents_lead_somewhere(document: str) -> None:
    for link in links_of(document):
        assert link.removesuffix(".md") in DOCUMENTS, f"{document} links to {link}"
        assert link.endswith(".md")


@every_document
def test_who_may_read_a_document_exists_in_the_workspace(document: str) -> None:
    allow = DOCUMENTS[document]["allow"]
    assert allow
    known = {"public", "external", *(f"group:{group}" for group in GROUPS)}
    known |= {f"channel:{channel}" for channel in CHANNELS}
    assert {check_principal(principal) for principal in allow} <= known


def test_a_private_document_names_a_group_and_no_public_channel() -> None:
    private = {name: leaf["allow"] for name, leaf in DOCUMENTS.items() if "public" not in leaf["allow"]}
    assert set(private) == {"salary-bands", "reorganisation-draft"}
    for name, allow in private.items():
        assert any(principal.startswith("group:") for principal in allow), name
        for principal in allow:
            if principal.startswith("channel:"):
                assert CHANNELS[principal.removeprefix("channel:")]["private"], name


def test_a_public_document_does_not_link_to_a_private_one() -> None:
    private = {f"{name}.md" for name, leaf in DOCUMENTS.items() if "public" not in leaf["allow"]}
    for name, leaf in DOCUMENTS.items():
        if "public" in leaf["allow"]:
            assert private.isdisjoint(links_of(name)), name


@every_document
def test_a_document_says_when_it_changed_and_whose_it_is(document: str) -> None:
    changed = DOCUMENTS[document]["updated_at"]
    assert datetime(2023, 1, 1, tzinfo=UTC) <= changed < datetime(2026, 12, 1, tzinfo=UTC)
    assert DOCUMENTS[document]["owner"]


@every_document
def test_phone_numbers_and_addresses_belong_to_nobody(document: str) -> None:
    text = text_of(document)
    for number in re.findall(r"\+\d[\d ]{8,}\d", text):
        assert number.startswith(FICTIONAL_BERLIN), number
    for domain in re.findall(r"@([\w-]+(?:\.[\w-]+)+)", text):
        assert domain.endswith(".example"), domain


def test_the_replaced_policy_and_its_replacement_name_each_other() -> None:
    assert "travel-policy-2026.md" in links_of("travel-policy-2023")
    assert "travel-policy-2023.md" in links_of("travel-policy-2026")
    assert "replaced" in text_of("travel-policy-2023")
    assert DOCUMENTS["travel-policy-2023"]["updated_at"] < DOCUMENTS["travel-policy-2026"]["updated_at"]


def test_ids_and_names_in_the_workspace_stand_once() -> None:
    entries = [WORKSPACE["team"], *WORKSPACE["people"], *WORKSPACE["groups"], *WORKSPACE["channels"]]
    ids = [entry["id"] for entry in entries]
    ids += [WORKSPACE["bot"][key] for key in ("app_id", "bot_id", "user_id")]
    handles = [entry["handle"] for entry in (*WORKSPACE["people"], *WORKSPACE["groups"], WORKSPACE["bot"])]
    names = [channel["name"] for channel in WORKSPACE["channels"]]
    for values in (ids, handles, names):
        assert len(values) == len(set(values))


def test_members_of_groups_and_channels_are_people_who_are_there() -> None:
    for listed in (*GROUPS.values(), *CHANNELS.values()):
        assert listed["members"]
        assert set(listed["members"]) <= set(PEOPLE), listed["id"]


def test_guests_are_in_no_group_and_only_in_channels_that_say_so() -> None:
    guests = {person["id"] for person in PEOPLE.values() if person.get("guest")}
    assert guests
    for group in GROUPS.values():
        assert guests.isdisjoint(group["members"])
    with_guests = {channel["id"] for channel in CHANNELS.values() if guests & set(channel["members"])}
    assert with_guests == {"C0FIELDTRIALS", "C0FERNHILL"}
    for channel in with_guests:
        assert re.search("guest|shared", CHANNELS[channel]["topic"], re.IGNORECASE)


def test_suggested_questions_can_be_asked_where_they_are_suggested() -> None:
    suggestions = WORKSPACE["suggestions"]
    assert suggestions[0]["text"] == "How many days of parental leave do I get in Germany?"
    for suggestion in suggestions:
        assert suggestion["where"] in {"channel", "dm"}
        if "channel" in suggestion:
            assert CHANNELS[suggestion["channel"]]["bot"], suggestion["text"]
