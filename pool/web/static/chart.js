// A line chart in SVG: points [{at, value}], drawn to the size of its place.
import { el, svg } from "./dom.js";
import { at as clock } from "./format.js";

const left = 4, right = 4, above = 14, below = 20;

// ceiling is a round number not below n.
function ceiling(n) {
  if (n <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 1.5, 2, 3, 4, 5, 7.5, 10].map((m) => m * power).find((m) => m >= n * 1.02) || 10 * power;
}

export function chart(points, { label, write, low }) {
  const place = el("div", { class: "chart" + (low ? " low" : ""), role: "img", tabindex: points.length > 1 ? 0 : undefined });
  describe(place, points, label, write);
  if (points.length < 2) {
    place.append(el("div", { class: "empty" }, "The chart begins once there are a few minutes to show."));
    return place;
  }
  const draw = () => drawIn(place, points, write);
  new ResizeObserver(draw).observe(place);
  return place;
}

function describe(place, points, label, write) {
  const values = points.map((p) => p.value);
  place.setAttribute("aria-label", values.length < 2 ? label : `${label}: from ${write(Math.min(...values))} to ${write(Math.max(...values))}, now ${write(values.at(-1))}`);
}

function drawIn(place, points, write) {
  const w = place.clientWidth, h = place.clientHeight;
  if (w < 20 || h < 20) return;
  const top = ceiling(Math.max(...points.map((p) => p.value)));
  const from = +new Date(points[0].at), to = +new Date(points.at(-1).at);
  const x = (p) => left + (w - left - right) * (to > from ? (new Date(p.at) - from) / (to - from) : 1);
  const y = (p) => above + (h - above - below) * (1 - p.value / top);
  const line = points.map((p, i) => (i ? "L" : "M") + x(p).toFixed(1) + " " + y(p).toFixed(1)).join("");
  const base = h - below;
  const parts = [];
  for (const part of [1, 0.5]) {
    const level = y({ value: top * part });
    parts.push(svg("line", { class: "rule", x1: left, x2: w - right, y1: level, y2: level }), svg("text", { x: left, y: level - 4 }, write(top * part)));
  }
  parts.push(svg("line", { class: "rule", x1: left, x2: w - right, y1: base, y2: base }));
  const marks = w < 420 ? 3 : 5;
  for (let i = 0; i < marks; i++) {
    const moment = from + (to - from) * i / (marks - 1);
    const anchor = i === 0 ? "start" : i === marks - 1 ? "end" : "middle";
    parts.push(svg("text", { x: left + (w - left - right) * i / (marks - 1), y: h - 5, "text-anchor": anchor }, clock(moment)));
  }
  parts.push(svg("path", { class: "area", d: line + `L${x(points.at(-1)).toFixed(1)} ${base}L${x(points[0]).toFixed(1)} ${base}Z` }), svg("path", { class: "line", d: line }));
  const drawing = svg("svg", { viewBox: `0 0 ${w} ${h}`, "aria-hidden": "true" }, parts);
  place.replaceChildren(drawing);
  explore(place, drawing, points, { x, y, w, base, write });
}

// explore shows the value under the pointer, or under the arrow keys.
function explore(place, drawing, points, { x, y, w, base, write }) {
  const cursor = svg("line", { class: "cursor", y1: above, y2: base }), dot = svg("circle", { class: "dot", r: 4.5 });
  const tip = el("div", { class: "tip" });
  let chosen = points.length - 1;
  const show = (i) => {
    chosen = Math.max(0, Math.min(points.length - 1, i));
    const p = points[chosen], px = x(p);
    for (const [name, value] of [["x1", px], ["x2", px]]) cursor.setAttribute(name, value);
    dot.setAttribute("cx", px);
    dot.setAttribute("cy", y(p));
    tip.textContent = clock(p.at) + "   " + write(p.value);
    if (!tip.isConnected) { drawing.append(cursor, dot); place.append(tip); }
    tip.style.left = Math.max(0, Math.min(w - tip.offsetWidth, px - tip.offsetWidth / 2)) + "px";
  };
  const hide = () => { cursor.remove(); dot.remove(); tip.remove(); };
  const nearest = (px) => points.reduce((best, p, i) => Math.abs(x(p) - px) < Math.abs(x(points[best]) - px) ? i : best, 0);
  place.onpointermove = (e) => show(nearest(e.clientX - place.getBoundingClientRect().left));
  place.onpointerleave = hide;
  place.onfocus = () => show(chosen);
  place.onblur = hide;
  place.onkeydown = (e) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (step) { e.preventDefault(); show(chosen + step); }
  };
}
