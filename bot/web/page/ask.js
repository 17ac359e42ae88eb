// The page: a conversation with our documents. A front of your own needs answers.js, and little else of this.

import { answer, stop } from "/ask/answers.js";
import { link, made, markdown } from "/ask/markdown.js";

const KEY = "answerdesk-key";
const UNAUTHORIZED = 401;
const DAY = { day: "numeric", month: "short", year: "numeric" };
const MOMENT = { dateStyle: "medium", timeStyle: "short" };
const part = (id) => document.getElementById(id);
const [conversation, status, form, question] = ["conversation", "status", "ask", "question"].map(part);
const said = [];
let running = null;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || running) return;
  question.value = "";
  grow();
  ask(text);
});
question.addEventListener("input", grow);
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running) halt();
});
part("stop").addEventListener("click", halt);
part("no-key").addEventListener("click", () => part("key-dialog").close());
part("anew").addEventListener("click", () => location.assign(location.pathname));

const asked = new URLSearchParams(location.search).get("q");
if (asked) question.value = asked.slice(0, question.maxLength);
grow();

async function ask(text) {
  part("welcome")?.remove();
  const turn = new Turn(text, () => again(text, turn));
  conversation.append(turn.element);
  turn.element.scrollIntoView({ block: "start", behavior: "smooth" });
  running = { aborting: new AbortController(), last: null };
  busy(true);
  try {
    await read(text, turn, running);
  } catch (error) {
    const needsKey = error.status === UNAUTHORIZED;
    turn.fail(needsKey ? keyNeeded() : error.message, needsKey ? () => askForKey(text, turn) : turn.again);
    if (needsKey) askForKey(text, turn);
  }
  running = null;
  busy(false);
}

async function read(text, turn, run) {
  const request = { question: text, conversation: said.slice(-20) };
  for await (const event of answer(request, { key: sessionStorage.getItem(KEY), signal: run.aborting.signal })) {
    run.last = event.id;
    turn.take(event);
    if (event.event === "status") tell(`${event.text} …`);
    else if (event.event === "delta") tell("");
  }
  turn.stopped();
  if (turn.done) said.push({ role: "user", text }, { role: "assistant", text: turn.text });
}

function keyNeeded() {
  const had = sessionStorage.getItem(KEY) !== null;
  sessionStorage.removeItem(KEY);
  return had ? "That key is not known here." : "A key is needed to ask here.";
}

function again(text, turn) {
  if (running) return;
  turn.element.remove();
  ask(text);
}

function askForKey(text, turn) {
  const dialog = part("key-dialog");
  dialog.addEventListener("close", () => {
    const key = part("key").value.trim();
    part("key").value = "";
    if (dialog.returnValue !== "use" || !key) return;
    sessionStorage.setItem(KEY, key);
    again(text, turn);
  }, { once: true });
  dialog.returnValue = "";
  dialog.showModal();
}

function halt() {
  if (!running) return;
  if (running.last) stop(running.last, { key: sessionStorage.getItem(KEY) });
  running.aborting.abort();
}

function busy(yes) {
  part("send").hidden = yes;
  part("stop").hidden = !yes;
  part("anew").hidden = said.length === 0;
  conversation.setAttribute("aria-busy", String(yes));
  if (!yes) {
    tell("");
    if (matchMedia("(pointer: fine)").matches) question.focus();
  }
}

function tell(text) {
  if (status.textContent !== text) status.textContent = text;
}

function grow() {
  question.style.height = "auto";
  question.style.height = `${Math.min(question.scrollHeight, innerHeight / 3)}px`;
}

/** One question and its answer. */
class Turn {
  constructor(text, again) {
    this.again = again;
    this.text = "";
    this.done = false;
    this.over = false;
    this.sources = new Map();
    this.body = made("div");
    this.body.className = "answer";
    this.below = made("footer");
    const heading = made("h2", text);
    this.element = made("article", heading, this.body, this.below);
    this.drawing = 0;
  }

  take(event) {
    switch (event.event) {
      case "delta":
        this.text = event.anew ? event.text : this.text + event.text;
        this.draw();
        break;
      case "citation":
        this.sources.set(event.index, event.source);
        this.draw();
        break;
      case "done":
        this.text = event.text;
        for (const source of event.sources) this.sources.set(source.index, source);
        this.done = true;
        this.end();
        this.below.append(...sourceList(this.sources), quietly(notice(event)));
        break;
      case "error":
        this.fail(event.message, this.again);
        break;
    }
  }

  draw() {
    // As often as the screen, not as often as the model.
    this.drawing ||= requestAnimationFrame(() => {
      this.drawing = 0;
      if (this.over) return;
      this.body.replaceChildren(markdown(this.text, (number) => this.cited(number)));
      this.body.classList.add("growing");
    });
  }

  end() {
    this.over = true;
    this.body.classList.remove("growing");
    this.body.replaceChildren(markdown(this.text, (number) => this.cited(number)));
  }

  stopped() {
    if (this.over) return;
    this.end();
    this.below.replaceChildren(quietly("Stopped."));
  }

  fail(message, again) {
    this.over = true;
    this.body.classList.remove("growing");
    const sorry = made("p", message);
    sorry.setAttribute("role", "alert");
    this.body.replaceChildren(sorry);
    const button = made("button", "Try again");
    button.type = "button";
    button.addEventListener("click", again);
    this.below.replaceChildren(button);
  }

  cited(number) {
    const source = this.sources.get(number);
    if (!source) return null;
    const mark = (source.url && link(source.url, `${number}`)) || made("span", `${number}`);
    mark.className = "cite";
    mark.title = source.title;
    mark.setAttribute("aria-label", `Source ${number}: ${source.title}`);
    return mark;
  }
}

function sourceList(sources) {
  if (!sources.size) return [];
  const items = [...sources].sort(([one], [other]) => one - other).map(([number, source]) => {
    const title = source.title || source.document;
    const item = made("li", (source.url && link(source.url, title)) || title);
    item.value = number;
    const path = (source.heading ?? []).filter((name) => name !== source.title).join(" / ");
    const when = source.updated_at ? new Date(source.updated_at).toLocaleDateString(undefined, DAY) : "";
    const old = source.outdated && "says it is out of date";
    const more = [path, when && `changed ${when}`, old].filter(Boolean).join(" · ");
    if (more) item.append(" ", quietly(more));
    return item;
  });
  const list = made("ol", ...items);
  list.setAttribute("aria-label", "Sources");
  return [made("h3", "Sources"), list];
}

/** What Slack says in small print under the same answer. */
function notice(done) {
  if (done.cached) {
    const when = done.answered_at ? `, ${new Date(done.answered_at).toLocaleString(undefined, MOMENT)}` : "";
    return `An earlier answer${when}; its documents still say the same.`;
  }
  if (!(done.usage?.output_tokens || done.joined) || done.model === "none") return "";
  return done.sources.length ? "Written by AI; check what matters." : "Written by AI, with no source: check it before you rely on it.";
}

function quietly(text) {
  const element = made("small", text);
  return element;
}
