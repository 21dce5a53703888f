// The panel with the guideline: G opens and closes it, and it stays as it was left.
"use strict";
(() => {
  const YEAR = 60 * 60 * 24 * 365;
  const panel = () => document.getElementById("guideline");

  document.addEventListener("toggle", (event) => {
    if (event.target !== panel()) return;
    const state = event.target.open ? "open" : "closed";
    document.cookie = `guideline=${state}; path=/; max-age=${YEAR}; samesite=lax`;
  }, { capture: true });

  winnow.screen("*", (card) => {
    winnow.key(card, "guideline", "g", () => {
      const there = panel();
      if (!there) return;
      there.open = !there.open;
      if (there.open) there.querySelector(".panel__body").focus();
    });
  });
})();
