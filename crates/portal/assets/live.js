// Live updates: the server says that something changed, the page fetches its parts anew and puts in those
// that differ, in one step, so that nothing flickers.

const status = document.getElementById("live");
const WORDS = { on: "Live", lost: "Reconnecting…", idle: "Live" };

function show(state) {
  if (!status || status.dataset.state === state) return;
  status.dataset.state = state;
  status.querySelector(".word").textContent = WORDS[state];
}

/** What is now shown for each figure, so that one which changes can say so. */
function figures(root) {
  return new Map([...root.querySelectorAll("[data-key]")].map((node) => [node.dataset.key, node.textContent]));
}

/** A function that puts the focus back where it is inside `part`, once that has been replaced. */
function keepFocus(part) {
  const node = document.activeElement;
  if (!part.contains(node)) return () => {};
  const nth = [...part.querySelectorAll(node.tagName)].indexOf(node);
  return () => part.querySelectorAll(node.tagName)[nth]?.focus({ preventScroll: true });
}

function put(part, html) {
  const before = figures(part);
  const open = [...part.querySelectorAll("details[open]")].map((node) => node.dataset.keep);
  const refocus = keepFocus(part);
  part.innerHTML = html; // our own server's HTML, escaped there; scripts in it would not run
  for (const node of part.querySelectorAll("details")) node.open = open.includes(node.dataset.keep);
  for (const node of part.querySelectorAll("[data-key]")) {
    const was = before.get(node.dataset.key);
    if (was !== undefined && was !== node.textContent) node.classList.add("changed");
  }
  enable(part);
  refocus();
}

const shown = new Map();
let running = false;
let again = false;

/** At most one fetch at a time, and one more for all that came meanwhile. */
async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    const response = await fetch("/fragments");
    if (!response.ok) throw new Error(`fragments: ${response.status}`);
    for (const [name, html] of Object.entries(await response.json())) {
      const part = document.getElementById(name);
      if (part && shown.get(name) !== html) put(part, html);
      shown.set(name, html);
    }
    show("on");
  } catch {
    show("lost"); // the event source reconnects, and then all is fetched again
  } finally {
    running = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

function connect() {
  const source = new EventSource("/api/events");
  let first = true;
  source.addEventListener("open", () => {
    show("on");
    if (!first) refresh(); // something may have happened while we were away
    first = false;
  });
  source.addEventListener("overview", () => {
    if (document.visibilityState === "visible") refresh();
    else again = true;
  });
  source.addEventListener("error", () => {
    show("lost");
    // A closed source does not come back by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible" || !again) return;
  again = false;
  refresh();
});

/** Shows the controls that need scripts. */
function enable(root) {
  const playground = document.getElementById("ask");
  for (const button of root.querySelectorAll(".copy")) button.hidden = !navigator.clipboard;
  for (const button of root.querySelectorAll(".pick")) button.hidden = !playground;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy");
  if (!button) return;
  const code = button.parentElement.querySelector("code").textContent;
  const done = await navigator.clipboard.writeText(code).then(() => true, () => false);
  button.textContent = done ? "Copied" : "Select and copy";
  setTimeout(() => (button.textContent = "Copy"), 1600);
});

enable(document);
connect();
