"""What people do with our pages, lists and modals, read from Slack's payloads (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PREFIX = "home_"
"""Begins every ``action_id`` and ``callback_id`` of ours here."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """Somebody pressed or chose something.

    Attributes:
        name: the ``action_id``, without its prefix.
        value: what the element carries, or what was chosen.
        answer_url: where Slack takes what is to stand in its message's place; empty in a view.
        view: the id of the modal or Home tab that it stands in; empty in a message.
        home: whether that is their Home tab.
        trigger: opens a modal, within 3 s.
        channel: where its message stands.
        message: the message's ``ts``.
        fleeting: whether that is one that only they see, and that can't be edited later.
    """

    name: str
    value: str
    user: str
    team: str
    answer_url: str = ""
    view: str = ""
    home: bool = False
    trigger: str = ""
    channel: str = ""
    message: str = ""
    fleeting: bool = False


@dataclass(frozen=True, kw_only=True)
class Submission:
    """Somebody submitted a modal.

    Attributes:
        name: its ``callback_id``, without its prefix.
        about: what the modal was given to carry along.
        fields: what stands in each field, by ``block_id``; as Slack writes it.
    """

    name: str
    about: str
    user: str
    team: str
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def text(self, block: str) -> str:
        """What was typed into a field."""
        return str(self._field(block).get("value") or "").strip()

    def chosen(self, block: str) -> tuple[str, ...]:
        """The values of what was chosen in a field of several."""
        return tuple(str(each["value"]) for each in self._field(block).get("selected_options") or ())

    def picked(self, block: str) -> str:
        """The value of what was chosen in a field of one; empty where nothing was."""
        return str((self._field(block).get("selected_option") or {}).get("value") or "")

    def _field(self, block: str) -> Mapping[str, Any]:
        return next(iter(self.fields.get(block, {}).values()), {})


def read_act(body: dict[str, Any]) -> Act | None:
    """The press in a ``block_actions`` payload, if it is one of ours."""
    if body.get("type") != "block_actions":
        return None
    for action in body.get("actions") or []:
        name = str(action.get("action_id") or "")
        if not name.startswith(PREFIX):
            continue
        view = body.get("view") or {}
        container = body.get("container") or {}
        chosen = action.get("selected_option") or {}
        return Act(
            name=name.removeprefix(PREFIX),
            value=str(chosen.get("value") or action.get("value") or ""),
            user=str(body["user"]["id"]),
            team=_team(body),
            answer_url=str(body.get("response_url") or ""),
            view=str(view.get("id") or ""),
            home=view.get("type") == "home",
            trigger=str(body.get("trigger_id") or ""),
            channel=str(container.get("channel_id") or ""),
            message=str(container.get("message_ts") or ""),
            fleeting=bool(container.get("is_ephemeral")),
        )
    return None


def read_submission(body: dict[str, Any]) -> Submission | None:
    """The modal in a ``view_submission`` payload, if it is one of ours."""
    view = body.get("view") or {}
    name = str(view.get("callback_id") or "")
    if body.get("type") != "view_submission" or not name.startswith(PREFIX):
        return None
    return Submission(
        name=name.removeprefix(PREFIX),
        about=str(view.get("private_metadata") or ""),
        user=str(body["user"]["id"]),
        team=_team(body),
        fields=(view.get("state") or {}).get("values") or {},
    )


def read_home_opened(body: dict[str, Any]) -> str | None:
    """Who opened their Home tab, if this event says so."""
    event = body.get("event") or {}
    if event.get("type") != "app_home_opened" or event.get("tab") != "home":
        return None
    return str(event.get("user") or "") or None


def _team(body: dict[str, Any]) -> str:
    return str((body.get("team") or {}).get("id") or (body.get("user") or {}).get("team_id") or "")
