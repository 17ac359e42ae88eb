// What this person sees, and what has changed about it. No elements here.

export const STATUS_TURN_MS = 2500; // how long each loading message stands

/** Holds the state that the server sent and keeps it true as frames come in. */
export class Store {
  constructor() {
    this.ready = false;
    this.unread = new Map();
    this.pending = [];
    this.drafts = new Map();
  }

  /** Take a whole state: at the start, after a broken connection, and when a person changes. */
  reset(state) {
    this.ready = true;
    if (this.me !== state.me) {
      this.unread = new Map();
      this.pending = [];
    }
    this.me = state.me;
    this.team = state.team;
    this.app = state.app;
    this.users = new Map(state.users.map((user, place) => [user.id, { ...user, place }]));
    this.groups = new Map(state.groups.map((group) => [group.id, group]));
    this.channels = new Map(state.channels.map((channel) => [channel.id, channel]));
    this.channelNames = new Map(Object.entries(state.channel_names));
    this.suggestions = state.suggestions;
    this.commands = state.commands;
    this.shortcuts = state.shortcuts;
    this.agents = new Map(Object.entries(state.agents));
    this.views = state.views;
    this.messages = new Map(
      Object.entries(state.messages).map(([id, list]) => [id, new Map(list.map((message) => [message.ts, message]))]),
    );
    for (const channel of state.channels) this.channelNames.set(channel.id, channel.name);
  }

  /** Take one change; gives the message that was new, if there was one. */
  take(frame) {
    if (frame.type === "state") return this.reset(frame.state);
    if (frame.type === "app") {
      this.app.sockets = frame.sockets;
      return null;
    }
    if (frame.type === "views") {
      this.views = frame.views;
      return null;
    }
    if (frame.type === "agent") {
      this.agents.set(frame.channel, frame.agent);
      return null;
    }
    const { message } = frame;
    const messages = this.messages.get(message.channel);
    if (!messages) return null;
    if (frame.type === "deleted") {
      messages.delete(message.ts);
      return null;
    }
    const isNew = frame.type === "posted" && !messages.has(message.ts);
    const late = !messages.has(message.ts) && message.ts < ([...messages.keys()].at(-1) ?? "");
    messages.set(message.ts, message);
    if (late) this.messages.set(message.channel, new Map([...messages].sort(([one], [other]) => (one < other ? -1 : 1))));
    if (isNew && message.user === this.me) this.settle(message);
    return isNew ? message : null;
  }

  /** Show a text at once, before the server has it. */
  expect(channel, thread, text, files = []) {
    const pending = { key: `pending-${Math.random()}`, channel, thread, text, files, at: Date.now() / 1000 };
    this.pending.push(pending);
    return pending;
  }

  /** A pending text is there now. */
  settle(message) {
    const index = this.pending.findIndex((each) => each.channel === message.channel && each.thread === (message.thread_ts ?? null));
    if (index >= 0) this.pending.splice(index, 1);
  }

  forget(pending) {
    this.pending = this.pending.filter((each) => each !== pending);
  }

  /** What stands in a channel: messages, replies that were sent to the channel too, and what is on its way. */
  timeline(channel) {
    const all = [...(this.messages.get(channel)?.values() ?? [])];
    return all.filter((message) => !isReply(message) || message.subtype === "thread_broadcast");
  }

  /** A thread: its first message, then the replies. */
  thread(channel, ts) {
    const all = [...(this.messages.get(channel)?.values() ?? [])];
    return all.filter((message) => message.ts === ts || (isReply(message) && message.thread_ts === ts));
  }

  message(channel, ts) {
    return this.messages.get(channel)?.get(ts);
  }

  pendingIn(channel, thread) {
    return this.pending.filter((each) => each.channel === channel && each.thread === thread);
  }

  /** What the agent says of a thread: {status, loading_messages, title, stop}, or nothing. */
  agentThread(channel, ts) {
    return this.agents.get(channel)?.threads[ts];
  }

  /** What the agent is doing in a thread, as Slack says it: its loading messages take turns. */
  status(channel, ts, now) {
    const thread = this.agentThread(channel, ts);
    if (!thread?.status) return "";
    const turns = thread.loading_messages;
    return turns.length ? turns[Math.floor(now / STATUS_TURN_MS) % turns.length] : `${this.app.name} ${thread.status}`;
  }

  /** The direct messages with the app. */
  get direct() {
    return [...this.channels.values()].find((channel) => channel.kind === "im");
  }

  /** How the drawing code looks up names. */
  get names() {
    return {
      me: this.me,
      user: (id) => this.users.get(id),
      group: (id) => this.groups.get(id),
      channel: (id) => this.channelNames.get(id),
      mayOpen: (id) => this.channels.has(id),
      people: () => [...this.users.values()].map((user) => ({ value: user.id, text: { text: user.name } })),
      channels: (kind) =>
        [...this.channels.values()]
          .filter((channel) => !kind || channel.kind === kind)
          .map((channel) => ({ value: channel.id, text: { text: { im: this.app.name, mpim: channel.name }[channel.kind] ?? `#${channel.name}` } })),
    };
  }

  /** Questions that fit a conversation: what the app suggests there, or ours, the channel's own ones first. */
  suggestionsFor(channel) {
    if (!channel.app) return [];
    const prompts = this.agents.get(channel.id)?.prompts;
    if (prompts) return prompts.prompts.map(({ title, message }) => ({ text: message, title }));
    const where = channel.kind === "im" ? "dm" : "channel";
    const fitting = this.suggestions.filter((each) => each.where === where && (!each.channel || each.channel === channel.id));
    return fitting.sort((one, other) => Number(Boolean(other.channel)) - Number(Boolean(one.channel)));
  }
}

export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}
