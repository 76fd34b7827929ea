// Takes the theme and the colours of the Airflow page around this one, before anything is drawn.
"use strict";
(() => {
  const host = (() => {
    try {
      return parent !== window && parent.document.documentElement;
    } catch {
      return null; // the page around is of another site
    }
  })();
  const root = document.documentElement;
  const names = {
    bg: "bg", fg: "fg", muted: "fg-muted", line: "border", soft: "bg-muted", panel: "bg-muted",
    brand: "brand-solid", "on-brand": "brand-contrast", link: "fg-info", ok: "fg-success", bad: "fg-error",
    warn: "fg-warning",
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function apply() {
    const isDark = host ? host.classList.contains("dark") : dark.matches;
    root.dataset.theme = isDark ? "dark" : "light";
    if (!host) return;
    const style = parent.getComputedStyle(host);
    for (const [own, theirs] of Object.entries(names)) {
      const value = style.getPropertyValue(`--chakra-colors-${theirs}`).trim();
      if (value) root.style.setProperty(`--${own}`, value);
    }
    const font = style.getPropertyValue("--chakra-fonts-body").trim();
    if (font) root.style.setProperty("--font", font);
  }

  apply();
  if (host) new MutationObserver(apply).observe(host, { attributes: true, attributeFilter: ["class"] });
  else dark.addEventListener("change", apply);
})();
