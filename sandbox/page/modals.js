// The modal that an app has opened before me, and my Home tab with it.

import { blocksOf } from "./blocks.js";
import { fill, h, icon } from "./dom.js";
import { fieldsOf } from "./elements.js";
import { plainText } from "./mrkdwn.js";
import { postJson } from "./server.js";
import { toast } from "./telling.js";

const dialog = document.getElementById("modal");
let shown = null; // the view that stands there, by id and hash
let me = null;

/** Show what the store has: a modal that stays keeps what was typed into it. */
export function drawModal(store) {
  const view = store.views.modal;
  me = store.me;
  if (!view) {
    shown = null;
    if (dialog.open) dialog.close();
    return;
  }
  if (shown?.id === view.id && shown.hash === view.hash) return;
  const typed = shown?.id === view.id ? fieldsOf(dialog) : {};
  shown = view;
  dialog.replaceChildren(content({ ...view, state: { values: withTyped(view, typed) } }, store));
  dialog.setAttribute("aria-label", view.title.text);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[data-focus], h2").focus(); // not the button that closes it
}

/** Draw a person's Home tab; gives its elements. */
export function homeOf(store) {
  const view = store.views.home;
  if (!view) return [h("p", { class: "empty" }, `${store.app.name} has put nothing here yet.`)];
  return blocksOf(view.blocks, store.names, { view: view.id, state: view.state });
}

/** A view's state with what I have typed since: by the element's own kind, as the fields read it. */
function withTyped(view, typed) {
  const values = structuredClone(view.state.values);
  for (const [block, fields] of Object.entries(typed)) {
    for (const [action, content] of Object.entries(fields)) {
      if (values[block]?.[action] && content !== null) values[block][action] = { type: values[block][action].type, typed: content };
    }
  }
  return values;
}

function content(view, store) {
  return h(
    "form",
    { class: "modal-form", novalidate: true, "data-view": view.id },
    h("header", { class: "bar" },
      h("span", { class: "avatar app small", "aria-hidden": "true" }, icon("app")),
      h("h2", { tabindex: "-1" }, plainText(view.title.text)),
      h("button", { type: "button", class: "icon-button", "data-close": true, "aria-label": "Close", "data-testid": "modal-close" }, icon("close"))),
    h("div", { class: "modal-body" }, blocksOf(view.blocks, store.names, { view: view.id, state: view.state })),
    h("footer", { class: "modal-foot" },
      h("p", { class: "problem", role: "alert" }),
      h("button", { type: "button", class: "button", "data-close": true }, view.close?.text ?? (store.views.depth > 1 ? "Back" : "Close")),
      view.submit ? h("button", { type: "submit", class: "button primary", "data-testid": "submit" }, plainText(view.submit.text)) : null),
  );
}

function problems(found) {
  for (const old of dialog.querySelectorAll(".field-problem")) old.remove();
  fill(dialog.querySelector(".problem"), found[""] ?? "");
  for (const [block, sentence] of Object.entries(found)) {
    const place = [...dialog.querySelectorAll("[data-block-id]")].find((each) => each.dataset.blockId === block);
    place?.append(h("small", { class: "field-problem", role: "alert" }, sentence));
  }
}

dialog.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = dialog.querySelector("[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  try {
    const { problems: found } = await postJson("/page/submit", { as: me, view_id: shown.id, fields: fieldsOf(dialog) });
    if (Object.keys(found).length) problems(found);
  } catch (error) {
    toast(error.message);
  }
  button.disabled = false;
});

dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  close();
});
dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) close();
});

function close() {
  postJson("/page/close", { as: me, view_id: shown.id }).catch((error) => toast(error.message));
}
