"""A hold on a question, as a test keeps it."""

from collections.abc import Sequence

from bot.slack.agent_thread import Agents, AgentThread
from bot.slack.edit_budget import OwnEditBudget
from bot.slack.features import Features
from bot.slack.live_message import LiveMessage
from bot.slack.native_stream import Mode, Streaming
from bot.slack.slack_agent import SlackAgent
from bot.slack.slack_streams import SlackStreams
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.standing import Place, Standing
from sandbox.conversations import Message
from wire.questions import QuestionName


class Held:
    """Ours until a test says otherwise; keeps what was noted."""

    def __init__(self) -> None:
        self.ours = True
        self.noted: tuple[str, ...] = ()

    async def holds(self) -> bool:
        return self.ours

    async def note_messages(self, messages: tuple[str, ...]) -> None:
        self.noted = messages


def streaming(workspace: SlackWorkspace, mode: Mode) -> Streaming:
    return Streaming(
        streams=SlackStreams(workspace), mode=mode, team=workspace.identity.team, features=Features()
    )


def agent_thread(workspace: SlackWorkspace, under: Message) -> AgentThread:
    """What Slack shows of us in a message's thread."""
    agents = Agents(agent=SlackAgent(workspace), budget=OwnEditBudget(), features=Features())
    return AgentThread(agents, channel=under.channel, thread_ts=under.thread_ts or under.ts, asker=under.user)


def live_message(
    workspace: SlackWorkspace,
    under: Message,
    *,
    hold: Held,
    streamed: Streaming | None = None,
    agent: AgentThread | None = None,
    known: Sequence[str] = (),
) -> LiveMessage:
    """The answer to a message; ``known`` is what a replica that died had noted of it."""
    place = Place(
        channel=under.channel,
        thread_ts=under.thread_ts or under.ts,
        question=QuestionName(workspace.identity.team, under.channel, under.ts),
        asker=under.user,
    )
    standing = Standing(
        messages=workspace,
        budget=OwnEditBudget(),
        streaming=streamed or streaming(workspace, "edit"),
        place=place,
        hold=hold,
        known=known,
        more_may_stand=bool(known),
    )
    standing.its_turn = True
    return LiveMessage(standing=standing, agent=agent)
