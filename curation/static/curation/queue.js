// Keys of the queue: J and K go from text to text, a number presses a button under it.
"use strict";
(() => {
  const items = [...document.querySelectorAll("[data-item]")];
  if (!items.length) return;
  const card = { signal: new AbortController().signal };
  const here = () => items.findIndex((item) => item.contains(document.activeElement));

  function go(step) {
    const at = here();
    const to = at < 0 ? (step > 0 ? 0 : items.length - 1) : at + step;
    const item = items[Math.min(Math.max(to, 0), items.length - 1)];
    item.focus();
    item.scrollIntoView({ block: "nearest" });
  }
  const within = (selector, run) => () => {
    const found = items[here()]?.querySelectorAll(selector);
    if (found?.length) run(found);
  };

  winnow.key(card, "queue-next", "j", () => go(1));
  winnow.key(card, "queue-before", "k", () => go(-1));
  winnow.key(card, "queue-choose", "x", within("input[type=checkbox]", ([box]) => box.click()));
  winnow.key(card, "queue-take", "t", within("[data-take]", ([button]) => button.click()));
  winnow.key(card, "queue-note", "e", within("textarea", ([note]) => note.focus()));
  for (const number of [1, 2, 3, 4]) {
    winnow.key(card, `queue-${number}`, String(number), within("[data-choice]", (buttons) => {
      buttons[number - 1]?.click();
    }));
  }

  const everything = document.querySelector("[data-choose-all]");
  const chosen = document.querySelector("[data-chosen]");
  const boxes = items.map((item) => item.querySelector("input[type=checkbox]"));
  const count = () => {
    const marked = boxes.filter((box) => box.checked).length;
    chosen.textContent = marked ? `${chosen.dataset.say} ${marked}` : "";
    everything.checked = marked === boxes.length;
    everything.indeterminate = marked > 0 && marked < boxes.length;
  };
  if (!chosen) return;
  for (const box of boxes) box.addEventListener("change", count);
  everything.addEventListener("change", () => {
    for (const box of boxes) box.checked = everything.checked;
    count();
  });
  count();
  window.addEventListener("pageshow", count); // the browser may have kept some, on the way back
})();
