"""Every method there is, by its name."""

from collections.abc import Callable
from typing import Any

from sandbox.methods import agents, chat, conversations, files, reactions, streams, users, views
from sandbox.methods.arguments import Arguments
from sandbox.workspace import Workspace

Method = Callable[[Workspace, Arguments], dict[str, Any]]

METHODS: dict[str, Method] = {
    "agents.sessions.rename": agents.sessions_rename,
    "agents.sessions.setStatus": agents.sessions_set_status,
    "assistant.threads.setStatus": agents.threads_set_status,
    "assistant.threads.setSuggestedPrompts": agents.threads_set_suggested_prompts,
    "assistant.threads.setTitle": agents.threads_set_title,
    "auth.test": users.auth_test,
    "chat.appendStream": streams.chat_append_stream,
    "chat.delete": chat.chat_delete,
    "chat.getPermalink": chat.chat_get_permalink,
    "chat.postEphemeral": chat.chat_post_ephemeral,
    "chat.postMessage": chat.chat_post_message,
    "chat.startStream": streams.chat_start_stream,
    "chat.stopStream": streams.chat_stop_stream,
    "chat.update": chat.chat_update,
    "conversations.history": conversations.conversations_history,
    "conversations.info": conversations.conversations_info,
    "conversations.list": conversations.conversations_list,
    "conversations.members": conversations.conversations_members,
    "conversations.open": conversations.conversations_open,
    "conversations.replies": conversations.conversations_replies,
    "files.info": files.files_info,
    "reactions.add": reactions.reactions_add,
    "reactions.get": reactions.reactions_get,
    "reactions.remove": reactions.reactions_remove,
    "usergroups.list": users.usergroups_list,
    "usergroups.users.list": users.usergroups_users_list,
    "users.conversations": conversations.users_conversations,
    "users.info": users.users_info,
    "users.list": users.users_list,
    "users.lookupByEmail": users.users_lookup_by_email,
    "views.open": views.views_open,
    "views.publish": views.views_publish,
    "views.push": views.views_push,
    "views.update": views.views_update,
}
