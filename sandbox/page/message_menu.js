// What can be done to a message: react, reply, edit, delete, and the app's shortcuts.

import { h, icon } from "./dom.js";
import { emoji } from "./emoji.js";
import { emojiOf, plainText } from "./mrkdwn.js";
import { isReply } from "./store.js";
import { openMenu } from "./telling.js";

const QUICK = ["+1", "heart", "white_check_mark", "eyes", "tada", "-1"];

/** The buttons that show while the pointer is on a message. */
export function tools(message, { mayReply }) {
  const at = { "data-ts": message.ts, "data-channel": message.channel, type: "button" };
  return h(
    "div",
    { class: "tools" },
    mayReply ? h("button", { ...at, "data-do": "open-thread", title: "Reply in thread", "aria-label": "Reply in thread" }, icon("reply")) : null,
    h("button", { ...at, "data-do": "message-menu", title: "More", "aria-label": "More actions", "data-testid": "message-menu" }, icon("more")),
  );
}

/** The emoji under a message. */
export function reactions(message, store) {
  if (!message.reactions?.length) return null;
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map(({ name, users, count }) =>
      h(
        "button",
        {
          type: "button",
          class: users.includes(store.me) ? "reaction mine" : "reaction",
          title: users.map((id) => store.users.get(id)?.name ?? id).join(", "),
          "data-do": "react",
          "data-ts": message.ts,
          "data-channel": message.channel,
          "data-emoji": name,
          "data-testid": `reaction-${name}`,
        },
        h("span", { class: "emoji" }, emoji(name) ?? `:${name}:`),
        String(count),
      ),
    ),
  );
}

/** Open a message's menu beside `button`. */
export function openMessageMenu(button, message, store) {
  const at = { "data-ts": message.ts, "data-channel": message.channel, type: "button" };
  const entry = (name, what, more = {}) => h("button", { ...at, class: "entry", "data-do": what, ...more }, name);
  const own = message.user === store.me;
  const shortcuts = store.shortcuts.filter((each) => each.type === "message");
  openMenu(
    button,
    h("div", { class: "emoji-row" }, QUICK.map((name) =>
      h("button", { ...at, class: "emoji", "data-do": "react", "data-emoji": name, "data-testid": `react-${name}`, "aria-label": name }, emojiOf(name)))),
    isReply(message) ? null : entry("Reply in thread", "open-thread"),
    own ? entry("Edit message", "edit", { "data-testid": "edit" }) : null,
    own ? entry("Delete message", "delete", { class: "entry bad", "data-testid": "delete" }) : null,
    shortcuts.length ? h("h3", {}, store.app.name) : null,
    shortcuts.map((each) => shortcutEntry(each, at)),
  );
}

/** Open the menu of shortcuts that belong to no message. */
export function openShortcuts(button, store) {
  const shortcuts = store.shortcuts.filter((each) => each.type === "global");
  openMenu(button, h("h3", {}, store.app.name), shortcuts.length ? shortcuts.map((each) => shortcutEntry(each, { type: "button" })) : h("p", { class: "empty" }, "No shortcuts."));
}

/** Open the menu of an app's overflow element. */
export function openOverflow(button, element) {
  const { ts, channel, view, action, block } = button.dataset;
  const at = { "data-ts": ts, "data-channel": channel, "data-view": view, "data-action": action, "data-block": block };
  openMenu(button, element.options.map((option) =>
    h("button", { ...at, type: "button", class: "entry", "data-do": "press", "data-value": option.value, "data-testid": `option-${option.value}` },
      h("span", {}, plainText(option.text.text)), option.description ? h("small", {}, plainText(option.description.text)) : null)));
}

function shortcutEntry(shortcut, at) {
  return h("button", { ...at, class: "entry", "data-do": "pick", "data-callback": shortcut.callback_id, "data-testid": `shortcut-${shortcut.callback_id}` },
    h("span", {}, shortcut.name), shortcut.description ? h("small", {}, shortcut.description) : null);
}
