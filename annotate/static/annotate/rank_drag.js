// Dragging an answer by its grip, by mouse, pen or finger. An extra: keys and buttons do
// the same. What it ends in, it says to rank.js by an event on the list.
"use strict";
winnow.screen("rank", (card) => {
  const list = card.root.querySelector("#rank");
  if (!list) return;
  const EDGE = 64; // near an edge the page moves along, so that a long list can be crossed
  const FAR = 4; // nearer than this it was a press, not a drag
  const on = (kind, run) => list.addEventListener(kind, run, { signal: card.signal });
  let drag = null;

  // Where each answer lay in the list when the drag began. What the pointer means is read
  // from these: answers make room as it moves, a long one may come to lie under it, and the
  // order would go to and fro, and end as chance had it.
  function placesAtFirst() {
    const from = list.getBoundingClientRect();
    return [...list.children].map((item) => {
      const { left, top, width, height } = item.getBoundingClientRect();
      return { item, left: left - from.left, top: top - from.top, width, height };
    });
  }
  const distance = (box, x, y) => Math.hypot(
    Math.max(box.left - x, 0, x - box.left - box.width),
    Math.max(box.top - y, 0, y - box.top - box.height),
  );

  // The answer that the dragged one is put before; null: it becomes the last.
  function follower(x, y) {
    const { places, item } = drag;
    const nearest = places.reduce((best, one) => (distance(one, x, y) < distance(best, x, y) ? one : best));
    const inColumns = Math.abs(places[1]?.top - places[0].top) < 8;
    const isRightToLeft = getComputedStyle(list).direction === "rtl";
    const isPast = inColumns
      ? (x > nearest.left + nearest.width / 2) !== isRightToLeft
      : y > nearest.top + nearest.height / 2;
    const isHome = nearest.item === item;
    const rest = places.slice(places.indexOf(nearest) + (isPast && !isHome ? 1 : 0));
    return rest.find((one) => one.item !== item)?.item ?? null;
  }

  on("pointerdown", (event) => {
    const grip = event.target.closest(".rank-item__grip");
    if (!grip || event.button !== 0) return;
    drag = { item: grip.closest(".rank-item"), x: event.clientX, y: event.clientY, isMoving: false };
    // The list, not the grip: what moves in the page loses its capture.
    list.setPointerCapture(event.pointerId);
    event.preventDefault();
    grip.focus();
  });

  function follow({ clientX: x, clientY: y }) {
    if (!drag || (drag.isMoving && x === drag.x && y === drag.y)) return;
    if (!drag.isMoving && Math.hypot(x - drag.x, y - drag.y) < FAR) return;
    if (!drag.isMoving) begin();
    Object.assign(drag, { x, y });
    if (y < EDGE) scrollBy(0, -EDGE / 4);
    if (y > innerHeight - EDGE) scrollBy(0, EDGE / 4);
    const { left, top } = list.getBoundingClientRect();
    const next = follower(x - left, y - top);
    if (next !== drag.item.nextElementSibling) list.insertBefore(drag.item, next);
  }
  on("pointermove", follow);

  function begin() {
    drag.isMoving = true;
    list.dispatchEvent(new CustomEvent("rank:lift", { detail: { item: drag.item } }));
    drag.item.classList.add("is-dragging");
    drag.places = placesAtFirst();
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
