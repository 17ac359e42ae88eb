// Lists of messages: avatars, names, times, day dividers, threads.

import { blocksOf } from "./blocks.js";
import { h, icon } from "./dom.js";
import { reactions, tools } from "./message_menu.js";
import { link, mrkdwn } from "./mrkdwn.js";
import { isReply } from "./store.js";

const TOGETHER_S = 5 * 60; // messages of one person this close share one head, as in Slack
const TINTS = 8;

/** Items for a keyed list: messages with dividers between days, then what is still on its way. */
export function items(messages, pending, store, { thread = null } = {}) {
  const list = [];
  let before = null;
  for (const message of messages) {
    const day = dayOf(message.ts);
    if (!before || dayOf(before.ts) !== day) list.push(dayItem(day));
    const joined = before && goesWith(before, message, day);
    list.push(messageItem(message, store, { joined: Boolean(joined), thread }));
    before = message;
    if (thread && message.ts === thread) {
      list.push(countItem(message.reply_count ?? 0));
      before = null;
    }
  }
  const inThread = thread ? list.filter((item) => !item.key.startsWith("day-")) : list;
  const working = thread ? statusItem(store.status(messages[0]?.channel, thread, Date.now())) : [];
  return [...inThread, ...pending.map((each) => pendingItem(each, store)), ...working];
}

function goesWith(before, message, day) {
  return (
    before.user === message.user &&
    dayOf(before.ts) === day &&
    Number(message.ts) - Number(before.ts) < TOGETHER_S &&
    !before.is_ephemeral &&
    !message.is_ephemeral &&
    message.subtype !== "thread_broadcast"
  );
}

function messageItem(message, store, { joined, thread }) {
  return {
    key: message.ts,
    stamp: [message, joined, thread, store.users, thread ? "" : store.status(message.channel, message.ts, Date.now())],
    build: () => messageOf(message, store, { joined, thread }),
  };
}

function messageOf(message, store, { joined, thread }) {
  const user = store.users.get(message.user) ?? { id: message.user, name: message.user === "USLACKBOT" && message.is_ephemeral ? "Slackbot" : "Deleted message", bot: false };
  const inThread = thread !== null;
  return h(
    "li",
    {
      class: ["message", joined && "joined", message.is_ephemeral && "whisper", message.subtype === "tombstone" && "tombstone",
        message.streaming_state === "in_progress" && "streaming"].filter(Boolean).join(" "),
      "data-testid": "message",
      "data-ts": message.ts,
      "data-user": message.user,
      "data-app": user.bot,
      "aria-label": `${user.name}, ${clock(message.ts)}`,
    },
    h("div", { class: "gutter" }, joined ? h("time", { class: "quiet-time" }, clock(message.ts)) : avatar(user)),
    h(
      "div",
      { class: "content" },
      message.is_ephemeral ? h("div", { class: "only-you" }, "Only visible to you") : null,
      !inThread && isReply(message) ? h("div", { class: "only-you" }, "replied to a thread") : null,
      joined ? null : head(user, message.ts),
      h("div", { class: "body" }, body(message, store), message.edited ? h("span", { class: "edited" }, "(edited)") : null),
      message.files?.length ? h("div", { class: "files" }, message.files.map((file) => fileChip(file))) : null,
      message.attachments?.length ? h("div", { class: "previews" }, message.attachments.map(preview)) : null,
      reactions(message, store),
      !inThread && message.reply_count ? replies(message, store) : null,
      inThread ? null : statusOf(store.status(message.channel, message.ts, Date.now())),
    ),
    message.is_ephemeral || message.subtype === "tombstone" ? null : tools(message, { mayReply: !inThread && !isReply(message) }),
  );
}

/** What the agent is doing: in the thread as its last line, in the channel under the question. */
function statusOf(status) {
  return status ? h("div", { class: "status", role: "status", "data-testid": "status" }, status) : null;
}

