"""A company just big enough: two people, a guest, a stranger, and a channel of each kind."""

from itertools import count
from pathlib import Path

from sandbox.changes import Change, Changed
from sandbox.company import Company, read_company
from sandbox.conversations import Message
from sandbox.workspace import Workspace

WORKSPACE = """
[team]
id = "T0SMALL"
name = "Small"
domain = "small"

[[partners]]
id = "T0PARTNER"
name = "Partner"
domain = "partner"

[bot]
app_id = "A0DESK"
bot_id = "B0DESK"
user_id = "U0DESK"
name = "Answerdesk"
handle = "answerdesk"

[[people]]
id = "U0ANNA"
handle = "anna"
name = "Anna Berg"
title = "Engineer"
email = "anna@small.example"
admin = true

[[people]]
id = "U0BEN"
handle = "ben"
name = "Ben Ode"

[[people]]
id = "U0GUS"
handle = "gus"
name = "Gus Far"
guest = true

[[people]]
id = "U0FAY"
handle = "fay"
name = "Fay Roe"
email = "fay@partner.example"
team = "T0PARTNER"

[[groups]]
id = "S0ONCALL"
handle = "on-call"
name = "On call"
members = ["U0ANNA"]

[[channels]]
id = "C0GENERAL"
name = "general"
topic = "Everything"
members = ["*"]
bot = true

[[channels]]
id = "C0SECRET"
name = "secret"
private = true
members = ["U0ANNA"]

[[channels]]
id = "C0TEAM"
name = "team"
private = true
members = ["U0ANNA", "U0BEN"]
bot = true

[[channels]]
id = "C0GROUP"
name = "mpdm-anna--ben--answerdesk-1"
group_message = true
members = ["U0ANNA", "U0BEN"]
bot = true

[[channels]]
id = "C0QUIET"
name = "quiet"
members = ["U0ANNA"]

[[channels]]
id = "C0PARTNER"
name = "partner"
members = ["U0ANNA", "U0GUS", "U0FAY"]
bot = true
external = true

[[commands]]
command = "/ask"
description = "Ask in private"
usage_hint = "[question]"

[[commands]]
command = "/name"
description = "Names people"
escape = true

[[shortcuts]]
type = "message"
name = "Answer this"
callback_id = "answer_this"

[[shortcuts]]
type = "global"
name = "Ask"
callback_id = "ask_anywhere"

[[suggestions]]
text = "How much leave do I get?"
where = "channel"

[[suggestions]]
text = "What may I spend?"
where = "dm"
"""


def write_company(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workspace.toml").write_text(WORKSPACE)
    handbook = folder / "handbook"
    handbook.mkdir(exist_ok=True)
    (handbook / "handbook.toml").write_text(
        '[leave]\ntitle = "Leave <policy>"\nallow = ["public"]\n'
        'updated_at = 2026-10-01T09:00:00Z\nowner = "People"\n'
    )
    (handbook / "leave.md").write_text("# Leave\n\nSee [sick leave](sick.md). <script>alert(1)</script>\n")
    return folder


def small_company(folder: Path) -> Company:
    return read_company(write_company(folder))


class Told:
    """A workspace and everything that it told."""

    def __init__(self, company: Company) -> None:
        self.changes: list[Change] = []
        ticks = count(1_800_000_000)
        self.workspace = Workspace(company, now=lambda: float(next(ticks)), emit=self.changes.append)

    def posted(
        self, text: str = "hello", *, channel: str = "C0GENERAL", thread_ts: str | None = None
    ) -> Message:
        """The app posts."""
        conversation = self.workspace.conversations[channel]
        return self.workspace.post(conversation, text=text, blocks=[], thread_ts=thread_ts)

    def said(
        self,
        text: str = "hello",
        *,
        user: str = "U0ANNA",
        channel: str = "C0GENERAL",
        thread_ts: str | None = None,
    ) -> Message:
        """A person writes."""
        return self.workspace.say(user=user, channel=channel, text=text, thread_ts=thread_ts)

    @property
    def last(self) -> Changed:
        """The newest change of a message."""
        change = self.changes[-1]
        assert isinstance(change, Changed)
        return change
