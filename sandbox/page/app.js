// The page, put together: what comes in, where I go, what I do.

import { Composer, offersOf } from "./composer.js";
import { fill, h } from "./dom.js";
import { bottoms, drawAll, titleOf } from "./drawing.js";
import { contentOf, fieldsOf } from "./elements.js";
import { openFaults } from "./faults.js";
import { openMessageMenu, openOverflow, openShortcuts } from "./message_menu.js";
import { isWide, keepPlace, pane, place, readPlace } from "./place.js";
import { Live, packed, postJson } from "./server.js";
import { STATUS_TURN_MS, Store, isReply } from "./store.js";
import { confirmed, edited, toast } from "./telling.js";
import { typedOf } from "./typed.js";

const ASKED_JUST_NOW_S = 60;

const byId = (id) => document.getElementById(id);
const store = new Store();
const live = new Live({ frame: take, broken });

let drawing = false;
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    if (store.ready) drawAll(store);
  });
}
setInterval(() => [...store.agents.values()].some((agent) => Object.values(agent.threads).some((each) => each.status)) && draw(), STATUS_TURN_MS);

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
  if (answersMe(message) && isWide() && !place.side?.agent && !reply.value) showSide({ channel: message.channel, ts: message.thread_ts });
}

/** A reply of the app to what I have just asked here: on a wide screen its thread opens by itself. */
function answersMe(message) {
  if (!isReply(message) || message.channel !== place.channel || message.user !== store.app.user) return false;
  const question = store.message(message.channel, message.thread_ts);
  return question?.user === store.me && Date.now() / 1000 - Number(question.ts) < ASKED_JUST_NOW_S;
}

// -- where I go

function settlePlace() {
  place.person = store.me;
  if (!store.channels.has(place.channel)) {
    place.channel = [...store.channels.keys()][0];
    place.side = null;
  }
  const { side } = place;
  if (side?.agent) side.channel = store.direct?.id ?? null;
  if (side && (!side.channel || (side.ts && !store.message(side.channel, side.ts)))) place.side = null;
  arrive();
}

function arrive({ push = false } = {}) {
  const channel = store.channels.get(place.channel);
  store.unread.delete(place.channel);
  main.placeholder = `Message ${titleOf(channel, store)}`;
  reply.placeholder = place.side?.agent && !place.side.ts ? `Ask ${store.app.name}` : "Reply…";
  notice(null);
  keepPlace({ push });
  tellApp(channel);
  draw();
}

let told = null; // the last thing that the app was told of where I am

/** The app is told when its Home or Messages tab opens, its pane, and what I look at beside that. */
function tellApp(channel) {
  const person = place.person;
  const beside = place.side?.agent ? place.channel : null;
  const tab = channel.kind === "im" ? place.tab : beside ? "messages" : null;
  const before = told;
  told = { person, tab, beside };
  if (!tab || (before && before.person === person && before.tab === tab && before.beside === beside)) return;
  const looked = before?.beside && beside && before.person === person;
  const call = looked ? postJson("/page/look", { as: person, channel: beside }) : postJson("/page/open", { as: person, tab, context: beside });
  call.catch((error) => toast(error.message));
}

function openChannel(id) {
  if (!store.channels.has(id)) return;
  if (id !== place.channel) {
    store.drafts.set(place.channel, main.value);
    main.value = store.drafts.get(id) ?? "";
    if (!place.side?.agent || store.channels.get(id).kind === "im") place.side = null;
  }
  place.channel = id;
  place.tab = "messages";
  pane("conversation");
  arrive({ push: true });
  bottoms.main.go();
  if (isWide()) main.focus();
}

function openThread({ ts, channel }) {
  showSide({ channel: channel ?? place.channel, ts, agent: Boolean(place.side?.agent && channel === store.direct?.id) });
  if (isWide()) requestAnimationFrame(() => requestAnimationFrame(() => reply.focus()));
}

function showSide(side) {
  const before = place.side;
  if (before?.channel === side.channel && before.ts === side.ts && before.agent === side.agent) return;
  reply.value = "";
  place.side = side;
  pane("thread");
  arrive({ push: true });
  bottoms.side.go();
}

function closeSide() {
  place.side = null;
  pane("conversation");
  arrive({ push: true });
}

function be(person) {
  if (person === place.person) return;
  place.person = person;
  place.side = null;
  main.value = "";
  live.open(person);
}

// -- what I do

async function say(text, { channel = place.channel, thread = null, composer = main, files = [] } = {}) {
  if (text.startsWith("/") && !files.length) return command(text, { channel, thread });
  const { person } = place;
  const pending = store.expect(channel, thread, text, files);
  draw();
  bottoms[thread ? "side" : "main"].go();
  try {
    const { message } = await postJson("/page/say", {
      as: person, channel, text, thread_ts: thread, files: await Promise.all(files.map(packed)),
      beside: place.side?.agent && composer === reply ? place.channel : null,
    });
    if (!store.message(channel, message.ts) && person === store.me) store.take({ type: "posted", message });
    if (place.side?.agent && !place.side.ts && !thread) showSide({ channel, ts: message.ts, agent: true });
    offerInvitation(message);
  } catch (error) {
    toast(error.message);
    if (!composer.value) composer.value = text;
    composer.attach(files);
  }
  store.forget(pending);
  return draw();
}

