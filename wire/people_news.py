"""News of people and of who is where, told to every bot: what it remembers of them is asked for anew."""

from wire.shapes import Shape


class PeopleChanged(Shape):
    """Somebody's standing, a conversation's members, or the user groups are other ones now.

    Attributes:
        people: their ids.
        channels: conversations that other people read from now on.
        groups: whether any user group has changed.
    """

    people: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    groups: bool = False
