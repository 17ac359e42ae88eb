// A message's text as its writer typed it, for editing.

import { decode } from "./mrkdwn.js";

export function typedOf(text, names) {
  const words = text.replace(/<([^<>\n]+)>/g, (_, inside) => {
    const [target, label] = inside.split("|");
    if (target.startsWith("@")) return `@${names.user(target.slice(1))?.name ?? target.slice(1)}`;
    if (target.startsWith("#")) return `#${names.channel(target.slice(1)) ?? label}`;
    if (target.startsWith("!subteam^")) return `@${names.group(target.slice("!subteam^".length))?.handle ?? label}`;
    return target.startsWith("!") ? `@${target.slice(1)}` : target;
  });
  return decode(words);
}
