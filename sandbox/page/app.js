// The page, put together: where I am, what I press, and drawing it all once a frame.

import { Composer, offersOf } from "./composer.js";
import { fill, h, icon, keyedList } from "./dom.js";
import { openFaults } from "./faults.js";
import { items } from "./messages.js";
import { mrkdwn, plainText } from "./mrkdwn.js";
import { Bottom } from "./scrolling.js";
import { Live, postJson } from "./server.js";
import { drawSidebar } from "./sidebar.js";
import { Store, isReply } from "./store.js";

const SHORT_CONVERSATION = 6; // as long as it is this short, questions are suggested
const MOST_CHIPS = 4;
const ASKED_JUST_NOW_S = 60;

const byId = (id) => document.getElementById(id);
const store = new Store();
const place = { person: null, channel: null, thread: null };
const lists = { main: keyedList(byId("messages")), thread: keyedList(byId("thread-messages")) };
const live = new Live({ frame: take, broken });
const bottoms = {
  main: new Bottom(byId("scroll"), (is) => (byId("jump").hidden = is)),
  thread: new Bottom(byId("thread-scroll")),
};
const wide = matchMedia("(min-width: 721px)");

// -- drawing

let drawing = false;
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    if (store.ready) drawAll();
  });
}

function drawAll() {
  drawSidebar(store, place);
  const channel = store.channels.get(place.channel);
  if (!channel) return;
  document.title = `${titleOf(channel)} · ${store.team.name}`;
  drawBar(channel);
  drawChips(channel);
  fill(byId("beginning"), beginning(channel));
  lists.main(items(store.timeline(channel.id), store.pendingIn(channel.id, null), store));
  drawThread(channel);
  bottoms.main.keep();
  bottoms.thread.keep();
}

function drawBar(channel) {
  const marks = { channel: "hash", group: "lock" };
  fill(
    byId("bar-title"),
    h("h2", {}, marks[channel.kind] ? icon(marks[channel.kind]) : null, channel.kind === "im" ? store.app.name : channel.name),
    h("span", { class: "topic" }, channel.kind === "im" ? "Direct messages with the app" : plainText(channel.topic)),
  );
  fill(
    byId("bar-side"),
    channel.external ? h("span", { class: "external" }, icon("shared"), "Shared with another company") : null,
    channel.kind === "im" ? null : h("span", { class: "members", title: namesOf(channel) }, `${channel.members.length} members`),
  );
}

function namesOf(channel) {
  return channel.members.map((id) => store.users.get(id)?.name ?? id).join(", ");
}

function beginning(channel) {
  if (channel.kind === "im") {
    return [h("h3", {}, `This is between you and ${store.app.name}`), h("p", {}, "Ask a question. Nobody else sees it, and you need not mention anybody.")];
  }
  const about = channel.app
    ? `Mention @${store.app.name} to ask it something: it answers in a thread.`
    : `${store.app.name} is not in this channel.`;
  return [h("h3", {}, channel.kind === "group" ? icon("lock") : icon("hash"), channel.name), h("p", {}, channel.topic ? `${channel.topic}. ` : "", about)];
}

function drawChips(channel) {
  const timeline = store.timeline(channel.id);
  const asked = new Set(timeline.map((message) => message.text));
  const short = timeline.length < SHORT_CONVERSATION;
  const offered = short ? store.suggestionsFor(channel).filter((each) => ![...asked].some((text) => text.endsWith(each.text))) : [];
  fill(
    byId("chips"),
    offered.slice(0, MOST_CHIPS).map((each) =>
      h("button", { type: "button", class: "chip", "data-do": "suggest", "data-text": each.text, "data-testid": "suggestion" }, each.text),
    ),
  );
}

