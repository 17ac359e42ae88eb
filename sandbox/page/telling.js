// What lies over the page for a moment: a sentence, a question, a menu.

import { fill, h } from "./dom.js";
import { mrkdwn, plainText } from "./mrkdwn.js";

const SHOWN_MS = 5000;

const byId = (id) => document.getElementById(id);

let hiding = null;

/** Tell a sentence, for five seconds. */
export function toast(text) {
  byId("toast").textContent = text;
  byId("toast").hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (byId("toast").hidden = true), SHOWN_MS);
}

/** Ask as an element's `confirm` says; gives whether the answer was yes. */
export async function confirmed(confirm, names) {
  const text = confirm.text.type === "mrkdwn" ? mrkdwn(confirm.text.text, names) : plainText(confirm.text.text);
  const answer = await asked(byId("confirm"), [
    h("h2", {}, plainText(confirm.title.text)),
    h("p", {}, text),
    h("form", { method: "dialog", class: "row" },
      h("button", { class: "button", value: "no" }, confirm.deny.text),
      h("button", { class: `button ${confirm.style ?? "primary"}`, value: "yes" }, confirm.confirm.text)),
  ]);
  return answer === "yes";
}

/** Have a text edited; gives the new one, or null. */
export async function edited(text) {
  const field = h("textarea", { rows: "4", "aria-label": "Message", "data-testid": "edit-field" });
  field.value = text;
  const answer = await asked(byId("confirm"), [
    h("h2", {}, "Edit message"),
    field,
    h("form", { method: "dialog", class: "row" },
      h("button", { class: "button", value: "no" }, "Cancel"),
      h("button", { class: "button primary", value: "yes", "data-testid": "edit-save" }, "Save")),
  ]);
  return answer === "yes" ? field.value : null;
}

function asked(dialog, content) {
  dialog.replaceChildren(...content);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

const menu = byId("menu");

/** Open a menu beside the button that was pressed; on a phone it comes up from below. */
export function openMenu(button, ...content) {
  fill(menu, content);
  menu.showModal();
  const { right, left, bottom, top } = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const x = left + width + 8 < innerWidth ? left : Math.max(8, right - width);
  const y = bottom + height + 8 < innerHeight ? bottom + 4 : Math.max(8, top - height - 4);
  menu.style.left = `${x}px`;
  menu.style.top = `${y}px`;
}

menu.addEventListener("click", (event) => {
  if (event.target === menu || event.target.closest("[data-do]")) menu.close();
});
