// Small things every page shares. Loaded before the first paint, so it asks nothing of the
// body: it listens on the document. docs/design.md lists the data-* attributes.
"use strict";
(() => {
  const root = document.documentElement;
  root.dataset.js = "";
  const all = (selector) => document.querySelectorAll(selector);
  const words = (name) => document.body.dataset[name] ?? "";

  // ---- theme: "" follows the system ------------------------------------------------
  const theme = () => { try { return localStorage.getItem("theme") || ""; } catch { return ""; } };
  const showTheme = (choice) => {
    if (choice) root.dataset.theme = choice; else delete root.dataset.theme;
    for (const button of all("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  };
  showTheme(theme());
  document.addEventListener("DOMContentLoaded", () => showTheme(theme()));

  // On phones tabs scroll in one line: where one is comes into sight.
  document.addEventListener("DOMContentLoaded", () => {
    for (const tabs of all(".tabs")) {
      if (tabs.scrollWidth <= tabs.clientWidth) continue;
      const here = tabs.querySelector("[aria-current]")?.getBoundingClientRect();
      const there = tabs.getBoundingClientRect();
      if (here) tabs.scrollLeft += here.x + here.width / 2 - there.x - there.width / 2;
    }
  });

  // ---- dialogs, menus, copying, questions ------------------------------------------
  const isTyping = (node) => node.isContentEditable || node.matches?.("textarea, select, input:not([type=radio], [type=checkbox], [type=button])");
  const openDialog = (id) => { const dialog = document.getElementById(id); if (dialog && !dialog.open) dialog.showModal(); };

  document.addEventListener("click", (event) => {
    for (const menu of all("details[data-menu][open]"))
      if (!menu.contains(event.target)) menu.open = false;

    const chosen = event.target.closest("[data-theme-choice]");
    if (chosen) {
      try { localStorage.setItem("theme", chosen.dataset.themeChoice); } catch { /* private window */ }
      showTheme(chosen.dataset.themeChoice);
    }
    const opener = event.target.closest("[data-dialog]");
    if (opener) { event.preventDefault(); opener.closest("[data-menu]")?.removeAttribute("open"); openDialog(opener.dataset.dialog); }
    if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog").close();

    const copied = event.target.closest("[data-copy]");
    if (copied) navigator.clipboard?.writeText(copied.dataset.copy).then(() => say(words("sayCopied"), "success"));
  });

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") {
      const menu = document.querySelector("details[data-menu][open]");
      if (menu) { menu.open = false; if (menu.contains(document.activeElement)) menu.querySelector("summary").focus(); }
      root.dataset.tipsHidden = "";
      if (isTyping(event.target) && !event.target.closest("dialog")) event.target.blur();
    }
    if (event.key === "?" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey) openDialog("keys");
  });
  // Escape hides a tip; the next thing pointed at or focused shows its own again.
  for (const kind of ["pointerover", "focusin"])
    document.addEventListener(kind, () => { delete root.dataset.tipsHidden; });

  // ---- toasts: winnow.say(text, kind, { action: { label, run }, seconds }) -----------
  // The bar's animation is the clock: it waits while the toast is pointed at or focused,
  // and while nobody sees the page. 0 seconds: until it is closed.
  const arm = (toast, seconds) => {
    let before = document.getElementById("main");
    toast.addEventListener("focusin", ({ relatedTarget }) => { if (relatedTarget && !toast.contains(relatedTarget)) before = relatedTarget; });
    const close = () => {
      const isFocused = toast.contains(document.activeElement);
      toast.remove();
      if (isFocused) before?.focus({ preventScroll: true });
    };
    toast.querySelector(".toast__close").addEventListener("click", close);
    if (!seconds) return close;
    const bar = toast.querySelector(".toast__time");
    bar.hidden = false;
    const clock = bar.animate([{ scale: "1 1" }, { scale: "0 1" }], { duration: seconds * 1000, fill: "forwards" });
    clock.finished.then(close, () => {});
    const wait = () => (toast.matches(":hover, :focus-within") ? clock.pause() : clock.play());
    for (const kind of ["pointerenter", "pointerleave", "focusin"]) toast.addEventListener(kind, wait);
    toast.addEventListener("focusout", () => setTimeout(wait));
    return close;
  };

  // At most two lines stand over the page: the older goes, not where somebody is on it.
  const AT_ONCE = 2;
  const makeRoom = (place, newest) => {
    const there = [...place.querySelectorAll(":scope > div.toast")];
    const older = there.filter((one) => one !== newest && !one.matches(":hover, :focus-within"));
    for (const one of older.slice(0, Math.max(0, there.length - AT_ONCE))) one.remove();
  };

  const say = (text, kind = "info", { action = null, seconds = kind === "error" ? 0 : action ? 10 : 4 } = {}) => {
    const shape = document.getElementById("toast");
    if (!shape) return () => {};
    const toast = shape.content.cloneNode(true).firstElementChild;
    toast.classList.add(`toast--${kind}`);
    toast.querySelector(".toast__text").textContent = text;
    const close = arm(toast, seconds);
    if (action) {
      const button = toast.querySelector(".toast__action");
      button.hidden = false;
      button.textContent = action.label;
      button.addEventListener("click", () => { close(); action.run(); });
    }
    // One line a text: a server that stays away is not worth ten of them.
    for (const other of all("#toasts > .toast"))
      if (other.querySelector(".toast__text").textContent === text) other.remove();
    const place = document.getElementById("toasts");
    place.append(toast);
    makeRoom(place, toast);
    return close;
  };
  window.winnow = { say, isTyping };

  // Messages of an htmx answer arrive as bare toasts and get their buttons here.
  document.addEventListener("htmx:oobAfterSwap", () => {
    for (const bare of all("#toasts > p.toast")) {
      const kind = [...bare.classList].find((name) => name.startsWith("toast--"))?.slice(7);
      const text = bare.textContent.trim();
      bare.remove();
      say(text, kind);
    }
  });

  // ---- the network ------------------------------------------------------------------
  const showOffline = () => {
    const line = document.getElementById("offline");
    if (line) line.textContent = navigator.onLine ? "" : line.dataset.text;
  };
  for (const kind of ["online", "offline", "DOMContentLoaded"]) window.addEventListener(kind, showOffline);

  // An answer that takes long draws a line at the top; a fast one draws nothing.
  let waiting = 0;
  const slow = { timer: 0 };
  document.addEventListener("htmx:beforeSend", () => {
    waiting += 1;
    clearTimeout(slow.timer);
    slow.timer = setTimeout(() => { root.dataset.slow = ""; }, 400);
  });
  document.addEventListener("htmx:afterRequest", () => {
    waiting = Math.max(0, waiting - 1);
    if (!waiting) { clearTimeout(slow.timer); delete root.dataset.slow; }
  });

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
  });
  // A part that asks by itself (live.js) says nothing: nobody did anything.
  const isLive = (event) => Boolean(event.detail.elt?.dataset?.live);
  document.addEventListener("htmx:sendError", (event) => { if (!isLive(event)) say(words("sayUnreachable"), "error"); });
  document.addEventListener("htmx:responseError", (event) => {
    if (isLive(event)) return;
    const isRefused = event.detail.xhr.status === 403 || event.detail.xhr.status === 404;
    say(words(isRefused ? "sayRefused" : "sayBroken"), "error");
  });
})();
