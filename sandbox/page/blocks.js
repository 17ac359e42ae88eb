// Block Kit, drawn as Slack draws it in a message.

import { written } from "./dates.js";
import { h, icon } from "./dom.js";
import { elementOf, image } from "./elements.js";
import { markdown } from "./markdown.js";
import { broadcastPill, channelPill, emojiOf, groupPill, link, mention, mrkdwn, plainText } from "./mrkdwn.js";
import { planOf, taskOf } from "./tasks.js";

/** Blocks on a surface (see elements.js): what is pressed there finds its way back by it. */
export function blocksOf(blocks, names, surface) {
  return blocks.map((block) => {
    const draw = BLOCKS[block.type] ?? unknown;
    return h("div", { class: `block ${block.type}`, "data-block-id": surface.view ? block.block_id : null }, draw(block, names, surface));
  });
}

const BLOCKS = {
  section: (block, names, surface) => [
    h(
      "div",
      { class: "section-text" },
      block.text ? h("div", {}, textOf(block.text, names)) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, textOf(field, names)))) : null,
    ),
    block.accessory ? elementOf(block.accessory, block, surface, names) : null,
  ],
  header: (block) => h("div", { role: "heading", "aria-level": "3" }, plainText(block.text.text)),
  divider: () => h("hr"),
  context: (block, names) =>
    block.elements.map((element) =>
      element.type === "image" ? image(element) : h("span", {}, textOf(element, names)),
    ),
  actions: (block, names, surface) => block.elements.map((element) => elementOf(element, block, surface, names)),
  context_actions: (block, _names, surface) => block.elements.flatMap((element) => contextAction(element, block, surface)),
  input: (block, names, surface) => [
    h("div", { class: "label" }, plainText(block.label.text), block.optional ? h("small", {}, " (optional)") : null),
    elementOf(block.element, block, surface, names, { form: !block.dispatch_action }),
    block.hint ? h("small", { class: "field-hint" }, plainText(block.hint.text)) : null,
  ],
  image: (block) => image(block),
  markdown: (block) => markdown(block.text),
  rich_text: (block, names) => block.elements.map((element) => richOf(element, names)),
  table: (block, names) => tableOf(block, names),
  alert: (block, names) => h("div", { class: `alert-text ${block.level ?? "default"}` }, textOf(block.text, names)),
  task_card: (block, names) => taskOf(block, (rich) => BLOCKS.rich_text(rich, names)),
  plan: (block, names) => planOf(block, (rich) => BLOCKS.rich_text(rich, names)),
};

function unknown(block) {
  return h("em", { class: "unknown" }, `This page can't show a block of type ${block.type} yet.`);
}

function textOf(text, names) {
  return text.type === "mrkdwn" ? mrkdwn(text.text, names) : plainText(text.text);
}

function contextAction(element, block, surface) {
  const pressed = (label, value) =>
    h("button", { class: "button small", type: "button", "data-do": "press", "data-ts": surface.ts, "data-channel": surface.channel,
      "data-action": element.action_id, "data-block": block.block_id, "data-value": value }, label);
  if (element.type === "feedback_buttons") {
    return [
      pressed([icon("thumb-up"), element.positive_button.text.text], element.positive_button.value),
      pressed([icon("thumb-down"), element.negative_button.text.text], element.negative_button.value),
    ];
  }
  return [pressed(element.text?.text ?? element.icon, element.value)];
}

function tableOf(block, names) {
  const settings = block.column_settings ?? [];
  const cell = (tag) => (content, column) =>
    h(
      tag,
      { class: [settings[column]?.align, settings[column]?.is_wrapped ? "wrapped" : null].filter(Boolean).join(" ") || null },
      content.type === "rich_text" ? content.elements.map((element) => richOf(element, names)) : plainText(String(content.text ?? content.value ?? "")),
    );
  const [head, ...rows] = block.rows;
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, head.map(cell("th")))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell("td"))))),
    ),
  );
}

function richOf(element, names) {
  const inside = () => element.elements.flatMap((child) => richInline(child, names));
  switch (element.type) {
    case "rich_text_section":
      return h("div", { class: "rich-section" }, inside());
    case "rich_text_quote":
      return h("blockquote", {}, inside());
    case "rich_text_preformatted":
      return h("pre", {}, h("code", {}, inside()));
    case "rich_text_list":
      return h(
        element.style === "ordered" ? "ol" : "ul",
        { class: `indent-${Math.min(element.indent ?? 0, 8)}`, start: element.offset ? element.offset + 1 : null },
        element.elements.map((item) => h("li", {}, item.elements.flatMap((child) => richInline(child, names)))),
      );
    default:
      return unknown(element);
  }
}

function richInline(element, names) {
  switch (element.type) {
    case "text":
      return styled(lineBreaks(element.text), element.style);
    case "link":
      return styled([link(element.url, element.text ?? null)], element.style);
    case "user":
      return [mention(element.user_id, names)];
    case "usergroup":
      return [groupPill(element.usergroup_id, names)];
    case "channel":
      return [channelPill(element.channel_id, names)];
    case "broadcast":
      return [broadcastPill(element.range)];
    case "emoji":
      return [emojiOf(element.name)];
    case "date":
      return [h("time", {}, written(element.timestamp, element.format))];
    case "color":
      return [h("code", {}, element.value)];
    default:
      return [];
  }
}

/** Text of rich text is taken as it is: emoji are elements of their own there. People's own typing has none. */
function lineBreaks(text) {
  return plainText(text);
}

function styled(nodes, style = {}) {
  const tags = { code: "code", bold: "b", italic: "i", strike: "s" };
  return Object.entries(tags).reduce((inner, [name, tag]) => (style[name] ? [h(tag, {}, inner)] : inner), nodes);
}
