// What can be pressed, chosen or filled in: in messages, in modals, in the Home tab.
// A surface is {channel, ts} of a message, or {view} with its id; `state` holds what stood in a view's fields.

import { h, icon } from "./dom.js";
import { mayFollow, mrkdwn, plainText } from "./mrkdwn.js";

/** An element of a block; `form` says that it is a field which is sent with the others. */
export function elementOf(element, block, surface, names, { form = false } = {}) {
  const draw = ELEMENTS[element.type];
  if (!draw) return h("em", { class: "unknown" }, `This page can't show an element of type ${element.type} yet.`);
  return draw(element, { ...placed(element, block, surface), form: form ? true : null }, names, surface);
}

/** Pictures are named, not fetched: the sandbox asks no other machine for anything. */
export function image(element) {
  return h("span", { class: "picture", role: "img", "aria-label": element.alt_text }, element.alt_text);
}

/** What a pressed or changed element carries, so that its place is found again. */
function placed(element, block, surface) {
  return {
    action: element.action_id,
    block: block.block_id,
    ts: surface.ts,
    channel: surface.channel,
    view: surface.view,
    kept: surface.state?.values?.[block.block_id]?.[element.action_id],
  };
}

function data(at, more = {}) {
  return { "data-action": at.action, "data-block": at.block, "data-ts": at.ts, "data-channel": at.channel, "data-view": at.view, ...more };
}

const ELEMENTS = {
  image,
  button: (element, at) => {
    const shared = {
      class: `button ${element.style ?? ""}`.trim(),
      ...data(at, { "data-do": "press", "data-value": element.value, "data-testid": `button-${element.action_id}` }),
      "aria-label": element.accessibility_label,
    };
    if (element.url && mayFollow(element.url)) {
      return h("a", { ...shared, href: element.url, target: "_blank", rel: "noopener noreferrer" }, plainText(element.text.text));
    }
    return h("button", { ...shared, type: "button" }, plainText(element.text.text));
  },
  overflow: (element, at) =>
    h("button", { type: "button", class: "button more", ...data(at, { "data-do": "overflow", "data-testid": `button-${element.action_id}` }), "aria-label": "More actions" }, icon("more")),
  static_select: (element, at) => select(element, at, element.options ?? [], { groups: element.option_groups }),
  users_select: (element, at, names) => select(element, at, names.people()),
  channels_select: (element, at, names) => select(element, at, names.channels("channel")),
  conversations_select: (element, at, names) => select(element, at, names.channels()),
  multi_static_select: (element, at, names) => boxes(element, at, optionsOf(element), names),
  multi_users_select: (element, at, names) => boxes(element, at, names.people(), names),
  multi_channels_select: (element, at, names) => boxes(element, at, names.channels("channel"), names),
  multi_conversations_select: (element, at, names) => boxes(element, at, names.channels(), names),
  checkboxes: (element, at, names) => boxes(element, at, element.options, names),
  radio_buttons: (element, at, names) => boxes(element, at, element.options, names, "radio"),
  plain_text_input: (element, at) => input(element, at, element.multiline ? "textarea" : "text"),
  number_input: (element, at) => input(element, at, "number"),
  email_text_input: (element, at) => input(element, at, "email"),
  url_text_input: (element, at) => input(element, at, "url"),
  datepicker: (element, at) => input(element, at, "date"),
  timepicker: (element, at) => input(element, at, "time"),
};

/** A field's own attributes: in a form it is read with the others, elsewhere a change is told at once. */
function field(element, at) {
  return data(at, { "data-field": element.type, "data-testid": `field-${element.action_id}`, "data-acts": at.form ? null : true });
}

function input(element, at, type) {
  const shared = { ...field(element, at), placeholder: element.placeholder?.text, maxlength: element.max_length, "data-focus": element.focus_on_load };
  const node = type === "textarea" ? h("textarea", { ...shared, rows: "4" }) : h("input", { ...shared, type, step: type === "number" ? "any" : null });
  node.value = keptIn(element, at) ?? "";
  return node;
}

function select(element, at, options, { groups = null } = {}) {
  const chosen = keptIn(element, at);
  const option = (each) => h("option", { value: each.value, selected: each.value === chosen }, each.text.text);
  return h(
    "select",
    { ...field(element, at), "aria-label": element.placeholder?.text ?? "Choose" },
    h("option", { value: "" }, element.placeholder?.text ?? "Choose …"),
    groups ? groups.map((group) => h("optgroup", { label: group.label.text }, group.options.map(option))) : options.map(option),
  );
}

let numbered = 0;

function boxes(element, at, options, names, type = "checkbox") {
  const chosen = [keptIn(element, at) ?? []].flat();
  const name = `choice-${(numbered += 1)}`;
  const label = (each) =>
    h("label", {},
      h("input", { type, name, value: each.value, checked: chosen.includes(each.value) }),
      h("span", {}, each.text.type === "mrkdwn" ? mrkdwn(each.text.text, names) : plainText(each.text.text),
        each.description ? h("small", {}, plainText(each.description.text)) : null));
  return h("fieldset", { class: "choices", ...field(element, at), "data-many": type === "checkbox" ? true : null }, options.map(label));
}

/** What stood in a field, in a string or a list of strings; what it begins with where nothing did. */
function keptIn(element, at) {
  const { type: _type, ...content } = at.kept ?? initialOf(element);
  const [found] = Object.values(content); // whatever its kind calls it: `value`, `selected_option`, …
  if (Array.isArray(found)) return found.map((each) => each.value ?? each);
  return found?.value ?? found;
}

function initialOf(element) {
  const name = Object.keys(element).find((key) => key.startsWith("initial_"));
  return name ? { [name]: element[name] } : {};
}

function optionsOf(element) {
  return element.options ?? element.option_groups.flatMap((group) => group.options);
}

/** What stands in a field now. */
export function contentOf(node) {
  if (node.matches("fieldset")) {
    const chosen = [...node.querySelectorAll("input:checked")].map((each) => each.value);
    return node.dataset.many === undefined ? (chosen[0] ?? null) : chosen;
  }
  return node.value || null;
}

/** All fields within, by block and action. */
export function fieldsOf(root) {
  const fields = {};
  for (const node of root.querySelectorAll("[data-field]")) {
    (fields[node.dataset.block] ??= {})[node.dataset.action] = contentOf(node);
  }
  return fields;
}
