// The Markdown of a `markdown` block: the part of it that answers use.

import { h } from "./dom.js";
import { link } from "./mrkdwn.js";

/** Headings, lists, quotes, fences, rules and paragraphs. */
export function markdown(text) {
  return text.split(/^```[^\n]*\n([\s\S]*?)\n?```\s*$/m).flatMap((part, index) =>
    index % 2 ? [h("pre", {}, h("code", {}, part))] : part.split(/\n{2,}/).flatMap(paragraph),
  );
}

function paragraph(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (!lines.length) return [];
  const heading = lines[0].match(/^(#{1,6})\s+(.*)$/);
  if (heading) {
    const level = String(Math.min(heading[1].length + 2, 6));
    return [h("div", { class: "markdown-heading", role: "heading", "aria-level": level }, inline(heading[2])), ...paragraph(lines.slice(1).join("\n"))];
  }
  if (lines.length === 1 && /^(-{3,}|\*{3,})$/.test(lines[0].trim())) return [h("hr")];
  if (lines.every((line) => /^>\s?/.test(line))) {
    return [h("blockquote", {}, paragraph(lines.map((line) => line.replace(/^>\s?/, "")).join("\n")))];
  }
  const first = lines.findIndex((line) => /^\s*([-*+]|\d+[.)])\s+/.test(line));
  if (first > 0) return [...paragraph(lines.slice(0, first).join("\n")), ...paragraph(lines.slice(first).join("\n"))];
  if (first === 0) {
    const ordered = /^\s*\d/.test(lines[0]);
    return [h(ordered ? "ol" : "ul", {}, lines.map((line) => h("li", {}, inline(line.replace(/^\s*([-*+]|\d+[.)])\s+/, "")))))];
  }
  return [h("p", {}, inline(lines.join("\n")))];
}

const TOKEN = /`([^`\n]+)`|\[([^\]\n]+)\]\(([^)\s]+)\)|\*\*(\S(?:[^*\n]*\S)?)\*\*|(?<![\p{L}\p{N}*_])[*_](\S(?:[^*_\n]*\S)?)[*_](?![\p{L}\p{N}*_])|~~(\S(?:[^~\n]*\S)?)~~|\n/u;

function inline(text) {
  const nodes = [];
  let rest = text;
  for (let match = rest.match(TOKEN); match; match = rest.match(TOKEN)) {
    if (match.index) nodes.push(rest.slice(0, match.index));
    nodes.push(styled(match));
    rest = rest.slice(match.index + match[0].length);
  }
  return rest ? [...nodes, rest] : nodes;
}

function styled([, code, label, url, bold, italic, struck]) {
  if (code !== undefined) return h("code", {}, code);
  if (label !== undefined) return link(url, inline(label));
  if (bold !== undefined) return h("b", {}, inline(bold));
  if (italic !== undefined) return h("i", {}, inline(italic));
  if (struck !== undefined) return h("s", {}, inline(struck));
  return h("br");
}