function drawThread(channel) {
  const pane = byId("thread");
  const first = place.thread && store.message(channel.id, place.thread);
  pane.hidden = !first;
  document.body.classList.toggle("with-thread", Boolean(first));
  if (!first) return;
  byId("thread-where").textContent = titleOf(channel);
  const replies = store.thread(channel.id, place.thread);
  lists.thread(items(replies, store.pendingIn(channel.id, place.thread), store, { thread: place.thread }));
}

function titleOf(channel) {
  return channel.kind === "im" ? store.app.name : `#${channel.name}`;
}

// -- what comes in

function take(frame) {
  const fresh = store.take(frame);
  if (frame.type === "state") settlePlace();
  if (fresh) arrived(fresh);
  draw();
}

async function broken(is) {
  document.body.classList.toggle("broken", is);
  if (!is) return;
  const state = await fetch(`/page/state?${new URLSearchParams({ as: place.person })}`).catch(() => null);
  if (state?.status === 400) location.replace("/"); // nobody of that name is here: be the first person
}

function arrived(message) {
  const looking = document.hasFocus() && message.channel === place.channel && document.body.dataset.pane !== "list";
  if (message.user !== store.me && !looking && !isReply(message)) {
    store.unread.set(message.channel, (store.unread.get(message.channel) ?? 0) + 1);
  }
  if (answersMe(message) && wide.matches && !reply.value) showThread(message.thread_ts);
}

/** A reply of the app to what I have just asked here: on a wide screen its thread opens by itself. */
function answersMe(message) {
  if (!isReply(message) || message.channel !== place.channel || message.user !== store.app.user) return false;
  const question = store.message(message.channel, message.thread_ts);
  return question?.user === store.me && Date.now() / 1000 - Number(question.ts) < ASKED_JUST_NOW_S;
}

// -- where I am

function settlePlace() {
  place.person = store.me;
  if (!store.channels.has(place.channel)) {
    place.channel = [...store.channels.keys()][0];
    place.thread = null;
  }
  if (place.thread && !store.message(place.channel, place.thread)) place.thread = null;
  arrive();
}

function arrive({ push = false } = {}) {
  const channel = store.channels.get(place.channel);
  store.unread.delete(place.channel);
  main.placeholder = channel.kind === "im" ? `Message ${store.app.name}` : `Message #${channel.name}`;
  reply.placeholder = "Reply…";
  notice(null);
  const query = new URLSearchParams({ as: place.person, channel: place.channel, ...(place.thread ? { thread: place.thread } : {}) });
  const address = `/?${query}`;
  const shown = wide.matches ? null : document.body.dataset.pane; // a phone's Back leads to the pane before
  const moved = address !== location.pathname + location.search || shown !== history.state;
  if (push && moved) history.pushState(shown, "", address);
  else history.replaceState(shown, "", address);
  draw();
}

function openChannel(id) {
  if (!store.channels.has(id)) return;
  if (id !== place.channel) {
    store.drafts.set(place.channel, main.value);
    main.value = store.drafts.get(id) ?? "";
    place.thread = null;
  }
  place.channel = id;
  pane("conversation");
  arrive({ push: true });
  bottoms.main.go();
  if (wide.matches) main.focus();
}

function openThread(ts) {
  showThread(ts);
  if (wide.matches) requestAnimationFrame(() => requestAnimationFrame(() => reply.focus()));
}

function showThread(ts) {
  if (place.thread === ts) return;
  reply.value = "";
  place.thread = ts;
  pane("thread");
  arrive({ push: true });
  bottoms.thread.go();
}

function closeThread() {
  place.thread = null;
  pane("conversation");
  arrive({ push: true });
}

function be(person) {
  if (person === place.person) return;
  place.person = person;
  place.thread = null;
  main.value = "";
  live.open(person);
}

function pane(name) {
  document.body.dataset.pane = name;
}

// -- what I do

