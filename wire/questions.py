"""A question on its way from the bot's intake to whichever replica answers it."""

from pydantic import AwareDatetime

from wire.shapes import Shape


class QuestionAsked(Shape):
    """What Slack's event said, kept in JetStream before Slack is told that it arrived."""

    team: str
    channel: str
    ts: str
    thread_ts: str | None = None
    """The thread's first message, where the question was asked inside a thread."""
    user: str
    text: str
    """As Slack sent it, mentions still as ids."""
    external: bool | None = None
    """Whether other companies are in the channel; None where the event did not say."""
    asked_at: AwareDatetime
    attempt: int = 0
    """Grows each time the same message is to be answered anew."""

    @property
    def id(self) -> str:
        """Names the question: the same for every redelivery and for Slack's twin events."""
        return f"{self.team}:{self.channel}:{self.ts}:{self.attempt}"

    @property
    def direct(self) -> bool:
        """Whether it was asked in a direct message (an ``app_mention`` does not tell the channel's type)."""
        return self.channel.startswith("D")

    @property
    def thread(self) -> str:
        """The first message of the thread that the answer goes to."""
        return self.thread_ts or self.ts
