"""Label values that somebody else chooses, kept to a number (pure)."""

OTHERS = "other"
MOST = 100


class Bounded:
    """Lets the first hundred names through; all that come after them are ``other``.

    Any program may announce documents of a source that it makes up, and each new value of a label is another
    series for as long as the process lives.
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, name: str) -> str:
        """The label's value for this name."""
        if name not in self._known:
            if len(self._known) >= self._most:
                return OTHERS
            self._known.add(name)
        return name
