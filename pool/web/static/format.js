// Writing numbers, amounts and times for people.

const steps = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"];

// scale writes a number with three figures and the step of a thousand.
export function scale(n) {
  let i = 0;
  while (n >= 999.5 && i < steps.length - 1) { n /= 1000; i++; }
  if (n >= 1e6) return [n.toExponential(1), steps[i]]; // beyond all steps
  const digits = n >= 100 || n === 0 || (i === 0 && Number.isInteger(n)) ? 0 : n >= 10 ? 1 : 2;
  return [n.toFixed(digits), steps[i]];
}

export function rate(n) {
  const [value, step] = scale(n || 0);
  return value + " " + step + "H/s";
}

export function big(n) {
  const [value, step] = scale(Number(n) || 0);
  return step ? value + " " + step : value;
}

export const count = (n) => Number(n).toLocaleString("en-US").replaceAll(",", "\u202f");
export const percent = (part) => (part * 100).toFixed(part < 10 ? 1 : 0) + " %";
export const plural = (n, one, many) => count(n) + " " + (n === 1 ? one : many || one + "s");

// money writes an amount of atomic units, which may be larger than a number
// can be, in its coin's unit.
export function money(atomic, coin) {
  const digits = String(atomic).padStart(coin.decimals + 1, "0");
  const at = digits.length - coin.decimals;
  let part = digits.slice(at).replace(/0+$/, "");
  if (part.length > 8) part = part.slice(0, 8).replace(/0+$/, "");
  return count(BigInt(digits.slice(0, at))) + (part ? "." + part : "") + " " + coin.symbol;
}

export function ago(time, now = Date.now()) {
  if (!time) return "never";
  const s = Math.max(0, Math.round((now - new Date(time)) / 1000));
  return s < 60 ? s + " s ago" : duration(s) + " ago";
}

export function duration(s) {
  if (!Number.isFinite(s)) return "-";
  if (s < 60) return Math.round(s) + " s";
  if (s < 3600) return Math.round(s / 60) + " min";
  if (s < 48 * 3600) return Math.floor(s / 3600) + " h " + Math.round((s % 3600) / 60) + " min";
  if (s > 3e9) return "more than a century";
  return count(Math.round(s / 86400)) + " days";
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
export const at = (time) => clock.format(new Date(time));
export const when = (time) => day.format(new Date(time));
