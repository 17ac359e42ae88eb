"""The one way tests wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")


@overload
async def until(seen: Callable[[], Awaitable[T]], *, within_s: float, every_s: float = ...) -> T: ...
@overload
async def until(seen: Callable[[], T], *, within_s: float, every_s: float = ...) -> T: ...
async def until(
    seen: Callable[[], Awaitable[T]] | Callable[[], T], *, within_s: float, every_s: float = 0.02
) -> T:
    """Wait until ``seen`` gives something true, and give it back.

    Raises:
        AssertionError: it did not come in time.
    """
    deadline = time.monotonic() + within_s
    while True:
        found = seen()
        value: T = await found if isinstance(found, Awaitable) else found
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {within_s} s; last seen: {value!r}")
        await asyncio.sleep(every_s)
