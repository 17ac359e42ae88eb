// Where I am: who, which conversation, and what stands beside it; kept in the page's address.

const wide = matchMedia("(min-width: 721px)");

/** `side` is what stands beside: {channel, ts} for a thread; in the agent's pane `agent` is set, `ts` may be null. */
export const place = { person: null, channel: null, side: null, tab: "messages" };

export function isWide() {
  return wide.matches;
}

/** Which of its panes a phone shows: list, conversation, thread. */
export function pane(name) {
  document.body.dataset.pane = name;
}

/** Write it into the address; `push` so that Back leads to where I was. */
export function keepPlace({ push = false } = {}) {
  const { person, channel, side, tab } = place;
  const query = new URLSearchParams({ as: person, channel });
  if (tab === "home") query.set("tab", tab);
  if (side?.agent) query.set("agent", side.ts ?? "");
  else if (side) query.set("thread", side.ts);
  const address = `/?${query}`;
  const shown = wide.matches ? null : document.body.dataset.pane; // a phone's Back leads to the pane before
  const moved = address !== location.pathname + location.search || shown !== history.state;
  if (push && moved) history.pushState(shown, "", address);
  else history.replaceState(shown, "", address);
}

/** Read it from the address; gives whether the person is another one. */
export function readPlace() {
  const query = new URLSearchParams(location.search);
  const person = query.get("as") ?? place.person ?? ""; // nobody named: the first in the company
  const changed = person !== place.person;
  place.person = person;
  place.channel = query.get("channel") ?? place.channel;
  place.tab = query.get("tab") === "home" ? "home" : "messages";
  place.side = null;
  if (query.has("agent")) place.side = { channel: null, ts: query.get("agent") || null, agent: true };
  else if (query.has("thread")) place.side = { channel: place.channel, ts: query.get("thread") };
  pane(history.state ?? (place.side ? "thread" : query.has("channel") ? "conversation" : "list"));
  return changed;
}
