// Ranking by keyboard, by drag, by buttons. The selects of the form hold the truth.
(() => {
  const list = document.getElementById("rank");
  const says = document.getElementById("rank-says");
  const form = document.getElementById("task");
  const items = () => [...list.children];
  const select = (item) => item.querySelector("select");
  const isTied = (item) => item.classList.contains("rank-item--tied");
  list.classList.add("rank-list--live");

  // ---- places --------------------------------------------------------------------
  function places() {
    let place = 0;
    return items().map((item, index) => {
      if (index === 0 || !isTied(item)) place += 1;
      return place;
    });
  }

  function touched() {
    delete list.dataset.untouched;
    document.getElementById("rank-confirm").hidden = true;
    show();
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function show() {
    items()[0]?.classList.remove("rank-item--tied");
    const now = places();
    const isUntouched = "untouched" in list.dataset;
    items().forEach((item, index) => {
      select(item).value = isUntouched ? "" : String(now[index]);
      item.querySelector(".rank-item__number").textContent = isUntouched ? "–" : now[index];
      item.querySelector("[data-move=tie]").setAttribute("aria-pressed", String(isTied(item)));
      item.querySelector("[data-move=up]").disabled = index === 0;
      item.querySelector("[data-move=tie]").disabled = index === 0;
      item.querySelector("[data-move=down]").disabled = index === now.length - 1;
    });
  }

  function announce(item) {
    const place = places()[items().indexOf(item)];
    const tied = items().filter((other, i) => other !== item && places()[i] === place);
    const others = tied.map((other) => other.dataset.letter).join(", ");
    says.textContent =
      `Answer ${item.dataset.letter} is at place ${place} of ${Math.max(...places())}` +
      (others ? `, tied with ${others}` : "");
  }

  function moveTo(item, index) {
    const rest = items().filter((other) => other !== item);
    const follower = item.nextElementSibling;
    // Who was tied to the moved answer keeps its own place.
    if (follower && isTied(follower) && !isTied(item)) follower.classList.remove("rank-item--tied");
    item.classList.remove("rank-item--tied");
    list.insertBefore(item, rest[Math.max(0, Math.min(index, rest.length))] ?? null);
    touched();
    announce(item);
    item.focus();
  }

  function toggleTie(item) {
    if (item === items()[0]) return;
    item.classList.toggle("rank-item--tied");
    touched();
    announce(item);
  }

  // A draft brings places of its own: order the list by them.
  if (items().some((item) => select(item).value)) {
    const wanted = new Map(items().map((item) => [item, Number(select(item).value) || 99]));
    const ordered = items().sort((a, b) => wanted.get(a) - wanted.get(b));
    ordered.forEach((item, index) => {
      list.append(item);
      const above = ordered[index - 1];
      item.classList.toggle("rank-item--tied", Boolean(above) && wanted.get(above) === wanted.get(item));
    });
    delete list.dataset.untouched;
  }
  show();

  // ---- keys ----------------------------------------------------------------------
  list.addEventListener("keydown", (event) => {
    const item = event.target.closest(".rank-item");
    if (!item || event.target !== item || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = items().indexOf(item);
    if (event.key === "ArrowUp") moveTo(item, at - 1);
    else if (event.key === "ArrowDown") moveTo(item, at + 1);
    else if (event.key === "=" || event.key === "t") toggleTie(item);
    else if (/^[1-9]$/.test(event.key)) moveTo(item, Number(event.key) - 1);
    else return;
    event.preventDefault();
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || winnow.isTyping(event.target)) return;
    const at = items().indexOf(document.activeElement);
    const key = event.key.toLowerCase();
    if (key === "j") items()[Math.min(at + 1, items().length - 1)].focus();
    else if (key === "k") items()[Math.max(at - 1, 0)].focus();
    else if (key === "n") form.requestSubmit(form.querySelector("[value=none_good]"));
    else return;
    event.preventDefault();
  });

  // ---- buttons -------------------------------------------------------------------
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const item = button.closest(".rank-item");
    const at = items().indexOf(item);
    if (button.dataset.move === "tie") toggleTie(item);
    else moveTo(item, at + (button.dataset.move === "up" ? -1 : 1));
    button.focus();
  });

  // ---- drag, with pointer events so that it works by touch ---------------------------
  const EDGE = 64;
  let dragged = null;
  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".rank-item__grip");
    if (!grip) return;
    dragged = grip.closest(".rank-item");
    dragged.classList.add("is-dragging");
    // The list, not the grip: what moves in the page loses its capture.
    list.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  list.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    // Near an edge the page moves along, so that a long list can be crossed.
    if (event.clientY < EDGE) scrollBy(0, -EDGE / 4);
    if (event.clientY > innerHeight - EDGE) scrollBy(0, EDGE / 4);
    for (const other of items()) {
      if (other === dragged) continue;
      const box = other.getBoundingClientRect();
      const middle = box.top + box.height / 2;
      const isAbove = items().indexOf(other) < items().indexOf(dragged);
      if (isAbove ? event.clientY < middle : event.clientY > middle) {
        list.insertBefore(dragged, isAbove ? other : other.nextElementSibling);
        if (isAbove) break;
      }
    }
  });
  function drop() {
    if (!dragged) return;
    dragged.classList.remove("is-dragging", "rank-item--tied");
    touched();
    announce(dragged);
    dragged = null;
  }
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);

  // ---- sending -------------------------------------------------------------------
  // The order at first is chance: it becomes a ballot only when somebody says so twice.
  form.addEventListener(
    "submit",
    (event) => {
      const wantsOrder = !event.submitter || event.submitter.value === "ranked";
      if (!wantsOrder || !("untouched" in list.dataset)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      delete list.dataset.untouched;
      show();
      document.getElementById("rank-confirm").hidden = false;
    },
    { capture: true },
  );
})();
