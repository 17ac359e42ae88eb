"""News of people and of who is where, told to every bot: what it remembers of them is asked for anew."""

from wire.shapes import Shape


class PeopleChanged(Shape):
    """Somebody's standing, a conversation's members, or the user groups are other ones now.

    Attributes:
        people: the ids of those who may be from outside, or may have become so.
        members: the ids of those who belong to the workspace, as Slack says with the news; each status that
            a calendar sets for somebody is such news.
        channels: conversations that other people read from now on.
        groups: whether any user group has changed.
    """

    people: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    groups: bool = False
