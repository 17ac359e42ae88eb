// The left side: channels, direct messages, and who I am.

import { fill, h, icon } from "./dom.js";
import { avatar } from "./messages.js";

export function drawSidebar(store, place) {
  document.getElementById("team-name").textContent = store.team.name;
  document.getElementById("team-mark").textContent = store.team.name[0];
  const all = [...store.channels.values()];
  const channels = all.filter((channel) => ["channel", "group"].includes(channel.kind));
  const several = all.filter((channel) => channel.kind === "mpim");
  fill(
    document.getElementById("side-lists"),
    h("h2", {}, "Channels"),
    h("ul", {}, channels.map((channel) => entry(channel, store, place, channel.name, icon(channel.kind === "group" ? "lock" : "hash")))),
    h("h2", {}, "Direct messages"),
    h("ul", {}, store.direct ? entry(store.direct, store, place, store.app.name, avatar({ bot: true }, "tiny")) : null,
      several.map((channel) => entry(channel, store, place, channel.name, icon("people")))),
  );
  drawPeople(store);
  drawAppState(store);
}

function entry(channel, store, place, name, mark) {
  const unread = store.unread.get(channel.id) ?? 0;
  const here = channel.id === place.channel;
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: [here && "here", unread && "unread"].filter(Boolean).join(" ") || null,
        "data-do": "open-channel",
        "data-channel": channel.id,
        "data-testid": `channel-${channel.id}`,
        "aria-current": here ? "page" : null,
        "aria-label": `${name}${channel.kind === "group" ? ", private" : ""}${channel.external ? ", shared with another company" : ""}${unread ? `, ${unread} unread` : ""}`,
      },
      h("span", { class: "mark" }, mark),
      h("span", { class: "label" }, name),
      channel.external ? h("span", { class: "shared", title: "Shared with another company" }, icon("shared")) : null,
      channel.kind === "im" ? h("span", { class: "badge" }, "APP") : null,
      unread ? h("span", { class: "dot" }, String(unread)) : null,
    ),
  );
}

function drawPeople(store) {
  const people = [...store.users.values()].filter((user) => !user.bot);
  fill(
    document.getElementById("people"),
    people.map((user) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(user.id === store.me),
          "aria-label": user.title ? `${user.name}, ${user.title}` : user.name,
          title: user.title ? `${user.name}, ${user.title}` : user.name,
          "data-do": "be",
          "data-person": user.id,
          "data-testid": `person-${user.id}`,
        },
        avatar(user),
      ),
    ),
  );
  const me = store.users.get(store.me);
  fill(document.getElementById("me-line"), h("b", {}, me.name), me.guest ? h("span", { class: "badge" }, "GUEST") : null, me.company ? h("span", { class: "badge" }, me.company) : null, h("span", {}, me.title));
}

function drawAppState(store) {
  const state = document.getElementById("app-state");
  state.classList.toggle("on", store.app.sockets > 0);
  state.textContent = store.app.sockets > 0 ? `${store.app.name} connected` : `${store.app.name} is away`;
}
