// The panel with the guideline: G opens and closes it, and it stays as it was left.
"use strict";
(() => {
  const YEAR = 60 * 60 * 24 * 365;
  const panel = () => document.getElementById("guideline");

  function remember() {
    const state = panel().open ? "open" : "closed";
    document.cookie = `guideline=${state}; path=/; max-age=${YEAR}; samesite=lax`;
  }

  document.addEventListener("toggle", (event) => {
    if (event.target === panel()) remember();
  }, { capture: true });

  winnow.screen("*", (card) => {
    winnow.key(card, "guideline", "g", () => {
      const there = panel();
      if (!there) return;
      there.open = !there.open;
      remember(); // "toggle" comes only after this, and the page may be gone by then
      if (there.open) there.querySelector(".panel__body").focus();
    });
  });
})();
