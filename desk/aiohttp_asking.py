"""One HTTP request and its answer, whatever it is: for whoever looks whether a service is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from json import loads
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from wire.errors import UnavailableError

ANSWER_WITHIN_S = 10.0
MOST_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came back.

    Attributes:
        body: its JSON object; empty where it is none.
    """

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]


async def ask_http(
    url: str, *, headers: Mapping[str, str], form: Mapping[str, str] | None = None, json: Any = None
) -> Answered:
    """POST a form or JSON, or GET where there is neither; redirects are not followed.

    Raises:
        UnavailableError: nobody answers there in time.
    """
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    method = "GET" if form is None and json is None else "POST"
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(
                method, url, headers=headers, data=form, json=json, allow_redirects=False
            ) as response,
        ):
            body = await _object(response)
            return Answered(status=response.status, headers=dict(response.headers), body=body)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise UnavailableError(f"nobody answers at {_place(url)}", service="http") from error


async def _object(response: aiohttp.ClientResponse) -> dict[str, Any]:
    read = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        read += chunk
        if len(read) > MOST_BYTES:
            response.close()
            return {}
    try:
        body = loads(read)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _place(url: str) -> str:
    """The address without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
