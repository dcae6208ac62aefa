// The plane's API as the page uses it: a session without a key, a streamed message, the charge afterwards.

/** A failure in words a person can act on. */
export class Trouble extends Error {}

let session = null;

/** A short-lived token for whoever is looking at the page; asked for again shortly before it ends. */
async function token(fresh) {
  if (!fresh && session && Date.now() < session.until) return session.token;
  const response = await reach("/api/session", { method: "POST", headers: { "x-offtake-csrf": "1" } });
  if (!response.ok) throw await refusal(response);
  const given = await response.json();
  session = { token: given.token, until: Date.now() + Math.max(0, given.expires_in - 30) * 1000 };
  return session.token;
}

async function reach(address, options) {
  try {
    return await fetch(address, options);
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    throw new Trouble("The plane did not answer. Is it still running?", { cause });
  }
}

/** Turns an error response (`{"error": {"type", "message"}}`) into words. */
async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const said = body?.error?.message ?? "";
  const wait = Number(response.headers.get("retry-after"));
  const lead =
    {
      401: "Your session was not accepted.",
      403: "This is not allowed.",
      404: "This model is not known here.",
      413: "The question is too long.",
      429: "There is no room right now.",
      503: "The model cannot be reached right now.",
      529: "The model is overloaded.",
    }[response.status] ?? `The call failed (${response.status}).`;
  const again = wait > 0 ? `Try again in ${wait} s.` : "";
  return new Trouble([lead, said && sentence(said), again].filter(Boolean).join(" "));
}

function sentence(text) {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/**
 * Asks one question. `on.start(headers)` comes first, then `on.text(piece)` as pieces arrive.
 * Resolves to the vendor-shaped usage, `{input_tokens, output_tokens, …}`.
 */
export async function ask({ model, question, signal }, on) {
  const call = async (fresh) =>
    reach("/v1/messages", {
      method: "POST",
      signal,
      headers: { "content-type": "application/json", authorization: `Bearer ${await token(fresh)}` },
      body: JSON.stringify({
        model,
        max_tokens: 512,
        stream: true,
        messages: [{ role: "user", content: question }],
      }),
    });
  let response = await call(false);
  if (response.status === 401) response = await call(true); // the session ended early: once more
  on.start(response.headers);
  if (!response.ok) throw await refusal(response);

  const usage = {};
  let ended = false;
  for await (const event of events(response.body)) {
    if (event.type === "message_start") Object.assign(usage, event.message?.usage);
    else if (event.type === "content_block_delta") on.text(event.delta?.text ?? "");
    else if (event.type === "message_delta") Object.assign(usage, event.usage);
    else if (event.type === "message_stop") ended = true;
    else if (event.type === "error") throw new Trouble(sentence(event.error?.message ?? "The answer broke off"));
  }
  if (!ended) throw new Trouble("The answer broke off. What arrived is shown, and charged.");
  return usage;
}

/** Server-sent events of a response, parsed: data lines are joined, an empty line ends an event. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((cause) => {
        if (cause.name === "AbortError") throw cause;
        throw new Trouble("The connection broke off. What arrived is shown, and charged.", { cause });
      });
      if (done) return;
      const blocks = (rest + value).split(/\r?\n\r?\n/);
      rest = blocks.pop();
      for (const block of blocks) {
        const lines = block.split(/\r?\n/).filter((line) => line.startsWith("data:"));
        const data = lines.map((line) => line.slice(5).trimStart()).join("\n");
        if (data && data !== "[DONE]") yield JSON.parse(data);
      }
    }
  } finally {
    reader.releaseLock();
  }
}

const SETTLED = new Set(["settled", "unrated", "failed", "interrupted", "undelivered"]);
const WAITS_MS = [150, 300, 600, 1000, 2000, 3000];

/** The call's record, polled until it is settled or patience ends; `null` when it never showed up. */
export async function record(id) {
  let last = null;
  for (const wait of WAITS_MS) {
    await new Promise((resume) => setTimeout(resume, wait));
    const response = await fetch(`/api/usage/${encodeURIComponent(id)}`, {
      headers: { authorization: `Bearer ${await token(false)}` },
    }).catch(() => null);
    if (response?.ok) last = await response.json();
    if (last && SETTLED.has(last.state) && (last.charge !== null || last.state !== "settled")) break;
  }
  return last;
}
