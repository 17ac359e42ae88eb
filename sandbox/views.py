"""The modals that people have open, up to three over each other, and everybody's Home tab. Pure."""

import uuid
from collections import deque
from typing import Any

from sandbox.company import Bot
from sandbox.conversations import with_ids
from sandbox.errors import SlackError
from sandbox.inputs import Typed, state_of

Json = dict[str, Any]

MOST_VIEWS = 3
"""The root and two that are pushed over it (Slack's page on modals)."""
STILL_SEEN = 100
"""Contents that were replaced a moment ago, and that somebody may still have before them."""


class Views:
    """Each view as Slack writes it."""

    def __init__(self, *, bot: Bot, team: str) -> None:
        self.stacks: dict[str, list[Json]] = {}
        """By person, the root first; what lies over it hides it."""
        self.homes: dict[str, Json] = {}
        """By person."""
        self._replaced: deque[tuple[str, list[Json]]] = deque(maxlen=STILL_SEEN)
        """By the view's id, the newest first."""
        self._bot = bot
        self._team = team

    def open(self, user: str, view: Json, *, now_s: float) -> Json:
        """A new modal, in the place of any that is open.

        Raises:
            SlackError: ``duplicate_external_id``.
        """
        whole = self._whole(view, now_s=now_s)
        self.stacks[user] = [whole]
        return whole

    def push(self, user: str, view: Json, *, now_s: float) -> Json:
        """A modal over the one that is open.

        Raises:
            SlackError: ``not_found`` (nothing is open), ``push_limit_reached``, ``duplicate_external_id``.
        """
        stack = self.stacks.get(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= MOST_VIEWS:
            raise SlackError("push_limit_reached")
        whole = self._whole(view, now_s=now_s)
        whole |= {"root_view_id": stack[0]["id"], "previous_view_id": stack[-1]["id"]}
        stack.append(whole)
        return whole

    def update(self, found: Json, view: Json, *, hash_: str | None, now_s: float) -> Json:
        """Put another content into a view; what a person typed into fields that stay is kept.

        Raises:
            SlackError: ``hash_conflict``, ``duplicate_external_id``.
        """
        if hash_ is not None and hash_ != found["hash"]:
            raise SlackError("hash_conflict")
        whole = self._whole(view, now_s=now_s, instead_of=found)
        for block_id, fields in whole["state"]["values"].items():
            for action_id in fields:
                kept = found["state"]["values"].get(block_id, {}).get(action_id)
                if kept is not None and kept["type"] == fields[action_id]["type"]:
                    fields[action_id] = kept
        self._replaced.appendleft((found["id"], found["blocks"]))
        found.clear()
        found.update(whole)
        return found

    def publish(self, user: str, view: Json, *, hash_: str | None, now_s: float) -> Json:
        """Put a person's Home tab in place.

        Raises:
            SlackError: ``hash_conflict``, ``duplicate_external_id``.
        """
        known = self.homes.get(user)
        if known is not None:
            return self.update(known, view, hash_=hash_, now_s=now_s)
        if hash_ is not None:
            raise SlackError("hash_conflict")
        self.homes[user] = self._whole(view, now_s=now_s)
        return self.homes[user]

    def close(self, user: str, view: Json, *, everything: bool = False) -> list[Json]:
        """Take a modal away with what lies over it, or all; gives those that went, the top one first."""
        stack = self.stacks.get(user, [])
        places = [0] if everything else [place for place, each in enumerate(stack) if each is view]
        gone = stack[places[0] :] if places else []
        del stack[len(stack) - len(gone) :]
        return gone[::-1]

    def find(self, *, view_id: str | None = None, external_id: str | None = None) -> tuple[str, Json]:
        """A view by one of its names, with the person who sees it.

        Raises:
            SlackError: ``not_found``.
        """
        for user, view in self._all():
            if (view_id and view["id"] == view_id) or (external_id and view["external_id"] == external_id):
                return user, view
        raise SlackError("not_found")

    def modal(self, user: str) -> Json | None:
        """The modal that a person has before them."""
        return next(iter(self.stacks.get(user, [])[-1:]), None)

    def seen(self, user: str, view_id: str, *, types: tuple[str, ...] = ("modal",)) -> Json:
        """A view of these ``types`` that a person has before them.

        Raises:
            SlackError: ``not_found``.
        """
        for view in (self.modal(user), self.homes.get(user)):
            if view is not None and view["id"] == view_id and view["type"] in types:
                return view
        raise SlackError("not_found")

    def drawn(self, view: Json) -> list[Json]:
        """Its blocks, and those that were there before: a use of one may cross with the app's update."""
        before = [block for view_id, blocks in self._replaced if view_id == view["id"] for block in blocks]
        return [*view["blocks"], *before]

    @staticmethod
    def fill(view: Json, typed: Typed) -> None:
        """Keep what stands in its fields now."""
        view["state"] = {"values": state_of(view["blocks"], typed)}

    def _all(self) -> list[tuple[str, Json]]:
        modals = [(user, view) for user, stack in self.stacks.items() for view in stack]
        return [*modals, *self.homes.items()]

    def _whole(self, view: Json, *, now_s: float, instead_of: Json | None = None) -> Json:
        external_id = view.get("external_id", "")
        taken = {other["external_id"] for _, other in self._all() if other is not instead_of}
        if external_id and external_id in taken:
            raise SlackError("duplicate_external_id")
        blocks = with_ids(view["blocks"])
        identifier = instead_of["id"] if instead_of else f"V{uuid.uuid4().hex[:10].upper()}"
        return {
            "id": identifier,
            "team_id": self._team,
            "type": view["type"],
            "title": view.get("title"),
            "close": view.get("close"),
            "submit": view.get("submit"),
            "blocks": blocks,
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "external_id": external_id,
            "state": {"values": state_of(blocks, {})},
            "hash": f"{int(now_s)}.{uuid.uuid4().hex[:8]}",
            "clear_on_close": view.get("clear_on_close", False),
            "notify_on_close": view.get("notify_on_close", False),
            "root_view_id": instead_of["root_view_id"] if instead_of else identifier,
            "previous_view_id": instead_of["previous_view_id"] if instead_of else None,
            "app_id": self._bot.app_id,
            "app_installed_team_id": self._team,
            "bot_id": self._bot.bot_id,
        }
