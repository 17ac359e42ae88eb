"""What administrators are told of quotas: ``quotas.low``."""

from typing import Literal

from wire.shapes import Shape


class QuotaLow(Shape):
    """Four fifths of a quota are used. Told once for each quota and each day or month of it.

    Attributes:
        scope: whose it is.
        name: the person (``T1:U2``), the group's id, or ``all`` for the workspace.
        period: which time it is for.
        begins: that day, or the month's first, such as ``2026-11-25``.
        used: tokens.
        limit: of so many.
    """

    scope: Literal["person", "group", "workspace"]
    name: str
    period: Literal["day", "month"]
    begins: str
    used: int
    limit: int
