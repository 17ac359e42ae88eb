"""How much a JetStream stream holds, and how old the oldest of it is."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nats.aio.client import Client

from wire.errors import UnavailableError
from wire.nats_connection import FAULTS

LOOK_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What a stream holds.

    Attributes:
        messages: how many.
        oldest: when the first of them was stored; None where there is none.
    """

    messages: int
    oldest: datetime | None

    def age_s(self) -> float:
        """The oldest one's age; 0 where there is none."""
        return 0.0 if self.oldest is None else max(0.0, (datetime.now(UTC) - self.oldest).total_seconds())


async def depth(client: Client, stream: str) -> Depth:
    """Ask the stream.

    Raises:
        UnavailableError: NATS does not answer properly in time.
    """
    try:
        answer = await client.request(f"$JS.API.STREAM.INFO.{stream}", timeout=LOOK_WITHIN_S)
        # nats-py's StreamState leaves out the first message's time.
        state: dict[str, Any] = json.loads(answer.data)["state"]
        messages = int(state["messages"])
        oldest = datetime.fromisoformat(state["first_ts"]) if messages else None
    except (*FAULTS, KeyError) as error:
        raise UnavailableError(f"the stream {stream} does not answer", service="nats") from error
    return Depth(messages=messages, oldest=oldest)