async function say(text, { thread = null } = {}) {
  const { channel, person } = place;
  const pending = store.expect(channel, thread, text);
  draw();
  bottoms[thread ? "thread" : "main"].go();
  try {
    const { message } = await postJson("/page/say", { as: person, channel, text, ...(thread ? { thread_ts: thread } : {}) });
    if (!store.message(channel, message.ts) && person === store.me) store.take({ type: "posted", message });
    offerInvitation(message);
  } catch (error) {
    toast(error.message);
    const composer = thread ? reply : main;
    if (!composer.value) composer.value = text;
  }
  store.forget(pending);
  draw();
}

/** As Slack does where somebody is mentioned who is not there. */
function offerInvitation(message) {
  const channel = store.channels.get(message.channel);
  if (channel.app || !message.text.includes(`<@${store.app.user}>`)) return;
  notice([
    h("span", {}, `${store.app.name} is not in #${channel.name}, so it did not get this.`),
    h("button", { type: "button", class: "button small", "data-do": "invite", "data-testid": "invite" }, "Invite it"),
  ]);
}

function notice(content) {
  byId("notice").hidden = !content;
  fill(byId("notice"), content ?? []);
}

async function press(button) {
  const { ts, action, block, value } = button.dataset;
  const message = store.message(place.channel, ts);
  const element = message?.blocks
    .flatMap((each) => [...(each.elements ?? []), each.accessory])
    .find((each) => each?.action_id === action);
  if (element?.confirm && !(await confirmed(element.confirm))) return;
  const { sockets } = await postJson("/page/click", { as: place.person, channel: place.channel, ts, action_id: action, block_id: block, value });
  if (!sockets) toast(`${store.app.name} is not connected: nobody heard this.`);
}

function confirmed(confirm) {
  const dialog = byId("confirm");
  fill(
    dialog,
    h("h2", {}, plainText(confirm.title.text)),
    h("p", {}, confirm.text.type === "mrkdwn" ? mrkdwn(confirm.text.text, store.names) : plainText(confirm.text.text)),
    h("form", { method: "dialog", class: "row" },
      h("button", { class: "button", value: "no" }, confirm.deny.text),
      h("button", { class: `button ${confirm.style ?? "primary"}`, value: "yes" }, confirm.confirm.text)),
  );
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

let hiding = null;
function toast(text) {
  byId("toast").textContent = text;
  byId("toast").hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (byId("toast").hidden = true), 5000);
}

const ACTIONS = {
  "open-channel": (button) => openChannel(button.dataset.channel),
  "open-thread": (button) => openThread(button.dataset.ts),
  "close-thread": closeThread,
  "show-list": () => {
    pane("list");
    arrive({ push: true });
  },
  be: (button) => be(button.dataset.person),
  suggest: (button) => {
    const direct = store.channels.get(place.channel).kind === "im";
    say(direct ? button.dataset.text : `@${store.app.name} ${button.dataset.text}`);
  },
  press,
  invite: () => postJson("/page/invite", { as: place.person, channel: place.channel }),
  jump: () => bottoms.main.go(),
  "open-faults": openFaults,
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  Promise.resolve(ACTIONS[button.dataset.do](button)).catch((error) => toast(error.message));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && place.thread && !document.querySelector("dialog[open]")) closeThread();
});
addEventListener("focus", () => store.unread.delete(place.channel) && draw());
addEventListener("popstate", start);

const main = new Composer(byId("composer"), { send: (text) => say(text), offers: () => offersOf(store) });
const reply = new Composer(byId("thread-composer"), { send: (text) => say(text, { thread: place.thread }), offers: () => offersOf(store) });

/** Go where the address says; without one, be the first person in their first channel. */
function start() {
  const query = new URLSearchParams(location.search);
  const person = query.get("as") ?? place.person ?? ""; // nobody named: the first in the company
  const changed = person !== place.person;
  place.person = person;
  place.channel = query.get("channel") ?? place.channel;
  place.thread = query.get("thread");
  pane(history.state ?? (place.thread ? "thread" : query.has("channel") ? "conversation" : "list"));
  if (changed || !store.ready) live.open(person);
  else settlePlace();
}

start();
