// Dragging an answer by its grip, by mouse, pen or finger. An extra: keys and buttons do
// the same. What it ends in, it says to rank.js by an event on the list.
"use strict";
winnow.screen("rank", (card) => {
  const list = card.root.querySelector("#rank");
  if (!list) return;
  const EDGE = 64; // near an edge the page moves along, so that a long list can be crossed
  const FAR = 4; // nearer than this it was a press, not a drag
  const on = (kind, run) => list.addEventListener(kind, run, { signal: card.signal });
  const middle = (box) => ({ x: box.left + box.width / 2, y: box.top + box.height / 2 });
  let drag = null;

  const columnsBeside = (item) => {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    return next && Math.abs(next.offsetTop - item.offsetTop) < 8;
  };

  on("pointerdown", (event) => {
    const grip = event.target.closest(".rank-item__grip");
    if (!grip || event.button !== 0) return;
    drag = { item: grip.closest(".rank-item"), x: event.clientX, y: event.clientY, isMoving: false };
    // The list, not the grip: what moves in the page loses its capture.
    list.setPointerCapture(event.pointerId);
    event.preventDefault();
    grip.focus();
  });

  function follow(event) {
    if (!drag) return;
    if (!drag.isMoving && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < FAR) return;
    if (!drag.isMoving) begin();
    if (event.clientY < EDGE) scrollBy(0, -EDGE / 4);
    if (event.clientY > innerHeight - EDGE) scrollBy(0, EDGE / 4);
    const over = document.elementFromPoint(event.clientX, event.clientY)?.closest(".rank-item");
    if (!over || over === drag.item || over.parentElement !== list) return;
    const { x, y } = middle(over.getBoundingClientRect());
    const isRightToLeft = getComputedStyle(list).direction === "rtl";
    const isPast = columnsBeside(over)
      ? (event.clientX > x) !== isRightToLeft
      : event.clientY > y;
    list.insertBefore(drag.item, isPast ? over.nextElementSibling : over);
  }
  on("pointermove", follow);

  function begin() {
    drag.isMoving = true;
    list.dispatchEvent(new CustomEvent("rank:lift", { detail: { item: drag.item } }));
    drag.item.classList.add("is-dragging");
  }

  function end(isDropped) {
    if (!drag) return;
    const { item, isMoving } = drag;
    drag = null;
    item.classList.remove("is-dragging");
    if (isMoving) list.dispatchEvent(new CustomEvent(isDropped ? "rank:drop" : "rank:back", { detail: { item } }));
  }
  on("pointerup", (event) => {
    follow(event); // a busy page may have left out the last of the way
    end(true);
  });
  on("pointercancel", () => end(false));
  on("keydown", (event) => {
    if (event.key === "Escape" && drag) end(false);
  });
});
