// Blocks, payments, top miners.
import { get } from "./api.js";
import { card, el, empty, meter, table, tag } from "./dom.js";
import { ago, count, money, percent, rate, when } from "./format.js";

const kinds = { unlocked: "good", orphaned: "bad", refused: "bad", unsure: "wait", found: "wait", accepted: "lamp" };
const words = { unlocked: "credited to miners", orphaned: "orphaned", refused: "refused", unsure: "being checked", found: "handed in", accepted: "maturing" };

export const blockHeads = [["Height", ""], ["Found", ""], ["Effort", "r"], ["State", ""], ["Reward", "r"], ["By", "narrow"], ["Hash", "narrow"]];

export function blockRows(list, coin) {
  return list.map((b) => [
    el("b", {}, count(b.height)), el("span", { title: when(b.found) }, ago(b.found)),
    b.effort === null ? "-" : el("span", { class: b.effort > 1 ? "" : "fine" }, percent(b.effort)),
    b.state === "accepted" ? ripening(b) : tag(words[b.state] || b.state, kinds[b.state]),
    b.reward === "0" ? "-" : money(b.reward, coin),
    [b.scheme === "solo" ? tag("solo", "lamp") : null, " ", el("span", { class: "mono" }, b.finder)],
    el("span", { class: "mono", title: b.hash }, b.hash.slice(0, 8) + "…" + b.hash.slice(-6)),
  ]);
}

function ripening(b) {
  const part = b.needed ? b.depth / b.needed : 1;
  return el("span", {}, meter(Math.min(part, 1), `${b.depth} of ${b.needed} confirmations`, "ripe"), `${Math.min(b.depth, b.needed)} of ${b.needed}`);
}

// list makes a section of a list that grows on demand and renews itself.
async function list(page, { title, lead, path, heads, rows, none, more }) {
  const coin = page.coin();
  const query = path + "?limit=100&coin=" + encodeURIComponent(coin.name);
  const body = card("");
  let items = [], grown = false;
  const button = more && el("button", { type: "button", class: "quiet", onclick: grow }, "Show older ones");
  function draw() {
    const full = items.length > 0 && items.length % 100 === 0;
    body.replaceChildren(...(items.length ? [table(title, heads, rows(items, coin)), full && button ? button : ""] : [empty(...none)]));
  }
  async function grow() {
    grown = true;
    items = items.concat(await get(query + "&before=" + items.at(-1).id));
    draw();
  }
  async function renew() {
    if (grown) return;
    items = await get(query);
    draw();
  }
  await renew();
  const timer = setInterval(() => renew().catch(() => { /* the header says that there is no connection */ }), 10000);
  return { node: el("div", {}, el("h1", {}, title), el("p", { class: "lead" }, lead), body), end: () => clearInterval(timer) };
}

export const blocks = (page) => list(page, {
  title: "Blocks", path: "blocks", heads: blockHeads, rows: blockRows, more: true,
  lead: "What the pool has found. A reward is divided once enough blocks lie above; effort is the work of the round, measured in what a block takes on average.",
  none: ["No block yet", "Blocks show up here a second after they are found."],
});

const paid = { confirmed: ["paid", "good"], sent: ["sent", "lamp"], returned: ["returned", "bad"], review: ["being checked", "wait"] };
export const paymentHeads = [["Time", ""], ["State", ""], ["Amount", "r"], ["Network fee", "r narrow"], ["Payees", "r narrow"], ["Transaction", ""]];
export const paymentRows = (list, coin) => list.map((p) => [
  when(p.at), tag(...(paid[p.state] || ["on its way", "wait"])), money(p.amount, coin), money(p.fee, coin), count(p.payees),
  p.tx_hash ? el("span", { class: "mono", title: p.tx_hash }, p.tx_hash.slice(0, 12) + "…" + p.tx_hash.slice(-6)) : "-",
]);

export const payments = (page) => list(page, {
  title: "Payments", path: "payments", heads: paymentHeads, rows: paymentRows,
  lead: "Transactions of the pool's wallet. Each is written down before the wallet is asked, so none is ever sent twice.",
  none: ["No payment yet", "The first one follows once a reward has matured and somebody has reached their threshold."],
});

export const top = (page) => list(page, {
  title: "Top miners", path: "top", lead: "By hashrate over the last ten minutes. Addresses are abbreviated.",
  heads: [["", "r"], ["Miner", ""], ["Hashrate", "r"], ["24 hours", "r narrow"], ["Workers", "r"], ["Last share", "r narrow"]],
  rows: (items) => items.map((m, i) => [String(i + 1), el("span", { class: "mono" }, m.login), rate(m.hashrate), rate(m.hashrate_24h), count(m.workers), ago(m.last_share)]),
  none: ["Nobody yet", "Whoever mines first is at the top."],
});