function statusItem(status) {
  return status ? [{ key: "status", stamp: [status], build: () => h("li", { class: "message" }, h("div", { class: "gutter" }, avatar({ bot: true }, "small")), statusOf(status)) }] : [];
}

/** A file by its name and size: of a message, or still to be sent. */
export function fileChip({ name, size }) {
  return h("span", { class: "file", "data-testid": "file" }, icon("clip"), h("span", { class: "name" }, name), h("small", {}, sizeOf(size)));
}

function sizeOf(bytes) {
  return bytes < 1024 ? `${bytes} B` : bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function preview(attachment) {
  return h("div", { class: "preview" }, h("small", {}, new URL(attachment.from_url).host), h("div", {}, link(attachment.from_url, attachment.title)));
}

function body(message, store) {
  if (message.blocks?.length) return blocksOf(message.blocks, store.names, { channel: message.channel, ts: message.ts });
  return h("div", { class: "text" }, mrkdwn(message.text, store.names));
}

function head(user, ts) {
  return h(
    "div",
    { class: "head" },
    h("span", { class: "name" }, user.name),
    user.bot ? h("span", { class: "badge" }, "APP") : null,
    user.guest ? h("span", { class: "badge" }, "GUEST") : null,
    user.company ? h("span", { class: "badge" }, user.company) : null,
    h("time", { datetime: new Date(Number(ts) * 1000).toISOString(), title: fullTime(ts) }, clock(ts)),
  );
}

function replies(message, store) {
  const users = message.reply_users.slice(0, 4).map((id) => avatar(store.users.get(id) ?? { id, name: "?" }, "tiny"));
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return h(
    "button",
    { class: "replies", type: "button", "data-do": "open-thread", "data-ts": message.ts, "data-channel": message.channel, "data-testid": "replies" },
    users,
    h("span", { class: "count" }, count),
    h("span", { class: "last" }, `Last reply ${relative(message.latest_reply)}`),
  );
}

/** A picture made of a person's initials. */
export function avatar(user, size = "") {
  if (user.bot) return h("span", { class: `avatar app ${size}`.trim(), "aria-hidden": "true" }, icon("app"));
  const initials = user.name.split(/\s+/).map((part) => part[0]).slice(0, 2).join("").toUpperCase();
  return h("span", { class: `avatar tint-${(user.place ?? 0) % TINTS} ${size}`.trim(), "aria-hidden": "true" }, initials);
}

function dayItem(day) {
  return { key: `day-${day}`, stamp: [day], build: () => h("li", { class: "day", role: "separator" }, h("span", {}, dayName(day))) };
}

function countItem(count) {
  const text = count === 1 ? "1 reply" : `${count} replies`;
  return { key: "count", stamp: [count], build: () => h("li", { class: "day reply-count", role: "separator" }, h("span", {}, count ? text : null)) };
}

function pendingItem(pending, store) {
  return {
    key: pending.key,
    stamp: [],
    build: () =>
      h(
        "li",
        { class: "message pending", "data-testid": "pending" },
        h("div", { class: "gutter" }, avatar(store.users.get(store.me))),
        h("div", { class: "content" }, head(store.users.get(store.me), String(pending.at)), h("div", { class: "body" }, h("div", { class: "text" }, pending.text)), pending.files?.length ? h("div", { class: "files" }, pending.files.map((file) => fileChip(file))) : null),
      ),
  };
}

// -- times

function dayOf(ts) {
  return new Date(Number(ts) * 1000).toDateString();
}

function dayName(day) {
  const today = new Date();
  if (day === today.toDateString()) return "Today";
  if (day === new Date(today.getTime() - 86_400_000).toDateString()) return "Yesterday";
  return new Date(day).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
}

function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

function fullTime(ts) {
  return new Date(Number(ts) * 1000).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "medium" });
}

function relative(ts) {
  return dayOf(ts) === new Date().toDateString() ? `today at ${clock(ts)}` : `${dayName(dayOf(ts)).toLowerCase()} at ${clock(ts)}`;
}
