// The page: which section is shown, the live figures, the theme.
import { get, follow } from "./api.js";
import { el, empty } from "./dom.js";
import { overview } from "./overview.js";
import { miner } from "./miner.js";
import { blocks, payments, top } from "./lists.js";
import { start } from "./start.js";
import { admin } from "./admin.js";

const sections = { "": overview, miner, blocks, payments, top, start, admin };
const titles = { "": "Overview", miner: "My miner", blocks: "Blocks", payments: "Payments", top: "Top miners", start: "Start mining", admin: "Administration" };
const main = document.getElementById("main");

// What sections share. coin() is the coin that is looked at.
const page = {
  figures: null,
  chosen: "",
  coin() { return this.figures.coins.find((c) => c.name === this.chosen) || this.figures.coins[0]; },
};
let shown = null; // { update } of the section on show
let turn = 0;

function place() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return [sections[name] ? name : "", rest.map(decodeURIComponent).join("/")];
}

async function show(focus) {
  if (!page.figures || !page.figures.coins.length) return;
  const mine = ++turn;
  const [name, rest] = place();
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.hash === "#/" + name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = titles[name] + " · mining pool";
  let section;
  try {
    section = await sections[name](page, rest);
  } catch (error) {
    section = { node: empty("That did not work", error.message) };
  }
  if (mine !== turn) return; // another section has been chosen meanwhile
  shown?.end?.();
  shown = section;
  main.replaceChildren(section.node);
  section.update?.();
  if (focus) { main.focus({ preventScroll: true }); scrollTo(0, 0); }
}

function take(figures) {
  const first = !page.figures;
  page.figures = figures;
  document.getElementById("version").textContent = "adit " + figures.version + (figures.draining ? " · the pool is about to end" : "");
  coins(figures);
  if (first) show(false);
  else shown?.update?.();
}

// coins fills the choice of coins, where there is one.
function coins(figures) {
  const select = document.getElementById("coin");
  if (select.options.length === figures.coins.length) return;
  select.replaceChildren(...figures.coins.map((c) => el("option", { value: c.name }, c.name)));
  select.parentElement.hidden = figures.coins.length < 2;
  select.onchange = () => { page.chosen = select.value; show(false); };
}

const words = { live: "live", slow: "every 5 s", lost: "no connection" };
function state(name) {
  const live = document.getElementById("live");
  if (live.dataset.state === name) return;
  live.dataset.state = name;
  live.lastElementChild.textContent = words[name];
}

const themes = { get: () => { try { return localStorage.getItem("theme"); } catch { return null; } }, set: (t) => { try { localStorage.setItem("theme", t); } catch { /* kept for this visit only */ } } };
const dark = matchMedia("(prefers-color-scheme: dark)");
function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  const isDark = (name || (dark.matches ? "dark" : "light")) === "dark";
  document.getElementById("theme").setAttribute("aria-pressed", String(isDark));
}
document.getElementById("theme").onclick = () => {
  const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  themes.set(next);
  theme(next);
};
theme(themes.get());

document.querySelector(".skip").onclick = (e) => { e.preventDefault(); main.focus(); };
addEventListener("hashchange", () => show(true));
main.append(empty("Looking at the pool", "One moment."));
get("pool").then(take).catch((error) => { if (!page.figures) main.replaceChildren(empty("The pool is not there yet", error.message)); });
follow(take, state);
