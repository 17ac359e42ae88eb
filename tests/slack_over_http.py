"""Requests that are signed as Slack signs them, or not quite."""

import time

from sandbox.http_mode import FORM, JSON, signature

SECRET = "a-signing-secret-of-slack"


def signed(
    body: str, *, form: bool = False, secret: str = SECRET, age_s: float = 0.0, at: str | None = None
) -> dict[str, str]:
    """The headers that Slack would send with this body."""
    timestamp = at if at is not None else str(int(time.time() - age_s))
    return {
        "Content-Type": FORM if form else JSON,
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(body, secret=secret, timestamp=timestamp),
    }