async function command(text, { channel, thread }) {
  try {
    await tell(postJson("/page/command", { as: place.person, channel, text, thread_ts: thread }));
  } catch (error) {
    toast(error.message);
    if (!main.value) main.value = text;
  }
}

/** As Slack does where somebody is mentioned who is not there. */
function offerInvitation(message) {
  const channel = store.channels.get(message.channel);
  if (channel.app || !message.text.includes(`<@${store.app.user}>`)) return;
  notice([
    h("span", {}, `${store.app.name} is not in ${titleOf(channel, store)}, so it did not get this.`),
    h("button", { type: "button", class: "button small", "data-do": "invite", "data-testid": "invite" }, "Invite it"),
  ]);
}

function notice(content) {
  byId("notice").hidden = !content;
  fill(byId("notice"), content ?? []);
}

/** A button, or a field that acts at once: of a message, of a modal, of the Home tab. */
async function press(node) {
  const { ts, channel, view, action, block } = node.dataset;
  const value = node.matches("[data-field]") ? contentOf(node) : node.dataset.value;
  const confirm = elementOf(node.dataset)?.confirm;
  if (confirm && !(await confirmed(confirm, store.names))) return;
  const at = { as: place.person, action_id: action, block_id: block, value };
  const form = view === store.views.modal?.id ? "#modal form" : "#home"; // a menu's entry stands in neither
  const fields = view ? fieldsOf(document.querySelector(form)) : null;
  await tell(view ? postJson("/page/use", { ...at, view_id: view, fields }) : postJson("/page/click", { ...at, channel, ts }));
}

function elementOf({ ts, channel, view, action, block }) {
  const shown = [store.views.modal, store.views.home].find((each) => each && each.id === view);
  const blocks = view ? shown?.blocks : store.message(channel, ts)?.blocks;
  const within = blocks?.filter((each) => !block || each.block_id === block);
  return within?.flatMap((each) => [...(each.elements ?? []), each.accessory, each.element]).find((each) => each?.action_id === action);
}

/** Say what Slack says where the app did not answer. */
async function tell(call) {
  const { told: sentence } = await call;
  if (sentence) toast(sentence);
}

async function edit({ channel, ts }) {
  const before = typedOf(store.message(channel, ts).text, store.names);
  const text = await edited(before);
  if (text !== null && text !== before) await postJson("/page/edit", { as: place.person, channel, ts, text });
}

const ACTIONS = {
  "open-channel": (button) => openChannel(button.dataset.channel),
  "open-thread": (button) => openThread(button.dataset),
  "open-agent": () => showSide({ channel: store.direct.id, ts: null, agent: true }),
  "close-thread": closeSide,
  "show-list": () => {
    pane("list");
    arrive({ push: true });
  },
  tab: (button) => {
    place.tab = button.dataset.tab;
    arrive({ push: true });
  },
  be: (button) => be(button.dataset.person),
  suggest: ({ dataset: { channel, text } }) => {
    const direct = store.channels.get(channel).kind === "im";
    return say(direct ? text : `@${store.app.name} ${text}`, { channel });
  },
  press,
  "message-menu": (button) => openMessageMenu(button, store.message(button.dataset.channel, button.dataset.ts), store),
  overflow: (button) => openOverflow(button, elementOf(button.dataset)),
  shortcuts: (button) => openShortcuts(button, store),
  react: ({ dataset: { channel, ts, emoji } }) => postJson("/page/react", { as: place.person, channel, ts, emoji }),
  edit: (button) => edit(button.dataset),
  delete: ({ dataset: { channel, ts } }) => postJson("/page/delete", { as: place.person, channel, ts }),
  pick: ({ dataset: { callback, channel, ts } }) => tell(postJson("/page/pick", { as: place.person, callback_id: callback, channel, ts })),
  stop: ({ dataset: { channel, ts } }) => postJson("/page/stop", { as: place.person, channel, thread_ts: ts }),
  invite: () => postJson("/page/invite", { as: place.person, channel: place.channel }),
  jump: () => bottoms.main.go(),
  "open-faults": openFaults,
};

function run(act) {
  Promise.resolve().then(act).catch((error) => toast(error.message));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) run(() => ACTIONS[button.dataset.do](button));
});
document.addEventListener("change", (event) => {
  const field = event.target.closest("[data-acts]");
  if (field) run(() => press(field));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && place.side && !document.querySelector("dialog[open]")) closeSide();
});
addEventListener("focus", () => store.unread.delete(place.channel) && draw());
addEventListener("popstate", start);

const main = new Composer(byId("composer"), { send: (text, files) => say(text, { files }), offers: () => offersOf(store) });
const reply = new Composer(byId("thread-composer"), {
  send: (text, files) => say(text, { channel: place.side.channel, thread: place.side.ts, composer: reply, files }),
  offers: () => offersOf(store),
});

/** Go where the address says; without one, be the first person in their first channel. */
function start() {
  if (readPlace() || !store.ready) live.open(place.person);
  else settlePlace();
}

start();
