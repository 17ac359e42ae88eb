// Where people type: grows with the text, completes names and commands, Enter sends, Shift+Enter breaks the line.

import { fill, h, icon } from "./dom.js";
import { avatar, fileChip } from "./messages.js";

const MOST_OFFERED = 7;
const MOST_FILES = 10; // of a message of Slack's

export class Composer {
  /** `send(text, files)` is called with what was typed and attached; `offers()` gives {people, channels, commands} to complete. */
  constructor(form, { send, offers }) {
    this.form = form;
    this.field = form.querySelector("textarea");
    this.list = form.querySelector(".completions");
    this.button = form.querySelector(".send");
    this.attached = form.querySelector(".attached");
    this.picker = form.querySelector("input[type=file]");
    this.files = [];
    this.send = send;
    this.offers = offers;
    this.chosen = 0;
    this.found = [];
    this.list.id = `${form.id}-names`;
    this.field.setAttribute("aria-controls", this.list.id);
    form.addEventListener("submit", (event) => this.submit(event));
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.picker.addEventListener("change", () => this.attach([...this.picker.files]));
    this.attached.addEventListener("click", (event) => this.detach(event.target.closest("[data-index]")));
    for (const kind of ["dragover", "drop"]) form.addEventListener(kind, (event) => this.drop(event));
    this.field.addEventListener("paste", (event) => this.attach([...event.clipboardData.files]));
    this.list.addEventListener("mousedown", (event) => this.pick(event));
    form.querySelector("[data-insert]").addEventListener("click", () => this.insert("@"));
    form.addEventListener("click", (event) => event.target.closest("button, ul, label") ?? this.field.focus());
  }

  set placeholder(text) {
    this.field.placeholder = text;
    this.field.setAttribute("aria-label", text);
  }

  get value() {
    return this.field.value;
  }

  set value(text) {
    this.field.value = text;
    this.changed();
    this.close();
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    const { files } = this;
    if (!text && !files.length) return;
    this.files = [];
    this.drawFiles();
    this.value = "";
    this.send(text, files);
    this.focus();
  }

  // -- files

  attach(files) {
    this.files = [...this.files, ...files].slice(0, MOST_FILES);
    this.picker.value = "";
    this.drawFiles();
  }

  detach(button) {
    if (!button) return;
    this.files = this.files.filter((_, index) => index !== Number(button.dataset.index));
    this.drawFiles();
    this.focus();
  }

  drop(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (event.type === "drop") this.attach([...event.dataTransfer.files]);
  }

  drawFiles() {
    this.attached.hidden = !this.files.length;
    const chip = (file, index) => h("li", {}, fileChip(file), h("button", { type: "button", "data-index": index, "aria-label": `Leave out ${file.name}` }, icon("close")));
    fill(this.attached, this.files.map(chip));
    this.changed();
  }

  changed() {
    this.button.disabled = !this.field.value.trim() && !this.files.length;
    this.field.rows = Math.min(10, this.field.value.split("\n").length);
    this.complete();
  }

  key(event) {
    const whole = event.key === "Enter" && this.found[this.chosen]?.inserted === this.field.value; // a command, written out
    if (this.found.length && !whole) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) this.move(step);
      else if (event.key === "Enter" || event.key === "Tab") this.take(this.found[this.chosen]);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event);
  }

  // -- completion

  complete() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const typed = before.match(/^(\/)([\w-]*)$/) ?? before.match(/(?:^|[\s(])([@#])([\p{L}\p{N}._-]*(?: [\p{L}\p{N}]+)?)$/u);
    if (!typed) return this.close();
    const [, sign, start] = typed;
    const { people, channels, commands } = this.offers();
    const wanted = start.toLowerCase();
    const all = { "@": people, "#": channels, "/": commands }[sign];
    this.found = all.filter((each) => each.words.some((word) => word.startsWith(wanted))).slice(0, MOST_OFFERED);
    this.typed = sign + start;
    this.chosen = 0;
    return this.draw();
  }

  move(step) {
    this.chosen = (this.chosen + step + this.found.length) % this.found.length;
    this.draw();
  }

  draw() {
    this.list.hidden = !this.found.length;
    this.field.setAttribute("aria-activedescendant", this.found.length ? `${this.list.id}-${this.chosen}` : "");
    fill(
      this.list,
      this.found.map((each, index) =>
        h(
          "li",
          { role: "option", id: `${this.list.id}-${index}`, "aria-selected": String(index === this.chosen), "data-index": index },
          each.user ? avatar(each.user, "small") : h("span", { class: "hash" }, each.channel ? icon("hash") : each.sign),
          h("span", { class: "name" }, each.name),
          each.hint ? h("code", {}, each.hint) : null,
          h("span", { class: "about" }, each.about),
        ),
      ),
    );
  }

  pick(event) {
    const option = event.target.closest("[data-index]");
    if (!option) return;
    event.preventDefault();
    this.take(this.found[Number(option.dataset.index)]);
  }

  take(each) {
    const at = this.field.selectionStart;
    const start = at - this.typed.length;
    this.field.setRangeText(`${each.inserted} `, start, at, "end");
    this.close();
    this.changed();
    this.focus();
  }

  insert(text) {
    const { selectionStart: at, value } = this.field;
    const gap = at && !/\s/.test(value[at - 1]) ? " " : "";
    this.field.setRangeText(gap + text, at, this.field.selectionEnd, "end");
    this.focus();
    this.changed();
  }

  close() {
    this.found = [];
    this.draw();
  }
}

/** What a composer can complete in a store. */
export function offersOf(store) {
  const words = (...names) => names.flatMap((name) => [name.toLowerCase(), ...name.toLowerCase().split(/\s+/)]);
  const users = [...store.users.values()].sort((one, other) => Number(other.bot) - Number(one.bot));
  const people = users.map((user) => ({
    user,
    name: user.name,
    about: user.bot ? "App" : user.title,
    words: words(user.name, user.handle),
    inserted: `@${user.name}`,
  }));
  const groups = [...store.groups.values()].map((group) => ({
    sign: "@",
    name: group.handle,
    about: group.name,
    words: words(group.name, group.handle),
    inserted: `@${group.handle}`,
  }));
  const channels = [...store.channels.values()]
    .filter((channel) => channel.kind === "channel")
    .map((channel) => ({ channel, name: channel.name, about: channel.topic, words: words(channel.name), inserted: `#${channel.name}` }));
  const app = users.find((user) => user.bot);
  const commands = store.commands.map(({ command, usage_hint: hint, description: about }) => ({
    user: app,
    name: command,
    hint,
    about,
    words: [command.slice(1)],
    inserted: command,
  }));
  return { people: [...people, ...groups], channels, commands };
}
