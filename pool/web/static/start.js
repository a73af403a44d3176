// Getting started: a ready-made command for each port.
import { card, el, tag } from "./dom.js";
import { big, plural } from "./format.js";

export async function start(page) {
  const coin = page.coin();
  const host = page.figures.host || location.hostname;
  const input = el("input", { id: "wallet", placeholder: "Your wallet address", autocomplete: "off", spellcheck: "false", autocapitalize: "off", oninput: () => draw() });
  const ports = card("", "Ports");
  const draw = () => {
    const wallet = input.value.trim().replace(/[^0-9A-Za-z.+:_-]/g, "") || "WALLET";
    const list = page.figures.ports.filter((p) => p.coin === coin.name);
    ports.replaceChildren(ports.firstElementChild, ...list.map((p) => port(p, host, wallet)));
  };
  draw();
  const node = el("div", {}, el("h1", {}, "Start mining"),
    el("p", { class: "lead" }, "Type your address, copy the line for your program, run it. No account is needed: the address is the account."),
    el("div", { class: "grid" },
      card("s7 wide", "Your address", el("label", { class: "hidden", for: "wallet" }, "Wallet address"), el("div", { class: "row" }, input),
        el("p", { class: "n" }, "It goes into the commands below and nowhere else.")),
      card("s5 wide", "Good to know", el("ol", { class: "steps" },
        el("li", {}, "The password names the worker; ", el("code", {}, "x"), " is no name."),
        el("li", {}, el("code", {}, "d=5000"), " as the password asks for a fixed difficulty."),
        el("li", {}, el("code", {}, "solo:"), " before the address keeps a whole block for its finder."))),
      ports));
  return { node };
}

function port(p, host, wallet) {
  const address = (host.includes(":") ? "[" + host + "]" : host) + ":" + p.port;
  const secure = p.tls === "off" ? "" : " --tls";
  const difficulty = p.fixed ? "fixed difficulty " + big(p.fixed) : "difficulty from " + big(p.start);
  return el("div", { class: "port" },
    el("div", { class: "row" }, el("b", { class: "mono" }, address), tag(p.scheme.toUpperCase(), "lamp"), tag("fee " + p.fee + " %"), tag(difficulty),
      p.tls === "off" ? null : tag(p.tls === "only" ? "TLS only" : "TLS or plain", "good"), el("span", { class: "n" }, plural(p.connections, "connection"))),
    el("div", {}, el("div", { class: "k" }, "adit"), command(`adit mine -o ${address} -u ${wallet} -p rig1 -a ${p.algorithm}${secure}`)),
    p.algorithm === "eaglesong" ? null
      : el("div", {}, el("div", { class: "k" }, "XMRig"), command(`xmrig -o ${address} -u ${wallet} -p rig1 -a ${p.algorithm} -k${secure}`)));
}

function command(text) {
  const button = el("button", { type: "button", class: "quiet", "aria-label": "Copy the command" }, "Copy");
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(line); // no clipboard without TLS
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  const line = el("span", {}, text);
  return el("div", { class: "cmd" }, line, button);
}
