"""What a broken or hostile document is, and what must become of it."""

from collections.abc import Callable
from dataclasses import dataclass

MIB = 1024 * 1024
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(12)
)


@dataclass(frozen=True)
class Hostile:
    """A document made when it is asked for.

    Attributes:
        reason: part of what the sender is told; None where it is read after all.
        shows: part of what is then read.
    """

    name: str
    media_type: str
    make: Callable[[], bytes]
    reason: str | None = None
    shows: str = ""
