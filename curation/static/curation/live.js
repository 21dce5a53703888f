// Parts of a page that show what changes: <div id="x" data-live="5" hx-get="…" hx-trigger="live">.
// Each is asked for again after so many seconds, and put in place where it differs: the server
// says so by ETag. A hidden page asks for nothing, a part in which somebody types waits, and a
// server that is away is asked less and less often. A part that comes without data-live has ended.
"use strict";
(() => {
  const LONGEST_MS = 60_000;
  const states = new Map(); // by the id of the part

  const isBusy = (part) => part.contains(document.activeElement) && window.winnow.isTyping(document.activeElement)
    || part.querySelector("dialog[open], [data-menu][open]") !== null
    || !window.getSelection().isCollapsed && part.contains(window.getSelection().anchorNode);

  const ask = (id) => {
    const part = document.getElementById(id), state = states.get(id);
    if (!part?.dataset.live) { states.delete(id); return; }
    if (!document.hidden && !state.isAsking && !isBusy(part)) {
      state.isAsking = true;
      window.htmx.trigger(part, "live");
    }
    wait(id);
  };

  const wait = (id) => {
    const state = states.get(id);
    clearTimeout(state.timer);
    state.timer = setTimeout(ask, state.pause, id);
  };

  const watch = () => {
    for (const part of document.querySelectorAll("[data-live]")) {
      if (states.has(part.id)) continue;
      const every = 1000 * Number(part.dataset.live);
      states.set(part.id, { every, pause: every, tag: "", timer: 0, isAsking: false });
      wait(part.id);
    }
  };

  const stateOf = (event) => (event.detail.elt?.dataset?.live ? states.get(event.detail.elt.id) : undefined);
  const rest = (state) => { state.pause = Math.min(2 * state.pause, LONGEST_MS); };

  document.addEventListener("htmx:configRequest", (event) => {
    const tag = stateOf(event)?.tag;
    if (tag) event.detail.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const state = stateOf(event);
    if (!state) return;
    const { xhr, pathInfo } = event.detail;
    state.isAsking = false;
    // Sent elsewhere, as to the page for signing in, which is no part of this one.
    if (new URL(xhr.responseURL).pathname !== new URL(pathInfo.requestPath, location.href).pathname) {
      states.delete(event.detail.elt.id);
      return event.preventDefault();
    }
    if (xhr.status >= 500) return rest(state);
    state.pause = state.every;
    state.tag = xhr.getResponseHeader("ETag") ?? "";
    if (xhr.status >= 400) states.delete(event.detail.elt.id);
  });
  for (const kind of ["htmx:sendError", "htmx:timeout", "htmx:sendAbort"])
    document.addEventListener(kind, (event) => {
      const state = stateOf(event);
      if (state) { state.isAsking = false; rest(state); }
    });

  // What has the focus, told by the nearest name around it; htmx looks after what has a name itself.
  const CONTROLS = "a[href], button, summary, [tabindex]";
  const sameAs = (one) => (other) => one.tagName === other?.tagName && (one.tagName === "SUMMARY" || one.textContent === other.textContent);
  const focusIn = (part) => {
    const held = document.activeElement;
    if (!part.contains(held) || held.id) return null;
    const around = held.closest("[id]");
    return { id: around.id, nth: [...around.querySelectorAll(CONTROLS)].indexOf(held), isSame: sameAs(held) };
  };
  const focusAgain = ({ id, nth, isSame }) => {
    const twin = document.getElementById(id)?.querySelectorAll(CONTROLS)[nth];
    if (isSame(twin) && document.activeElement === document.body) twin.focus({ preventScroll: true });
  };

  // What somebody opened or closed stays so, and the focus where it was.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const state = stateOf(event);
    if (!state || !event.detail.shouldSwap) return;
    const part = event.detail.elt;
    state.open = [...part.querySelectorAll("details[id]")].map(({ id, open }) => [id, open]);
    state.focus = focusIn(part);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const state of states.values()) {
      for (const [id, open] of state.open ?? []) {
        const twin = document.getElementById(id);
        if (twin) twin.open = open;
      }
      state.open = [];
      if (state.focus) focusAgain(state.focus);
      state.focus = null;
    }
    watch();
  });

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) for (const id of [...states.keys()]) ask(id);
  });
  watch();
})();
