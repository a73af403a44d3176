// Asking the pool.

export class Failure extends Error {
  constructor(status, text) { super(text); this.status = status; }
}

export async function get(path, token) {
  return send("GET", path, undefined, token);
}

export async function send(method, path, body, token) {
  const headers = {};
  if (token) headers.Authorization = "Bearer " + token;
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch("api/v1/" + path, { method, headers, body: body && JSON.stringify(body), credentials: "omit", cache: token ? "no-store" : "default" });
  } catch {
    throw new Failure(0, "The pool does not answer. It may be restarting; this page keeps trying.");
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Failure(answer.status, value.error || "The pool answered with status " + answer.status + ".");
  return value;
}

// follow calls show with every new figures, and state with how that goes. The
// browser connects again by itself; where there are no events, it asks. A page
// that is left, and perhaps kept for the way back, gives its connection up:
// browsers allow only a few to one server.
export function follow(show, state) {
  let events;
  const open = () => {
    events = new EventSource("api/v1/events");
    events.addEventListener("figures", (e) => { state("live"); show(JSON.parse(e.data)); });
    events.onerror = () => state("lost");
  };
  open();
  addEventListener("pagehide", () => events.close());
  addEventListener("pageshow", (e) => { if (e.persisted) open(); });
  setInterval(async () => {
    if (events.readyState === EventSource.OPEN) return;
    try { show(await get("pool")); state("slow"); } catch { state("lost"); }
  }, 5000);
}
