// The order of answers: by keys, by buttons, by the place of each. The selects of the form
// hold the truth; rank_drag.js adds dragging. One answer is the list's only tab stop.
"use strict";
winnow.screen("rank", (card) => {
  const list = card.root.querySelector("#rank");
  if (!list) return;
  const says = card.root.querySelector("#rank-says");
  const on = (target, kind, run) => target.addEventListener(kind, run, { signal: card.signal });
  const items = () => [...list.children];
  const select = (item) => item.querySelector("select");
  const grip = (item) => item.querySelector(".rank-item__grip");
  const button = (item, move) => item.querySelector(`[data-move=${move}]`);
  const isUntouched = () => "untouched" in list.dataset;

  // ---- an order is a list of groups, best first; answers in one group are tied ---------
  const TIED = "rank-item--tied";
  const order = () => items().reduce((groups, item) => {
    if (groups.length && item.classList.contains(TIED)) groups.at(-1).push(item);
    else groups.push([item]);
    return groups;
  }, []);
  const { groupOf, stepped, placed, tied } = winnow.order;

  // ---- showing it ------------------------------------------------------------------
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function words(item, name) {
    const groups = order();
    const place = groupOf(groups, item);
    const others = groups[place].filter((other) => other !== item).map((other) => other.dataset.letter).join(", ");
    const template = list.dataset[others ? `${name}Tied` : name] ?? list.dataset[name];
    return fill(template, { letter: item.dataset.letter, place: place + 1, of: items().length, others });
  }

  function show() {
    const groups = order();
    groups.forEach((group, place) => group.forEach((item, at) => {
      select(item).value = isUntouched() ? "" : String(place + 1);
      item.querySelector(".rank-item__number").textContent = isUntouched() ? "–" : place + 1;
      grip(item).setAttribute("aria-label", words(item, isUntouched() ? "labelOpen" : "label"));
      button(item, "tie").setAttribute("aria-pressed", String(at > 0));
      button(item, "up").disabled = place === 0 && group.length === 1;
      button(item, "down").disabled = place === groups.length - 1 && group.length === 1;
      button(item, "tie").disabled = place === 0 && at === 0;
    }));
  }

  function arrange(groups) {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    groups.filter((group) => group.length).forEach((group) => group.forEach((item, at) => item.classList.toggle(TIED, at > 0)));
    groups.flat().forEach((item, at) => { if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null); });
    show();
    // What moves in the page loses its focus; what is disabled cannot have it.
    if (focused) (focused.disabled ? grip(focused.closest(".rank-item")) : focused).focus({ preventScroll: true });
  }

  function touched() {
    delete list.dataset.untouched;
    card.form.querySelector("[name=outcome][value=ranked]").checked = true; // the last deed counts
  }

  function change(item, groups) {
    touched();
    arrange(groups);
    item.scrollIntoView({ block: "nearest" });
    says.textContent = words(item, "sayMoved");
    list.dispatchEvent(new CustomEvent("rank:changed"));
    card.changed?.();
  }

  // ---- picking up ------------------------------------------------------------------
  let held = null; // the answer picked up, and the order before
  function pickUp(item) {
    held = { item, before: order(), wasUntouched: isUntouched() };
    grip(item).setAttribute("aria-pressed", "true");
    says.textContent = words(item, "sayGrabbed");
  }
  function drop() {
    const { item } = held;
    held = null;
    grip(item).setAttribute("aria-pressed", "false");
    says.textContent = words(item, isUntouched() ? "sayBack" : "sayDropped");
  }
  function putBack({ item, before, wasUntouched }) {
    held = null;
    grip(item).setAttribute("aria-pressed", "false");
    if (wasUntouched) list.dataset.untouched = "";
    arrange(before);
    says.textContent = words(item, "sayBack");
    card.changed?.();
  }
  on(list, "rank:lift", ({ detail }) => {
    held = { item: detail.item, before: order(), wasUntouched: isUntouched() };
    const follower = detail.item.nextElementSibling;
    // Who was tied to it keeps the place.
    if (follower?.classList.contains(TIED) && !detail.item.classList.contains(TIED)) follower.classList.remove(TIED);
    detail.item.classList.remove(TIED);
  });
  // Dropped between two that are tied, it joins them.
  on(list, "rank:drop", ({ detail: { item } }) => {
    const isAmongTied = item.nextElementSibling?.classList.contains(TIED);
    item.classList.toggle(TIED, Boolean(isAmongTied));
    held = null;
    change(item, order());
  });
  on(list, "rank:back", () => putBack(held));

  // ---- one tab stop ------------------------------------------------------------------
  let current = items()[0];
  function makeCurrent(item) {
    current = item;
    for (const one of items())
      for (const node of one.querySelectorAll("a[href], button, select, input")) node.tabIndex = one === item ? 0 : -1;
  }
  const goTo = (item) => { if (item) { grip(item).focus(); item.scrollIntoView({ block: "nearest" }); } };
  const beside = (by) => items()[Math.max(0, Math.min(items().length - 1, items().indexOf(current) + by))];
  on(list, "focusin", (event) => {
    const item = event.target.closest(".rank-item");
    if (held && item !== held.item && !held.item.classList.contains("is-dragging")) drop();
    if (item !== current) makeCurrent(item);
  });
  on(list, "focusout", (event) => {
    if (held && event.relatedTarget && !list.contains(event.relatedTarget)) drop();
  });

  // ---- keys ----------------------------------------------------------------------
  function direction(key) {
    const isRightToLeft = getComputedStyle(list).direction === "rtl";
    const toNext = ["ArrowDown", isRightToLeft ? "ArrowLeft" : "ArrowRight"];
    const toPrevious = ["ArrowUp", isRightToLeft ? "ArrowRight" : "ArrowLeft"];
    return toNext.includes(key) ? 1 : toPrevious.includes(key) ? -1 : 0;
  }
  function onKey(event) {
    const item = event.target.closest(".rank-item");
    const by = direction(event.key);
    if (event.altKey && by && event.key.match(/Up|Down/)) return change(item, stepped(order(), item, by));
    if (event.altKey) return false;
    if (by) return held ? change(item, stepped(order(), item, by)) : goTo(beside(by));
    if (event.key === "Home") return held ? change(item, placed(order(), item, 1)) : goTo(items()[0]);
    if (event.key === "End") return held ? change(item, placed(order(), item, items().length)) : goTo(items().at(-1));
    if (/^[1-9]$/.test(event.key)) return change(item, placed(order(), item, Number(event.key)));
    return false;
  }
  on(list, "keydown", (event) => {
    if (event.key === "Escape" && held && !held.item.classList.contains("is-dragging")) {
      event.preventDefault();
      return putBack(held);
    }
    if (!event.target.matches(".rank-item__grip") || event.ctrlKey || event.metaKey) return;
    if (onKey(event) !== false) event.preventDefault();
  });
  winnow.key(card, "next", "j", () => goTo(list.contains(document.activeElement) ? beside(1) : current));
  winnow.key(card, "previous", "k", () => goTo(beside(-1)));
  winnow.key(card, "tie", "=", () => { if (list.contains(document.activeElement)) change(current, tied(order(), current)); });

  // ---- buttons, places ---------------------------------------------------------------
  const MOVES = {
    up: (item) => stepped(order(), item, -1),
    down: (item) => stepped(order(), item, 1),
    tie: (item) => tied(order(), item),
  };
  on(list, "click", (event) => {
    const item = event.target.closest(".rank-item");
    const move = event.target.closest("[data-move]")?.dataset.move;
    if (move) change(item, MOVES[move](item));
    // Keys and screen readers press without a pointer; with one it is a drag.
    else if (event.target.closest(".rank-item__grip") && event.detail === 0) held ? drop() : pickUp(item);
  });
  on(list, "change", (event) => {
    const item = event.target.closest(".rank-item");
    if (event.target !== select(item)) return;
    if (event.target.value) change(item, placed(order(), item, Number(event.target.value)));
    else show();
  });

  // ---- a draft brings places of its own -------------------------------------------------
  function readPlaces() {
    const places = items().map((item) => ({ item, place: Number(select(item).value) || Infinity }));
    if (places.every(({ place }) => place === Infinity)) return;
    places.sort((a, b) => a.place - b.place);
    // Some without a place: that is no order yet.
    if (places.at(-1).place < Infinity) delete list.dataset.untouched;
    arrange(places.reduce((groups, { item, place }, at) => {
      if (place < Infinity && places[at - 1]?.place === place) groups.at(-1).push(item);
      else groups.push([item]);
      return groups;
    }, []));
  }
  let isReading = false;
  on(list, "input", (event) => {
    if (event.isTrusted || isReading || !event.target.matches("select")) return;
    isReading = true; // once, when all of them are filled in
    queueMicrotask(() => { isReading = false; readPlaces(); });
  });
  readPlaces();
  show();
  makeCurrent(current);

  // Of the order of chance ballot.js asks whether it is meant.
  on(list, "rank:meant", () => {
    delete list.dataset.untouched;
    show();
    card.changed?.();
  });
});
