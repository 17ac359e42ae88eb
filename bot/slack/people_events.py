"""Which of Slack's events say that others read what we write, or that people may read other things (pure)."""

from typing import Any

from bot.slack.slack_answers import read_person
from wire.people_news import PeopleChanged


def read_people_changed(event: dict[str, Any], *, team: str) -> PeopleChanged | None:
    """What has changed, if an event says so, as seen from our workspace."""
    match event.get("type"):
        case "user_change" | "team_join":
            user = event.get("user") or {}
            named = (str(user.get("id") or ""),)
            if not named[0] or read_person(user, team).outside:
                return PeopleChanged(people=named)
            return PeopleChanged(members=named)
        case "member_joined_channel" | "member_left_channel" | "channel_shared" | "channel_unshared":
            return PeopleChanged(channels=(str(event.get("channel") or ""),))
        case "channel_id_changed":
            ids = (event.get("old_channel_id"), event.get("new_channel_id"))
            return PeopleChanged(channels=tuple(str(each) for each in ids if each))
        case (
            "subteam_created"
            | "subteam_updated"
            | "subteam_members_changed"
            | "subteam_self_added"
            | "subteam_self_removed"
        ):
            return PeopleChanged(groups=True)
    return None
