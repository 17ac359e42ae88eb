"""What doctor asks over HTTP, whoever answers."""

from aiohttp import web
from aiohttp.test_utils import TestServer

from desk.aiohttp_asking import MOST_BYTES, ask_http


async def test_an_answer_without_an_end_is_not_read_to_it() -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            await response.write(b'{"a": "')
            while sent < 64 * MOST_BYTES:
                await response.write(b"x" * 65536)
                sent += 65536
        except ConnectionError:
            pass
        return response

    app = web.Application()
    app.router.add_get("/", endless)
    async with TestServer(app) as server:
        answered = await ask_http(str(server.make_url("/")), headers={})
    assert (answered.status, answered.body) == (200, {})
    assert sent < 16 * MOST_BYTES
