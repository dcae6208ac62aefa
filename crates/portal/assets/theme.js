// The colour theme: the system's unless the visitor has chosen one. Runs before the first paint, so it is a
// plain script in the head and touches only the root element until the page is there.
(() => {
  const KEY = "offtake-theme";
  const THEMES = ["auto", "light", "dark"];
  const NAMES = { auto: "Auto", light: "Light", dark: "Dark" };

  function read() {
    try {
      const kept = localStorage.getItem(KEY);
      return THEMES.includes(kept) ? kept : "auto";
    } catch {
      return "auto"; // storage is closed to us; the system's theme will do
    }
  }

  function apply(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  let theme = read();
  if (theme !== "auto") apply(theme);

  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    const show = () => {
      button.textContent = NAMES[theme];
      button.setAttribute("aria-label", `Colour theme: ${NAMES[theme].toLowerCase()}`);
    };
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      apply(theme);
      show();
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // not kept for the next visit, which is all that is lost
      }
    });
  });
})();
