"""Who is let in: this machine's own names (no DNS rebinding), and for writing this very page.

What the state refuses becomes a sentence for the page.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.errors import SlackError

OWN_NAMES = ("127.0.0.1", "localhost", "::1")
POLICY = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self' ws:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_SENTENCES = {
    "no_text": "There is nothing to send. Write something first.",
    "msg_too_long": "This message is too long for Slack. Keep it under 40,000 characters.",
    "too_many_files": "A message takes ten files at most.",
    "file_too_large": "This file has more than 25 MB, which is all that the sandbox takes.",
    "not_in_channel": "You are not in this channel.",
    "channel_not_found": "There is no such channel, or you can't see it.",
    "thread_not_found": "The message that this would reply to is gone.",
    "cannot_reply_to_message": "This is a reply already. Answer in its thread.",
    "message_not_found": "This message is gone.",
    "action_not_found": "This is no longer there to be pressed.",
    "not_found": "This window is gone. Open it again.",
    "cant_update_message": "Only who wrote a message can edit it.",
    "cant_delete_message": "Only who wrote a message can delete it.",
    "already_reacted": "You have put this emoji there already.",
    "too_many_reactions": "There is no room for more emoji on this message.",
    "invalid_name": "There is no such emoji.",
    "user_not_found": "There is no such person here.",
}


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other machines' names and other sites' pages."""
    if urlsplit(f"//{request.host}").hostname not in OWN_NAMES:
        return web.Response(status=403, text="Open this page as http://127.0.0.1 or http://localhost.")
    origin = request.headers.get("Origin")
    if request.path.startswith("/page/") and origin is not None and origin != f"http://{request.host}":
        return web.Response(status=403, text="Only the sandbox's own page may do this.")
    response = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-cache"
    return response


@web.middleware
async def refusals_as_sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the state refuses, told to a page. The Web API answers for itself before this sees it."""
    try:
        return await handler(request)
    except SlackError as error:
        sentence = _SENTENCES.get(error.error) or "; ".join(error.messages) or f"Slack says: {error.error}."
        return web.json_response({"error": error.error, "message": sentence}, status=400)
