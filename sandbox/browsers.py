"""One browser that looks on: a queue of what it has yet to be told, and its WebSocket."""

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import web

MOST_FRAMES = 2_000
"""How far a browser may be behind before it is cut off; it comes back and gets the state anew."""
SEND_WITHIN_S = 10.0


class Browser:
    """A person's page, open somewhere."""

    def __init__(self, user: str, stream: web.WebSocketResponse) -> None:
        self.user = user
        self._stream = stream
        self._frames: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(MOST_FRAMES)

    def offer(self, frame: dict[str, Any]) -> None:
        """Tell it next, after what it has yet to be told."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.cut()

    def cut(self) -> None:
        """End the connection; a page that still lives comes back by itself."""
        while not self._frames.empty():
            self._frames.get_nowait()
        self._frames.put_nowait(None)

    async def serve(self) -> None:
        """Tell it everything until it goes or is cut off."""
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(self._send())
            async for _ in self._stream:
                """A page has nothing to say here; this waits for it to go."""
            sending.cancel()

    async def _send(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            while (frame := await self._frames.get()) is not None:
                async with asyncio.timeout(SEND_WITHIN_S):
                    await self._stream.send_json(frame)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._stream.close(code=1001, message=b"come back")
