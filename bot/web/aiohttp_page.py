"""``/ask``: a small page that asks, to be used, embedded, or copied from. It holds no data and needs no key.

What it shows came from documents and a model: it becomes text, never markup, and the policy below lets
nothing run or load but the page's own files.
"""

from collections.abc import Collection
from importlib.resources import files

from aiohttp import web

KINDS = {
    "index.html": "text/html",
    "ask.js": "text/javascript",
    "answers.js": "text/javascript",
    "markdown.js": "text/javascript",
    "ask.css": "text/css",
    "icon.svg": "image/svg+xml",
}


def page_routes(*, origins: Collection[str]) -> list[web.RouteDef]:
    """The page and its files.

    Args:
        origins: of pages that may embed it, such as ``https://intranet.example.com``.
    """
    headers = {
        "Content-Security-Policy": _policy(origins),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return [
        _file("/ask" if name == "index.html" else f"/ask/{name}", name, kind, headers=headers)
        for name, kind in KINDS.items()
    ]


def _file(path: str, name: str, kind: str, *, headers: dict[str, str]) -> web.RouteDef:
    content = (files("bot.web") / "page" / name).read_bytes()

    async def send(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)

    return web.get(path, send)


def _policy(origins: Collection[str]) -> str:
    ours = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'"
    embedding = " ".join(["'self'", *origins])
    return f"{ours}; base-uri 'none'; form-action 'none'; frame-ancestors {embedding}"
