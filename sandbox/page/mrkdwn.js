// Slack's mrkdwn, drawn as Slack draws it.

import { written } from "./dates.js";
import { h, icon } from "./dom.js";
import { drawn, emoji } from "./emoji.js";

/** Slack escapes three characters and no others. */
export function decode(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** A whole text: fences, quotes, lines. `names` looks up users, groups and channels. */
export function mrkdwn(text, names) {
  return text.split(/```\n?([\s\S]+?)\n?```\n?/).flatMap((part, index) => {
    if (index % 2) return [h("pre", {}, h("code", {}, plain(part)))];
    return part === "" ? [] : lines(part, names);
  });
}

/** A text in which only emoji and line breaks mean anything. */
export function plainText(text) {
  return breaks(text).flatMap((part) => (typeof part === "string" ? withEmoji(part) : [part]));
}

function lines(text, names) {
  const whole = text.match(/^([\s\S]*?)(?:^|\n)(?:&gt;|>){3}\s?([\s\S]*)$/);
  if (whole) return [...lines(whole[1], names), h("blockquote", {}, inline(whole[2], names))];
  const nodes = [];
  let quoted = [];
  let ordinary = [];
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", {}, inline(quoted.join("\n"), names)));
    if (ordinary.length) nodes.push(...inline(ordinary.join("\n"), names));
    quoted = [];
    ordinary = [];
  };
  for (const line of text.split("\n")) {
    const quote = line.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quote ? ordinary.length : quoted.length) flush();
    (quote ? quoted : ordinary).push(quote ? quote[1] : line);
  }
  flush();
  return nodes;
}

const TOKEN = /`([^`\n]+)`|<([^<>\n]+)>|(?<![\p{L}\p{N}*])\*(?=\S)([^*\n]*[^*\s])\*(?![\p{L}\p{N}*])|(?<![\p{L}\p{N}_])_(?=\S)([^_\n]*[^_\s])_(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}~])~(?=\S)([^~\n]*[^~\s])~(?![\p{L}\p{N}~])/u;

function inline(text, names) {
  const nodes = [];
  let rest = text;
  for (let match = rest.match(TOKEN); match; match = rest.match(TOKEN)) {
    nodes.push(...words(rest.slice(0, match.index)));
    nodes.push(styled(match, names));
    rest = rest.slice(match.index + match[0].length);
  }
  return [...nodes, ...words(rest)];
}

function styled([, code, angled, bold, italic, struck], names) {
  if (code !== undefined) return h("code", {}, plain(code));
  if (angled !== undefined) return reference(angled, names);
  if (bold !== undefined) return h("b", {}, inline(bold, names));
  if (italic !== undefined) return h("i", {}, inline(italic, names));
  return h("s", {}, inline(struck, names));
}

/** What stands in angle brackets: a mention, a channel, a group, a link. */
function reference(inside, names) {
  const [target, label] = splitOnce(inside, "|");
  if (target.startsWith("@")) return mention(target.slice(1), names);
  if (target.startsWith("#")) return channelPill(target.slice(1), names, label);
  if (target.startsWith("!subteam^")) return groupPill(target.slice("!subteam^".length), names, label);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return broadcastPill(target.slice(1));
  return link(decode(target), label === undefined ? null : inline(label, names));
}

/** `!date^<Unix seconds>^<format>`, with what stands there where a client can't read it. */
function date(target, label) {
  const [, seconds, format] = target.split("^");
  const moment = Number(seconds);
  return h("time", {}, format && Number.isFinite(moment) ? written(moment, decode(format)) : decode(label ?? ""));
}

export function mention(id, names) {
  const user = names.user(id);
  const mine = id === names.me;
  return h("span", { class: mine ? "pill mine" : "pill", "data-user": id }, `@${user ? user.name : id}`);
}

export function channelPill(id, names, label) {
  const name = names.channel(id) ?? label;
  const where = { class: "pill", type: "button", "data-do": "open-channel", "data-channel": id };
  return name && names.mayOpen(id) ? h("button", where, `#${name}`) : h("span", { class: "pill" }, `#${name ?? "a private channel"}`);
}

export function groupPill(id, names, label) {
  const group = names.group(id);
  return h("span", { class: "pill" }, group ? `@${group.handle}` : (label ?? `@${id}`));
}

export function broadcastPill(range) {
  return h("span", { class: "pill mine" }, `@${range}`);
}

/** Only http, https and mail addresses are followed. */
export function mayFollow(url) {
  return /^(https?:|mailto:)/i.test(url);
}

/** A link, opened in a new tab. */
export function link(url, label) {
  const shown = label ?? url.replace(/^mailto:/, "");
  if (!mayFollow(url)) return h("span", {}, shown);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, shown);
}

function words(text) {
  return breaks(decode(text)).flatMap((part) => (typeof part === "string" ? withEmoji(part) : [part]));
}

function plain(text) {
  return decode(text);
}

function breaks(text) {
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line])).filter((part) => part !== "");
}

function withEmoji(text) {
  return text.split(/:([a-z0-9_+-]+):/).flatMap((part, index) => {
    if (index % 2 === 0) return part === "" ? [] : [part];
    return [emojiOf(part)];
  });
}

/** An emoji, or its shortcode where we don't know it. */
export function emojiOf(name) {
  const shape = drawn(name);
  if (shape) return h("span", { class: "emoji", title: `:${name}:`, role: "img", "aria-label": name.replaceAll("_", " ") }, icon(shape));
  const found = emoji(name);
  return found ? h("span", { class: "emoji", title: `:${name}:` }, found) : `:${name}:`;
}

function splitOnce(text, by) {
  const at = text.indexOf(by);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + by.length)];
}
