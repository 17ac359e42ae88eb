"""What a question means by "here" is the channel that its asker looks at, as far as Slack says so."""

from typing import Any

import pytest

from bot.slack.viewing import points_here, read_viewing


def entity(kind: str = "channel_id", value: Any = "C0TRAVEL", **more: Any) -> dict[str, Any]:
    return {"type": f"slack#/types/{kind}", "value": value, **more}


@pytest.mark.parametrize(
    ("entities", "viewing"),
    [
        ([entity()], "C0TRAVEL"),
        ([entity(team_id="T1"), entity(value="C0OTHER")], "C0TRAVEL"),
        ([entity("canvas_id", "F1"), entity()], "C0TRAVEL"),
        ([entity("message_context", {"channel_id": "G0TEAM", "message_ts": "1.2"})], "G0TEAM"),
        ([entity(value="D0INES")], None),
        ([entity(team_id="T2")], None),
        ([entity(value=["C0TRAVEL"]), entity("message_context", "C0TRAVEL"), {}, None, "C0TRAVEL"], None),
        ([entity(value="C0 <!channel>")], None),
        ([], None),
        (None, None),
        ("C0TRAVEL", None),
    ],
)
def test_it_is_the_first_channel_of_our_own_workspace(entities: Any, viewing: str | None) -> None:
    assert read_viewing({"app_context": {"entities": entities}}, team="T1") == viewing


@pytest.mark.parametrize("event", [{}, {"app_context": {}}, {"app_context": None}, {"app_context": "C1"}])
def test_without_it_nothing_is_meant(event: dict[str, Any]) -> None:
    assert read_viewing(event, team="T1") is None


@pytest.mark.parametrize(
    "text",
    ["Who decides that here?", "what is THIS channel about?", "Wer entscheidet hier?", "qui décide ici ?"],
)
def test_some_questions_point_there(text: str) -> None:
    assert points_here(text)


@pytest.mark.parametrize("text", ["Who decides that?", "What may I spend here in Lisbon?", "There? Where?"])
def test_others_do_not(text: str) -> None:
    assert not points_here(text)
