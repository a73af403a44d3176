// One miner, looked up by its address.
import { get } from "./api.js";
import { card, el, empty, figure, table, tag } from "./dom.js";
import { ago, big, count, money, plural, rate } from "./format.js";
import { chart } from "./chart.js";
import { paymentHeads, paymentRows } from "./lists.js";

export async function miner(page, login) {
  const input = el("input", { id: "address", name: "address", value: login, placeholder: "Your wallet address, as you mine with it", autocomplete: "off", spellcheck: "false", autocapitalize: "off" });
  const form = el("form", { class: "find", role: "search", onsubmit: (e) => {
    e.preventDefault();
    const wanted = "#/miner/" + encodeURIComponent(input.value.trim());
    if (location.hash === wanted) renew(); else location.hash = wanted;
  } }, el("label", { class: "hidden", for: "address" }, "Wallet address"), input, el("button", { type: "submit" }, "Look up"));
  const body = el("div", { id: "found", "aria-live": "polite" });
  const node = el("div", {}, el("h1", {}, "My miner"), el("p", { class: "lead" }, "Hashrate, balance, payments and workers of one address. Nothing is kept: the address is only in this page's own link."), form, body);

  async function renew() {
    try {
      const m = await get("miners/" + encodeURIComponent(login));
      const coin = page.figures.coins.find((c) => c.name === m.coin) || page.coin();
      if (!body.contains(document.activeElement)) body.replaceChildren(...found(m, coin));
    } catch (error) {
      body.replaceChildren(el("div", { class: "card" }, empty(error.status === 404 ? "Not found" : "That did not work", error.message)));
    }
  }
  if (login) await renew();
  const timer = login ? setInterval(renew, 5000) : 0;
  return { node, end: () => clearInterval(timer) };
}

function found(m, coin) {
  const open = m.workers.filter((w) => w.sessions > 0).length;
  return [el("div", { class: "grid" },
    card("s3", "", figure("Hashrate", rate(m.hashrate), "over 10 minutes")),
    card("s3", "", figure("1 hour", rate(m.hashrate_1h))),
    card("s3", "", figure("24 hours", rate(m.hashrate_24h))),
    card("s3", "", figure("Last share", ago(m.last_share), plural(open, "worker") + " online")),
    card("s3", "", figure("Balance", money(m.balance, coin), m.in_flight === "0" ? "" : money(m.in_flight, coin) + " on the way")),
    card("s3", "", figure("Paid", money(m.paid, coin), m.threshold === "0" ? "" : "paid from " + money(m.threshold, coin))),
    card("s3", "", figure("Shares", count(m.shares), big(m.work) + " hashes")),
    card("s3", "", figure("Blocks found", count(m.blocks))),
    card("", "Hashrate over the last day", chart(m.history.map((p) => ({ at: p.at, value: p.hashrate })), { label: "Your hashrate over the last day", write: rate })),
    card("", "Workers", m.workers.length ? workers(m.workers) : empty("No worker online", "What they did before is in the sums above.")),
    card("", "Payments", m.payments.length ? table("Payments", paymentHeads, paymentRows(m.payments, coin)) : empty("No payment yet", "Your balance is paid once it has reached the threshold.")))];
}

function workers(list) {
  const heads = [["Worker", ""], ["", ""], ["Hashrate", "r"], ["24 hours", "r narrow"], ["Shares", "r"], ["Refused", "r narrow"], ["Last share", "r"], ["Program", "narrow"]];
  return table("Workers", heads, list.map((w) => [
    el("b", {}, w.worker || w.rig || "(no name)"), w.sessions > 0 ? tag("online", "good") : tag("offline"),
    rate(w.hashrate), rate(w.hashrate_24h), count(w.accepted), count(w.rejected), ago(w.last_share), el("span", { class: "n" }, w.agent),
  ]));
}
