// Markdown as nodes: what answers are written in and no more. Text only ever becomes text, never markup, and a
// link only leads to where the web is.

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s](?:[^*]*[^*\s])?)\*|\b_([^_]+)_\b|\[(\d{1,3})\](?!\()|\[([^\]]+)\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)|<(https?:\/\/[^\s<>]+)>|(https?:\/\/[^\s<>]*[^\s<>.,;:!?)\]'"])|\\([\\`*_[\]<>#|~!.()+-])/s;
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const DEEPEST = 20;

/** The nodes of a text; `cite(number)` gives the node of a `[number]`, or null for one that is none. */
export function markdown(text, cite) {
  const blocks = document.createDocumentFragment();
  const lines = text.replaceAll("\r", "").split("\n");
  for (let at = 0; at < lines.length; ) at = block(lines, at, blocks, cite);
  return blocks;
}

function block(lines, at, into, cite) {
  const line = lines[at];
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (!line.trim()) return at + 1;
  if (/^\s*(```|~~~)/.test(line)) return fenced(lines, at, into);
  if (heading) {
    into.append(made("h3", inline(heading[2], cite)));
    return at + 1;
  }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
    into.append(made("hr"));
    return at + 1;
  }
  if (ITEM.test(line)) return list(lines, at, into, cite);
  if (line.startsWith(">")) return quote(lines, at, into, cite);
  if (line.includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] ?? "")) {
    return table(lines, at, into, cite);
  }
  return paragraph(lines, at, into, cite);
}

function fenced(lines, at, into) {
  const fence = lines[at].trim().slice(0, 3);
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(fence)) end += 1;
  into.append(made("pre", made("code", lines.slice(at + 1, end).join("\n"))));
  return end + 1;
}

function list(lines, at, into, cite) {
  const first = ITEM.exec(lines[at]);
  const items = made(first[2] === undefined ? "ul" : "ol");
  if (first[2] !== undefined) items.start = Number(first[2]);
  const depth = first[1].length;
  let item = null;
  while (at < lines.length) {
    const found = ITEM.exec(lines[at]);
    if (found && found[1].length > depth + 1 && item && found[1].length < DEEPEST) {
      at = list(lines, at, item, cite);
    } else if (found && found[1].length >= depth) {
      item = made("li", inline(found[3], cite));
      items.append(item);
      at += 1;
    } else if (!found && /^\s+\S/.test(lines[at]) && item) {
      item.append(" ", inline(lines[at].trim(), cite));
      at += 1;
    } else break;
  }
  into.append(items);
  return at;
}

function quote(lines, at, into, cite) {
  const end = until(lines, at, (line) => !line.startsWith(">"));
  const inner = lines.slice(at, end).map((line) => line.replace(/^>\s?/, ""));
  into.append(made("blockquote", inline(inner.join("\n"), cite)));
  return end;
}

function table(lines, at, into, cite) {
  const end = until(lines, at, (line) => !line.includes("|"));
  const row = (line, kind) => {
    const cells = line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/);
    return made("tr", ...cells.map((cell) => made(kind, inline(cell.trim(), cite))));
  };
  const rows = lines.slice(at + 2, end).map((line) => row(line, "td"));
  const all = made("table", made("thead", row(lines[at], "th")), made("tbody", ...rows));
  into.append(made("div", all));
  into.lastChild.className = "wide";
  return end;
}

function paragraph(lines, at, into, cite) {
  const end = until(lines, at, (line, n) => n > at && (!line.trim() || ITEM.test(line) || /^(#{1,6}\s|\s*(```|~~~)|>)/.test(line)));
  into.append(made("p", inline(lines.slice(at, end).join("\n"), cite)));
  return end;
}

function until(lines, at, over) {
  let end = at;
  while (end < lines.length && !over(lines[end], end)) end += 1;
  return end;
}

function inline(text, cite) {
  const nodes = document.createDocumentFragment();
  for (let left = text; left; ) {
    const found = INLINE.exec(left);
    if (!found) {
      nodes.append(left);
      break;
    }
    nodes.append(left.slice(0, found.index), span(found, cite));
    left = left.slice(found.index + found[0].length);
  }
  return nodes;
}

function span(found, cite) {
  const [whole, , code, bold, alsoBold, italic, alsoItalic, number, label, target, angled, bare, escaped] = found;
  if (code !== undefined) return made("code", code.trim() || code);
  if (bold ?? alsoBold) return made("strong", inline(bold ?? alsoBold, cite));
  if (italic ?? alsoItalic) return made("em", inline(italic ?? alsoItalic, cite));
  if (number !== undefined) return cite(Number(number)) ?? whole;
  if (label !== undefined) return link(target, label) ?? label;
  if (angled ?? bare) return link(angled ?? bare, angled ?? bare) ?? whole;
  return escaped;
}

/** A link, or null where it would lead anywhere but to a web page. */
export function link(target, label) {
  let url;
  try {
    url = new URL(target);
  } catch {
    return null;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return null;
  const made_ = made("a", label);
  made_.href = url.href;
  made_.target = "_blank";
  made_.rel = "noopener noreferrer nofollow";
  return made_;
}

/** An element with these children; text stays text. */
export function made(name, ...children) {
  const element = document.createElement(name);
  element.append(...children);
  return element;
}
