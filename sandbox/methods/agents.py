"""``assistant.threads.*`` and ``agents.sessions.*``: what an agent shows beside its messages."""

from typing import Any, cast, get_args

from sandbox.agents import AgentThread, Prompts, SessionStatus
from sandbox.changes import AgentChanged
from sandbox.conversations import Conversation
from sandbox.errors import SlackError
from sandbox.methods.arguments import Arguments
from sandbox.workspace import Workspace

Json = dict[str, Any]

MOST_PROMPTS = 4
MOST_LOADING_MESSAGES = 10
MOST_LOADING_CHARS = 50
MOST_TITLE_CHARS = 200
UNHEARD = "missing_agent_session_stopped_event_subscription"


def threads_set_status(workspace: Workspace, arguments: Arguments) -> Json:
    """What the agent is doing; empty: nothing."""
    conversation, thread_ts = _thread(workspace, arguments)
    status = arguments.text("status", "")
    loading = arguments.json("loading_messages", otherwise="invalid_arguments") or []
    texts = isinstance(loading, list) and all(isinstance(text, str) for text in loading)
    if not texts or len(loading) > MOST_LOADING_MESSAGES:
        raise SlackError("invalid_arguments", messages=("[ERROR] invalid `loading_messages`",))
    if not all(1 <= len(text) <= MOST_LOADING_CHARS for text in loading):
        raise SlackError("invalid_arguments", messages=("[ERROR] invalid `loading_messages`",))
    now_s = workspace.now()
    workspace.agents.set_status(conversation.id, thread_ts, status, tuple(loading), now_s=now_s)
    workspace.emit(AgentChanged(channel=conversation.id))
    return {}


def threads_set_title(workspace: Workspace, arguments: Arguments) -> Json:
    """What the thread is about, for the list of threads."""
    _check_agent(workspace)
    conversation, thread_ts = _thread(workspace, arguments)
    workspace.agents.thread(conversation.id, thread_ts).title = arguments.text("title")
    workspace.emit(AgentChanged(channel=conversation.id))
    return {}


def threads_set_suggested_prompts(workspace: Workspace, arguments: Arguments) -> Json:
    """Up to four questions to pick from; with a ``thread_ts`` Slack tells an agent ok and shows nothing."""
    _check_agent(workspace)
    conversation = _conversation(workspace, arguments)
    prompts = arguments.json("prompts", otherwise="invalid_arguments")
    if (
        not isinstance(prompts, list)
        or not 1 <= len(prompts) <= MOST_PROMPTS
        or not all(map(_is_prompt, prompts))
    ):
        raise SlackError("invalid_arguments", messages=("[ERROR] invalid `prompts`",))
    if "thread_ts" not in arguments:
        title = arguments.text("title", "")
        workspace.agents.prompts[conversation.id] = Prompts(title=title, prompts=tuple(prompts))
        workspace.emit(AgentChanged(channel=conversation.id))
    return {}


def sessions_set_status(workspace: Workspace, arguments: Arguments) -> Json:
    """How far a session is; while it is ``processing`` people see a Stop button, if the app hears of it."""
    if not workspace.bot.agent:
        raise SlackError("feature_disabled")
    conversation = _conversation(workspace, arguments, outside="not_authorized")
    if "thread_ts" not in arguments:
        raise SlackError("thread_ts_required")
    initiator = arguments.optional("initiator_user_id")
    if initiator is not None and initiator not in conversation.members:
        raise SlackError("user_not_found")
    title = arguments.text("title", "")
    if len(title) > MOST_TITLE_CHARS:
        raise SlackError("invalid_arguments", messages=("[ERROR] invalid `title`",))
    thread_ts = arguments.text("thread_ts")
    known = workspace.agents.thread(conversation.id, thread_ts).session is not None
    thread = set_session(workspace, conversation.id, thread_ts, arguments.text("status"))
    if title and not known:
        thread.title = title
    answer: Json = {"status": thread.session, "agent_status": thread.session}
    if thread.title:
        answer["title"] = thread.title
    if not workspace.bot.stops:
        answer |= {"warning": UNHEARD, "response_metadata": {"warnings": [UNHEARD]}}
    return answer


def sessions_rename(workspace: Workspace, arguments: Arguments) -> Json:
    """Another title for a session."""
    if not workspace.bot.agent:
        raise SlackError("feature_disabled")
    conversation = _conversation(workspace, arguments, outside="not_authorized")
    if "thread_ts" not in arguments:
        raise SlackError("thread_ts_required")
    title = arguments.text("title")
    if len(title) > MOST_TITLE_CHARS:
        raise SlackError("invalid_arguments", messages=("[ERROR] invalid `title`",))
    thread = workspace.agents.thread(conversation.id, arguments.text("thread_ts"))
    if thread.session is None:
        raise SlackError("session_not_found")
    thread.title = title
    workspace.emit(AgentChanged(channel=conversation.id))
    return {"title": title}


def set_session(workspace: Workspace, channel: str, thread_ts: str, status: str) -> AgentThread:
    """Put a session's status in place.

    Raises:
        SlackError: ``invalid_status``.
    """
    if status not in get_args(SessionStatus):
        raise SlackError("invalid_status")
    thread = workspace.agents.thread(channel, thread_ts)
    thread.session = cast(SessionStatus, status)
    workspace.emit(AgentChanged(channel=channel))
    return thread


def _check_agent(workspace: Workspace) -> None:
    if not workspace.bot.agent:
        raise SlackError("not_agent_app")


def _conversation(
    workspace: Workspace, arguments: Arguments, *, outside: str = "channel_not_found"
) -> Conversation:
    channel, bot = arguments.text("channel_id"), workspace.bot.user_id
    conversation = workspace.conversation(channel, seen_by=bot)
    if bot not in conversation.members:
        raise SlackError(outside)
    return conversation


def _thread(workspace: Workspace, arguments: Arguments) -> tuple[Conversation, str]:
    conversation = _conversation(workspace, arguments)
    thread_ts = arguments.text("thread_ts")
    if thread_ts not in conversation.messages:
        raise SlackError("invalid_thread_ts")
    return conversation, thread_ts


def _is_prompt(prompt: object) -> bool:
    return isinstance(prompt, dict) and all(
        isinstance(prompt.get(name), str) and prompt[name] for name in ("title", "message")
    )
