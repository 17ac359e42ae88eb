"""Which events say that who reads what is not what it was."""

from typing import Any

import pytest

from bot.slack.people_events import read_people_changed
from wire.people_news import PeopleChanged


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        ({"type": "user_change", "user": {"id": "U1"}}, PeopleChanged(people=("U1",))),
        ({"type": "user_change", "user": {"id": "U1", "team_id": "T2"}}, PeopleChanged(people=("U1",))),
        ({"type": "user_change", "user": {"id": "U1", "team_id": "T1"}}, PeopleChanged(members=("U1",))),
        (
            {"type": "user_change", "user": {"id": "U1", "team_id": "T1", "is_restricted": True}},
            PeopleChanged(people=("U1",)),
        ),
        ({"type": "team_join", "user": {"id": "U1"}}, PeopleChanged(people=("U1",))),
        ({"type": "member_joined_channel", "channel": "C1", "user": "U1"}, PeopleChanged(channels=("C1",))),
        ({"type": "member_left_channel", "channel": "C1", "user": "U1"}, PeopleChanged(channels=("C1",))),
        ({"type": "channel_shared", "channel": "C1"}, PeopleChanged(channels=("C1",))),
        ({"type": "channel_unshared", "channel": "C1"}, PeopleChanged(channels=("C1",))),
        (
            {"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C1"},
            PeopleChanged(channels=("G1", "C1")),
        ),
        ({"type": "subteam_created"}, PeopleChanged(groups=True)),
        ({"type": "subteam_updated"}, PeopleChanged(groups=True)),
        ({"type": "subteam_members_changed"}, PeopleChanged(groups=True)),
        ({"type": "subteam_self_added"}, PeopleChanged(groups=True)),
        ({"type": "subteam_self_removed"}, PeopleChanged(groups=True)),
        ({"type": "message", "channel": "C1"}, None),
        ({}, None),
    ],
)
def test_an_event_is_news_of_those_it_names(event: dict[str, Any], changed: PeopleChanged | None) -> None:
    assert read_people_changed(event, team="T1") == changed
