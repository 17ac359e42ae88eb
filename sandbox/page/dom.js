// Building and mending the page's elements. Text only ever becomes text nodes: there is no innerHTML here.

/** An element with attributes (null and false are left out) and children (nested lists are flattened). */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the icons in index.html. */
export function icon(name) {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("class", "icon");
  node.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  node.append(use);
  return node;
}

/** Make `current` like `wanted`, touching only what differs: a message that grows must not flicker. */
export function morph(current, wanted) {
  if (current.isEqualNode(wanted)) return;
  for (const { name } of [...current.attributes]) {
    if (!wanted.hasAttribute(name)) current.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
  const children = [...wanted.childNodes];
  children.forEach((child, index) => {
    const own = current.childNodes[index];
    if (!own) current.append(child);
    else if (own.nodeName !== child.nodeName) own.replaceWith(child);
    else if (own.nodeType === Node.ELEMENT_NODE) morph(own, child);
    else if (own.data !== child.data) own.data = child.data;
  });
  while (current.childNodes.length > children.length) current.lastChild.remove();
}

/** Fill `container` with what `children` say, mending what is there. */
export function fill(container, ...children) {
  const wanted = container.cloneNode(false);
  wanted.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  morph(container, wanted);
}

/**
 * Keeps a list's elements true to its items. An item is {key, stamp: [...], build}; an element is built again
 * only where a part of its stamp is another one.
 */
export function keyedList(container) {
  let known = new Map();
  return (items) => {
    const next = new Map();
    items.forEach((item, index) => {
      let entry = known.get(item.key);
      if (!entry) entry = { node: item.build(), stamp: item.stamp };
      else if (entry.stamp.some((part, place) => part !== item.stamp[place])) {
        morph(entry.node, item.build());
        entry.stamp = item.stamp;
      }
      next.set(item.key, entry);
      if (container.childNodes[index] !== entry.node) container.insertBefore(entry.node, container.childNodes[index] ?? null);
    });
    while (container.childNodes.length > items.length) container.lastChild.remove();
    known = next;
  };
}
