"""How answers are shown in Slack, put together."""

from bot.slack.agent_thread import Agents
from bot.slack.features import Features
from bot.slack.metering import ShownMeter
from bot.slack.native_stream import Streaming
from bot.slack.ports import EditBudget
from bot.slack.slack_agent import SlackAgent
from bot.slack.slack_streams import SlackStreams
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.surface import Surface
from wire.settings import Settings


def shown_in_slack(
    settings: Settings, workspace: SlackWorkspace, budget: EditBudget, *, meter: ShownMeter
) -> Surface:
    """What the messages of all answers in this workspace have in common."""
    features = Features()
    streaming = Streaming(
        streams=SlackStreams(workspace),
        mode=settings.slack_streaming,
        team=workspace.identity.team,
        features=features,
    )
    agents = Agents(agent=SlackAgent(workspace), budget=budget, features=features)
    return Surface(
        messages=workspace,
        budget=budget,
        streaming=streaming,
        agents=agents,
        asks_humans=settings.ask_human_channel is not None,
        meter=meter,
    )
