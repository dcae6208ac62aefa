// The playground: wires the form to the stream, and keeps the receipt.
import { ask, record, Trouble } from "./stream.js";

const $ = (id) => document.getElementById(id);
const form = $("ask");
const question = $("question");
const text = $("text");
const trouble = $("trouble");
const cells = Object.fromEntries([...document.querySelectorAll("[data-receipt]")].map((cell) => [cell.dataset.receipt, cell]));

let stopper = null;

function busy(on) {
  $("send").hidden = on;
  $("stop").hidden = !on;
  // While it is busy a screen reader waits, and then reads the whole answer once.
  text.setAttribute("aria-busy", String(on));
}

function say(words) {
  trouble.textContent = words;
  trouble.hidden = !words;
}

function reset(asked) {
  $("waiting").hidden = true;
  $("answer").hidden = false;
  $("receipt").hidden = false;
  $("asked").textContent = asked;
  text.textContent = "";
  say("");
  for (const cell of Object.values(cells)) cell.textContent = "–";
}

function showHeaders(headers) {
  const id = headers.get("x-offtake-request-id");
  cells.region.textContent = headers.get("x-offtake-region") ?? "–";
  cells.backend.textContent = headers.get("x-offtake-backend") ?? "–";
  if (id) {
    const link = document.createElement("a");
    link.href = `/usage?request=${encodeURIComponent(id)}`;
    link.textContent = id;
    link.className = "id";
    cells.request.replaceChildren(link);
  }
  return id;
}

/** Output tokens a second between the first and the last piece; waiting for the first is not generating. */
function speed(tokens, first, last) {
  return tokens > 1 && last > first ? `${(((tokens - 1) * 1000) / (last - first)).toFixed(1)} tokens/s` : "–";
}

async function send(asked) {
  const stop = (stopper = new AbortController());
  const time = { began: performance.now(), first: 0, last: 0 };
  let id = null;
  let pieces = 0;
  reset(asked);
  busy(true);
  cells.cost.textContent = "after the answer";
  try {
    const usage = await ask(
      { model: $("model").value, question: asked, signal: stop.signal },
      {
        start: (headers) => (id = showHeaders(headers)),
        text: (piece) => {
          time.last = performance.now();
          time.first ||= time.last;
          pieces += 1;
          text.append(piece);
          cells.speed.textContent = `≈ ${speed(pieces, time.first, time.last)}`.replace("≈ –", "–");
        },
      },
    );
    const input = (usage.input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
    cells.tokens.textContent = `${input} in · ${usage.output_tokens ?? 0} out`;
    cells.speed.textContent = speed(usage.output_tokens ?? pieces, time.first, time.last);
  } catch (cause) {
    if (cause.name === "AbortError") say("Stopped. What had arrived is shown, and charged.");
    else if (cause instanceof Trouble) say(cause.message);
    else {
      say("Something went wrong in this page. Reload it and try again.");
      console.error(cause);
    }
  } finally {
    busy(false);
    if (stopper === stop) stopper = null;
  }
  if (id) await showCharge(id, stop);
  else cells.cost.textContent = "–";
}

/** Fills in what the books say, unless another question has been asked meanwhile. */
async function showCharge(id, own) {
  cells.cost.textContent = "settling…";
  const call = await record(id).catch(() => null);
  if (stopper && stopper !== own) return;
  if (cells.request.textContent !== id) return;
  if (!call) cells.cost.textContent = "not booked yet";
  else if (call.charge === null) cells.cost.textContent = call.state === "unrated" ? "unrated: no price yet" : call.state;
  else cells.cost.textContent = `${call.charge} ${call.currency}${call.state === "settled" ? "" : ` (${call.state})`}`;
  if (call && cells.tokens.textContent === "–") {
    const { output, input, cache_read, cache_write_5m, cache_write_1h } = call.tokens;
    cells.tokens.textContent = `${input + cache_read + cache_write_5m + cache_write_1h} in · ${output} out`;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const asked = question.value.trim();
  if (asked && !stopper) send(asked);
});
question.addEventListener("keydown", (event) => {
  // `isComposing`: Enter that picks a word in an input method is not a send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
$("stop").addEventListener("click", () => stopper?.abort());

// Chips fill in a question; "Ask" on a model card chooses the model. Cards come anew with updates, so the
// page listens for them.
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-question]");
  const pick = event.target.closest("[data-pick]");
  if (chip) question.value = chip.dataset.question;
  if (pick) $("model").value = pick.dataset.pick;
  if (chip || pick) question.focus();
});
