// Making elements. Whatever is shown goes in as text: no string is ever parsed
// as HTML, so names that miners choose stay inert.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
export const svg = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

// figure is a name, a value and a note.
export function figure(name, value, note) {
  return el("div", {}, el("div", { class: "k" }, name), el("div", { class: "v" }, value), note ? el("div", { class: "n" }, note) : null);
}

// meter is a bar that is filled to a part of 1.
export function meter(part, label, kind) {
  const wide = Math.max(0, Math.min(1, part)) * 100;
  return el("div", { class: "meter " + (kind || "") + (part > 1 ? " over" : ""), role: "img", "aria-label": label },
    svg("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { width: wide, height: 10 })));
}

// table has heads [text, class] and rows of cells.
export function table(caption, heads, rows) {
  return el("div", { class: "scroll" }, el("table", {},
    el("caption", { class: "hidden" }, caption),
    el("thead", {}, el("tr", {}, heads.map(([text, kind]) => el("th", { scope: "col", class: kind }, text)))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, i) => el("td", { class: heads[i][1] }, cell)))))));
}

export const empty = (title, text) => el("div", { class: "empty" }, el("b", {}, title), text);
export const card = (kind, title, ...children) => el("section", { class: "card " + kind }, title ? el("h2", {}, title) : null, ...children);
export const tag = (text, kind) => el("span", { class: "tag " + (kind || "") }, text);
