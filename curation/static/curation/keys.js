// Keys of a card: winnow.key(card, "accept", "a", (event) => …). A single key is off while
// somebody types; one with Ctrl, Alt or Shift ("Alt+P") is on everywhere. The person's own
// keys stand in <html data-keys='{"accept": "y"}'>; the `?` sheet names keys by data-key.
"use strict";
(() => {
  const chosen = (() => {
    try { return JSON.parse(document.documentElement.dataset.keys || "{}"); } catch { return {}; }
  })();
  const keyOf = (name, otherwise) => chosen[name] || otherwise;

  function isPressed(event, wanted) {
    const parts = wanted.length > 1 ? wanted.split("+") : [wanted];
    const key = parts.pop().toLowerCase();
    const isChord = parts.length > 0;
    if (isChord !== (event.ctrlKey || event.metaKey || event.altKey)) return false;
    if (parts.includes("Ctrl") !== (event.ctrlKey || event.metaKey)) return false;
    if (parts.includes("Alt") !== event.altKey) return false;
    if (event.key.toLowerCase() === key) return true;
    // Where Alt writes another sign, the key on the board counts.
    return event.altKey && event.code === `Key${key.toUpperCase()}`;
  }

  winnow.key = (card, name, otherwise, run) => {
    const wanted = keyOf(name, otherwise);
    const isChord = wanted.length > 1;
    const onKey = (event) => {
      if (event.defaultPrevented || event.isComposing || !isPressed(event, wanted)) return;
      if (document.querySelector("dialog[open]")) return;
      if (!isChord && (event.repeat || winnow.isTyping(event.target))) return;
      event.preventDefault();
      run(event);
    };
    document.addEventListener("keydown", onKey, { signal: card.signal });
  };

  winnow.showKeys = (root) => {
    for (const sign of root.querySelectorAll("[data-key]")) {
      const own = chosen[sign.dataset.key];
      if (own) sign.textContent = own.toUpperCase();
    }
  };
  document.addEventListener("DOMContentLoaded", () => winnow.showKeys(document));
})();
