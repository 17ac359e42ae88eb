// Drawing what the store holds, at the place where I am: the conversation, and what stands beside it.

import { fill, h, icon, keyedList } from "./dom.js";
import { items } from "./messages.js";
import { drawModal, homeOf } from "./modals.js";
import { plainText } from "./mrkdwn.js";
import { place } from "./place.js";
import { Bottom } from "./scrolling.js";
import { drawSidebar } from "./sidebar.js";

const SHORT_CONVERSATION = 6; // as long as it is this short, questions are suggested
const MOST_CHIPS = 4;
const MOST_RECENT = 6;

const byId = (id) => document.getElementById(id);
const lists = { main: keyedList(byId("messages")), side: keyedList(byId("thread-messages")) };

/** Both lists of messages stay at their bottom as long as the reader is there. */
export const bottoms = {
  main: new Bottom(byId("scroll"), (is) => (byId("jump").hidden = is)),
  side: new Bottom(byId("thread-scroll")),
};

export function drawAll(store) {
  drawSidebar(store, place);
  drawModal(store);
  const channel = store.channels.get(place.channel);
  if (!channel) return;
  document.title = `${titleOf(channel, store)} · ${store.team.name}`;
  drawBar(channel, store);
  drawTabs(channel, store);
  fill(byId("chips"), chips(channel, store, { short: store.timeline(channel.id) }));
  fill(byId("beginning"), beginning(channel, store));
  lists.main(items(store.timeline(channel.id), store.pendingIn(channel.id, null), store));
  drawSide(store);
  bottoms.main.keep();
  bottoms.side.keep();
}

function drawBar(channel, store) {
  const marks = { channel: "hash", group: "lock", mpim: "people" };
  const direct = channel.kind === "im";
  fill(
    byId("bar-title"),
    h("h2", {}, marks[channel.kind] ? icon(marks[channel.kind]) : null, direct ? store.app.name : channel.name),
    h("span", { class: "topic" }, direct ? "Direct messages with the app" : plainText(channel.topic)),
  );
  fill(
    byId("bar-side"),
    channel.external ? h("span", { class: "external" }, icon("shared"), "Shared with another company") : null,
    direct ? null : h("span", { class: "members", title: namesOf(channel, store) }, `${channel.members.length} members`),
    store.app.agent && !direct
      ? h("button", { type: "button", class: "agent-open", "data-do": "open-agent", "data-testid": "agent-open", title: `Ask ${store.app.name}`, "aria-label": `Ask ${store.app.name}` }, icon("app"))
      : null,
  );
}

function namesOf(channel, store) {
  return channel.members.map((id) => store.users.get(id)?.name ?? id).join(", ");
}

function drawTabs(channel, store) {
  const tabbed = channel.kind === "im" && store.app.home;
  const home = tabbed && place.tab === "home";
  byId("tabs").hidden = !tabbed;
  for (const id of ["scroll", "foot"]) byId(id).hidden = home;
  byId("home").hidden = !home;
  if (!tabbed) return;
  const tab = (name, text) =>
    h("button", { type: "button", "data-do": "tab", "data-tab": name, "data-testid": `tab-${name}`, "aria-current": place.tab === name ? "page" : null }, text);
  fill(byId("tabs"), tab("home", "Home"), tab("messages", "Messages"));
  if (home) fill(byId("home"), homeOf(store));
}

function beginning(channel, store) {
  if (channel.kind === "im") {
    return [h("h3", {}, `This is between you and ${store.app.name}`), h("p", {}, "Ask a question. Nobody else sees it, and you need not mention anybody.")];
  }
  if (channel.kind === "mpim") return [h("h3", {}, channel.name), h("p", {}, `You, ${channel.name} and ${store.app.name}. Mention @${store.app.name} to ask it something.`)];
  const about = channel.app ? `Mention @${store.app.name} to ask it something: it answers in a thread.` : `${store.app.name} is not in this channel.`;
  return [h("h3", {}, channel.kind === "group" ? icon("lock") : icon("hash"), channel.name), h("p", {}, channel.topic ? `${channel.topic}. ` : "", about)];
}

/** Questions to pick from, as long as a conversation is short and they were not asked. */
function chips(channel, store, { short }) {
  if (short.length >= SHORT_CONVERSATION) return [];
  const offered = store.suggestionsFor(channel).filter((each) => !short.some((message) => message.text.endsWith(each.text)));
  return offered.slice(0, MOST_CHIPS).map((each) =>
    h("button", { type: "button", class: "chip", "data-do": "suggest", "data-channel": channel.id, "data-text": each.text,
      "data-testid": each.title ? "prompt" : "suggestion" }, each.title ?? each.text),
  );
}

// -- beside the conversation: a thread, or the agent's pane

function drawSide(store) {
  const { side } = place;
  const shown = side && (side.agent || store.message(side.channel, side.ts));
  byId("thread").hidden = !shown;
  document.body.classList.toggle("with-thread", Boolean(shown));
  if (!shown) return;
  const channel = store.channels.get(side.channel);
  const start = side.agent && !side.ts;
  fill(byId("thread-title"), sideTitle(channel, store));
  fill(byId("agent-start"), start ? agentStart(channel, store) : []);
  fill(byId("working"), side.ts && store.agentThread(channel.id, side.ts)?.stop ? stopButton(channel, side.ts) : []);
  const messages = side.ts ? store.thread(channel.id, side.ts) : [];
  lists.side(side.ts ? items(messages, store.pendingIn(channel.id, side.ts), store, { thread: side.ts }) : []);
}

function sideTitle(channel, store) {
  if (!place.side.agent) return [h("h2", {}, "Thread"), h("span", { class: "topic" }, titleOf(channel, store))];
  const back = place.side.ts
    ? h("button", { type: "button", class: "icon-button only-wide", "data-do": "open-agent", "aria-label": `All conversations with ${store.app.name}` }, icon("back"))
    : null;
  const title = (place.side.ts && store.agentThread(channel.id, place.side.ts)?.title) || "";
  return [back, h("h2", {}, icon("app"), store.app.name), h("span", { class: "topic" }, title)];
}

function agentStart(channel, store) {
  const prompts = store.agents.get(channel.id)?.prompts;
  const recent = store.timeline(channel.id).filter((message) => message.user === store.me).slice(-MOST_RECENT).reverse();
  return [
    h("h3", {}, prompts?.title || `How can ${store.app.name} help?`),
    h("div", { class: "chips", role: "group", "aria-label": "Suggested questions" }, chips(channel, store, { short: [] })),
    recent.length ? h("h4", {}, "Recent") : null,
    recent.map((message) =>
      h("button", { type: "button", class: "entry", "data-do": "open-thread", "data-ts": message.ts, "data-channel": channel.id },
        store.agentThread(channel.id, message.ts)?.title || plainText(message.text))),
  ];
}

function stopButton(channel, ts) {
  return h("button", { type: "button", class: "button small", "data-do": "stop", "data-channel": channel.id, "data-ts": ts, "data-testid": "stop" }, "■ Stop");
}

export function titleOf(channel, store) {
  return channel.kind === "im" ? store.app.name : channel.kind === "mpim" ? channel.name : `#${channel.name}`;
}
