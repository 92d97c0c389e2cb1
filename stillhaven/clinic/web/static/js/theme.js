/* Light or dark?  The device decides unless this reader chose.  The choice itself is applied by a line in the page's head
   (_components/theme_early.js), so that no wrong colour flashes; here is the switch. */
(() => {
  const root = document.documentElement;
  const order = ["auto", "light", "dark"];
  const read = () => { try { return localStorage.getItem("stillhaven-theme") || "auto"; } catch { return "auto"; } };
  const apply = (theme) => {
    if (theme === "auto") root.removeAttribute("data-theme"); else root.setAttribute("data-theme", theme);
    window.dispatchEvent(new CustomEvent("stillhaven:theme"));
  };
  apply(read());
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-switch]");
    if (!button) return;
    const next = order[(order.indexOf(read()) + 1) % order.length];
    try { localStorage.setItem("stillhaven-theme", next); } catch { /* private window: the choice lasts for this page */ }
    apply(next);
    label();
  });
  const label = () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      const text = button.dataset[`label${read()[0].toUpperCase()}${read().slice(1)}`];
      if (text) button.textContent = text;
    }
  };
  document.addEventListener("DOMContentLoaded", label);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => window.dispatchEvent(new CustomEvent("stillhaven:theme")));
})();
