// Administration. The token is kept in this variable only: it is gone when the
// page is.
import { get, send } from "./api.js";
import { card, el, empty, table, tag } from "./dom.js";
import { ago, count, money, rate, when } from "./format.js";

let token = "";

export async function admin(page) {
  const body = el("div", {}), say = el("p", { class: "say", role: "alert" });
  const node = el("div", {}, el("h1", {}, "Administration"), body);

  async function show() {
    if (!token) { body.replaceChildren(login()); return; }
    try {
      const coin = page.coin();
      const [bans, payouts, users] = await Promise.all([get("admin/bans", token), get("admin/payouts?limit=20", token), get("admin/users?limit=50&coin=" + encodeURIComponent(coin.name), token)]);
      body.replaceChildren(say, el("div", { class: "grid" }, banCard(bans), payoutCard(payouts), userCard(users, coin), endCard()));
    } catch (error) {
      if (error.status === 401 || error.status === 403) token = "";
      body.replaceChildren(login(error.message));
    }
  }

  // act does something, says what came of it, and shows what is now.
  async function act(method, path, order) {
    try {
      const answer = await send(method, "admin/" + path, order, token);
      await show();
      say.className = "say ok";
      say.textContent = answer.done;
    } catch (error) {
      say.className = "say";
      say.textContent = error.message;
    }
  }

  function login(problem) {
    const input = el("input", { id: "token", type: "password", autocomplete: "off", placeholder: "Token" });
    return card("", "", el("p", { class: "lead" }, "The token is in the file that token_file in [api] names. It is kept in this page's memory, and forgotten when you leave."),
      problem ? el("p", { class: "say", role: "alert" }, problem) : null,
      el("form", { class: "find", onsubmit: (e) => { e.preventDefault(); token = input.value.trim(); show(); } },
        el("label", { class: "hidden", for: "token" }, "Token"), input, el("button", { type: "submit" }, "Open")));
  }

  function banCard(bans) {
    const who = { login: field("Login"), address: field("IP address"), reason: field("Reason"), hours: field("Hours", "24") };
    const form = el("form", { class: "row", onsubmit: (e) => {
      e.preventDefault();
      act("POST", "bans", { login: who.login.value.trim(), address: who.address.value.trim(), reason: who.reason.value.trim(), seconds: Math.round(Number(who.hours.value) * 3600) || 0 });
    } }, Object.values(who), el("button", { type: "submit" }, "Ban"));
    const heads = [["Whom", ""], ["Why", ""], ["Until", ""], ["", "r"]];
    const rows = bans.map((b) => [[b.login, b.address].filter(Boolean).join(" at "), b.reason, when(b.until),
      el("button", { class: "quiet", type: "button", onclick: () => act("DELETE", "bans?" + new URLSearchParams({ login: b.login || "", address: b.address || "" })) }, "Lift")]);
    return card("", "Bans", form, bans.length ? table("Bans", heads, rows) : empty("Nobody is banned", ""));
  }

  function payoutCard(p) {
    const paused = new Set(p.paused.map((c) => c.coin));
    const reason = field("Reason to pause");
    const switches = page.figures.coins.map((c) => paused.has(c.name)
      ? el("button", { type: "button", onclick: () => act("POST", "payouts/resume", { coin: c.name }) }, "Resume " + c.name)
      : el("button", { class: "danger", type: "button", onclick: () => act("POST", "payouts/pause", { coin: c.name, reason: reason.value.trim() }) }, "Pause " + c.name));
    const coinOf = (name) => page.figures.coins.find((c) => c.name === name) || page.coin();
    const rows = p.payouts.map((o) => [String(o.id), when(o.at), tag(o.state, { confirmed: "good", returned: "bad", review: "wait" }[o.state]), money(o.amount, coinOf(o.coin)), count(o.payees), o.detail]);
    return card("", "Payouts", el("div", { class: "row" }, reason, switches),
      rows.length ? table("Payouts", [["No.", ""], ["Created", ""], ["State", ""], ["Amount", "r"], ["Payees", "r"], ["Detail", ""]], rows) : empty("No payout yet", ""));
  }

  function userCard(users, coin) {
    const heads = [["Login", ""], ["Hashrate", "r"], ["Sessions", "r"], ["Balance", "r"], ["Paid", "r"], ["Last share", "r"]];
    return card("", "Users of " + coin.name, users.length ? table("Users", heads, users.map((u) =>
      [el("a", { href: "#/miner/" + encodeURIComponent(u.login), class: "mono" }, u.login), rate(u.hashrate), count(u.sessions), money(u.balance, coin), money(u.paid, coin), ago(u.last_share)])) : empty("Nobody yet", ""));
  }

  function endCard() {
    return card("", "End the pool", el("p", { class: "lead" }, "Answers every share in flight, sends the miners away, and ends the process."),
      el("button", { class: "danger", type: "button", onclick: () => { if (confirm("End the pool now?")) act("POST", "drain"); } }, "Drain and end"));
  }

  const field = (name, value) => el("input", { "aria-label": name, placeholder: name, value });
  await show();
  return { node };
}
