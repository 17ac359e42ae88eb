"""A question on its way from the bot's intake to whichever replica answers it, and what may stop it there."""

from dataclasses import dataclass

from pydantic import AwareDatetime

from wire.shapes import Shape


@dataclass(frozen=True)
class QuestionName:
    """What names a question: the message that asked it, and how often that was answered anew.

    As text, ``team:channel:ts:attempt``.
    """

    team: str
    channel: str
    ts: str
    attempt: int = 0

    def __str__(self) -> str:
        return f"{self.team}:{self.channel}:{self.ts}:{self.attempt}"

    @classmethod
    def read(cls, text: str) -> "QuestionName | None":
        """The name that this text is, if it is one."""
        match text.split(":"):
            case [team, channel, ts, attempt] if team and channel and ts and attempt.isdecimal():
                return cls(team, channel, ts, int(attempt))
        return None


class AskedFile(Shape):
    """A file that came with a question, by its id in Slack; what it is, Slack tells when it is read."""

    id: str
    name: str


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
    files: tuple[AskedFile, ...] = ()
    """What came with it."""
    asked_at: AwareDatetime
    attempt: int = 0
    """Grows each time the same message is to be answered anew."""
    viewing: str | None = None
    """The channel that the asker looked at beside our direct messages, where Slack said so."""
    goes_on: bool = False
    """Whether the answer of the attempt before this one broke off, and is to be gone on with."""

    @property
    def name(self) -> QuestionName:
        """The same for every redelivery and for Slack's twin events."""
        return QuestionName(self.team, self.channel, self.ts, self.attempt)

    @property
    def id(self) -> str:
        """Its name as text."""
        return str(self.name)

    @property
    def asker(self) -> str:
        """Who asked, such as ``T1:U2``."""
        return f"{self.team}:{self.user}"

    @property
    def direct(self) -> bool:
        """Whether it was asked in a direct message (an ``app_mention`` does not tell the channel's type)."""
        return self.channel.startswith("D")

    @property
    def thread(self) -> str:
        """The first message of the thread that the answer goes to."""
        return self.thread_ts or self.ts


class StopAsked(Shape):
    """Somebody wants an answer to stop; told to every replica, and heard by the one that writes it.

    Fields that are None match any answer in the channel.
    """

    channel: str
    thread_ts: str | None = None
    ts: str | None = None
    """The message that asked the question."""
    attempt: int | None = None
    by: str | None = None
    """Who wants it; None where the question itself is gone."""
    pressed: bool = False
    """By a button, which answers whoever may not press it; a word that is not for us is passed over."""
