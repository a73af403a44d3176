// The overview: how the pool does now and did over the last day.
import { get } from "./api.js";
import { card, el, empty, figure, meter, table } from "./dom.js";
import { ago, big, count, duration, percent, plural, rate, scale } from "./format.js";
import { chart } from "./chart.js";
import { blockRows, blockHeads } from "./lists.js";

export async function overview(page) {
  const coin = page.coin();
  const query = "?coin=" + encodeURIComponent(coin.name);
  const [history, found] = await Promise.all([get("history" + query), get("blocks" + query + "&limit=5")]);
  const hero = el("section", { class: "card hero", "aria-label": "Hashrate" });
  const figures = el("div", {}), past = el("div", {});
  hero.append(figures, past);
  past.append(chart(points(history, coin, "hashrate"), { label: "Hashrate of the pool over the last day", write: rate }));
  const round = card("s5 wide", "This round"), network = card("s7 wide", "Network");
  const small = [["Workers", "workers", count], ["Network difficulty", "difficulty", big]].map(([title, key, write]) =>
    card("s6", title, chart(points(history, coin, key), { label: title + " over the last day", write, low: true })));
  const newest = card("", "Newest blocks", found.length
    ? table("Newest blocks", blockHeads, blockRows(found, coin))
    : empty("No block yet", "The first one will be here a second after it is found."));
  const node = el("div", {},
    el("h1", {}, coin.name), el("p", { class: "lead" }, subtitle(page, coin)),
    el("div", { class: "grid" }, hero, round, network, small, newest));
  const update = () => {
    const c = page.coin();
    figures.replaceChildren(...heroFigures(c));
    fill(round, roundOf(c));
    fill(network, networkOf(c));
  };
  return { node, update };
}

const fill = (section, parts) => section.replaceChildren(section.firstElementChild, ...parts);

// points are those of the history, and now as the last one.
function points(history, coin, key) {
  const list = history.map((p) => ({ at: p.at, value: p[key] }));
  list.push({ at: new Date().toISOString(), value: Number(coin[key]) });
  return list;
}

function subtitle(page, coin) {
  const schemes = [...new Set(page.figures.ports.filter((p) => p.coin === coin.name).map((p) => p.scheme.toUpperCase()))];
  return `${coin.algorithm} on ${coin.network}. Paid by ${schemes.join(", ")}. Every share is on disk before it is acknowledged.`;
}

function heroFigures(c) {
  const [value, step] = scale(c.hashrate);
  return [
    el("div", { class: "k" }, "Pool hashrate"),
    el("div", { class: "big", id: "hashrate" }, value, el("small", {}, step + "H/s")),
    el("p", {}, c.hashrate > 0 ? `${rate(c.hashrate_1h)} over the last hour, ${rate(c.hashrate_24h)} over the day` : "Nobody is mining just now."),
    el("div", { class: "facts" }, figure("Miners", count(c.miners)), figure("Workers", count(c.workers)),
      figure("Blocks found", count(Object.values(c.blocks).reduce((a, b) => a + b, 0)))),
  ];
}

function roundOf(c) {
  const round = c.rounds.filter((r) => r.scheme === "pplns" || r.scheme === "prop").sort((a, b) => b.work - a.work)[0];
  const due = c.hashrate > 0 ? Number(c.difficulty) / c.hashrate : Infinity;
  const effort = round ? round.effort : 0;
  return [
    el("div", { class: "head" }, el("div", { class: "v" }, percent(effort)), el("div", { class: "n" }, "effort; 100 % is average luck")),
    meter(effort, "Effort of the round: " + percent(effort)),
    el("div", { class: "facts" }, figure("Last block", c.last_block ? ago(c.last_block) : "none yet"),
      figure("A block takes", Number.isFinite(due) ? duration(due) : "-", "on average, at this rate")),
  ];
}

function networkOf(c) {
  const share = c.network_hashrate > 0 ? c.hashrate / c.network_hashrate : 0;
  const well = c.nodes.filter((n) => n.ok && n.synced).length;
  return [el("div", { class: "facts" },
    figure("Height", count(c.height)), figure("Difficulty", big(c.difficulty)),
    figure("Hashrate", rate(c.network_hashrate), "from difficulty and block time"),
    figure("Pool's part", share > 0 ? percent(Math.min(share, 1)) : "-"),
    figure("Nodes", `${well} of ${c.nodes.length} well`, c.nodes.some((n) => n.lag > 0) ? plural(Math.max(...c.nodes.map((n) => n.lag)), "block") + " behind" : "at the tip"))];
}
