// A task page is a card. Screens register: winnow.screen("rank", (card) => { … }) with
// card = { root, form, signal, changed() }; "*" is called for cards of every screen.
// A card is sent by fetch, and the next one, fetched ahead, is put in its place.
"use strict";
(() => {
  const screens = [];
  const RETRY_MS = 3_000;
  let card = null;
  let lastUndo = "";
  let closeToast = () => {};

  winnow.screen = (name, begin) => {
    screens.push({ name, begin });
    if (card && (name === "*" || name === card.root.dataset.screen)) begin(card);
  };

  // ---- cards come and go -----------------------------------------------------------
  function mount() {
    const root = document.querySelector(".task");
    const end = new AbortController();
    const form = root.querySelector("#task");
    card = { root, form, signal: end.signal, end, isSending: false, ahead: null };
    watch(card);
    // What holds for every card first: a draft is filled in before its screen looks at it.
    const wanted = ["*", root.dataset.screen];
    for (const name of wanted)
      for (const screen of screens) if (screen.name === name) screen.begin(card);
    winnow.openWide();
    fetchHistory(card);
    const soon = window.requestIdleCallback ?? ((run) => setTimeout(run, 200));
    soon(() => { if (!card.signal.aborted) card.ahead ??= takeAhead(card); });
  }

  async function put({ page, url }, { until = "", focus = "h1" } = {}) {
    await loadAssets(page);
    card.end.abort();
    if (until) page.querySelector(".countdown")?.setAttribute("data-until", until);
    const place = document.adoptNode(page.querySelector(".page"));
    document.querySelector(".page").replaceWith(place);
    document.querySelector("#keys .keys").replaceWith(document.adoptNode(page.querySelector("#keys .keys")));
    document.getElementById("messages")?.replaceChildren();
    document.title = page.title;
    if (url && new URL(url).pathname !== location.pathname) history.pushState(null, "", url);
    scrollTo({ top: 0, behavior: "instant" });
    winnow.showKeys(document);
    window.htmx?.process(place);
    mount();
    const target = place.querySelector(focus) ?? place.querySelector("h1");
    if (!target.matches("input")) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.closest("[data-refused]")?.scrollIntoView({ block: "center", behavior: "instant" });
  }

  // Scripts and styles that the next card names and this page has not yet.
  function loadAssets(page) {
    const has = (tag, name, value) => [...document.head.querySelectorAll(tag)].some((node) => node[name] === value);
    const waits = [];
    for (const from of page.head.querySelectorAll("link[rel=stylesheet], script[src]")) {
      const isScript = from.tagName === "SCRIPT";
      const [name, value] = isScript ? ["src", new URL(from.getAttribute("src"), location).href] : ["href", new URL(from.getAttribute("href"), location).href];
      if (has(from.tagName, name, value)) continue;
      const node = document.createElement(from.tagName);
      if (isScript) node.async = false; else node.rel = "stylesheet";
      node[name] = value;
      waits.push(new Promise((done) => { node.onload = node.onerror = done; }));
      document.head.append(node);
    }
    return Promise.all(waits);
  }

  // ---- the next one, ahead ---------------------------------------------------------
  async function takeAhead({ form }) {
    try {
      const response = await winnow.ask(form.dataset.aheadUrl);
      const { next } = response.ok ? await response.json() : { next: null };
      if (!next) return null;
      const got = await winnow.fetchPage(next.url, "ahead");
      if (!got.page.querySelector(".task")) return null;
      loadAssets(got.page);
      return { task: next.task, ...got };
    } catch {
      return null; // it is fetched when it is needed
    }
  }

  async function pageOf(next) {
    const got = await Promise.race([card.ahead, new Promise((done) => setTimeout(done, 1500))]);
    return got?.task === next.task ? got : winnow.fetchPage(next.url, "card");
  }

  addEventListener("pagehide", () => {
    if (!card.ahead) return;
    const body = new FormData();
    body.set("back", "1");
    body.set("csrfmiddlewaretoken", document.querySelector("meta[name=csrf-token]").content);
    navigator.sendBeacon(card.form.dataset.aheadUrl, body);
    card.ahead = null;
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    card.isSending = false;
    card.ahead = takeAhead(card);
  });
  // Back to an earlier task: the server knows what became of it.
  addEventListener("popstate", () => {
    card.keepHere();
    card.save();
    location.reload();
  });

  // ---- sending ---------------------------------------------------------------------
  async function send(sender, submitter) {
    const { form, signal, root } = sender;
    sender.isSending = true;
    sender.keepHere();
    form.elements.active_seconds.value = sender.activeSeconds();
    const body = new FormData(form, submitter);
    const url = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
    const slow = setTimeout(() => { document.documentElement.dataset.slow = ""; }, 400);
    root.setAttribute("aria-busy", "true");
    let hasWaited = false;
    try {
      for (;;) {
        const response = await winnow.ask(url, { body }).catch((problem) => problem);
        if (signal.aborted) return;
        const isGone = response instanceof Error || [502, 503, 504].includes(response.status);
        if (!isGone) {
          showBanner("");
          if (hasWaited) winnow.say(root.dataset.saySent, "success");
          await land(response, sender);
          return;
        }
        hasWaited = true;
        if (!(await untilBetter(response instanceof winnow.SignedOut, sender))) return;
      }
    } finally {
      clearTimeout(slow);
      delete document.documentElement.dataset.slow;
      root.removeAttribute("aria-busy");
    }
  }

  // Wait for the line, the sign-in or a press on the button. Writing on means: not yet.
  function untilBetter(isSignedOut, { root, form, signal }) {
    showBanner(isSignedOut ? root.dataset.saySignedOut : root.dataset.sayUnsent, isSignedOut);
    return new Promise((done) => {
      const end = new AbortController();
      const finish = (again) => {
        end.abort();
        clearTimeout(timer);
        if (!again) { card.isSending = false; showBanner(""); }
        done(again);
      };
      const timer = isSignedOut ? 0 : setTimeout(() => finish(true), RETRY_MS);
      const options = { signal: end.signal };
      addEventListener(isSignedOut ? "focus" : "online", () => finish(true), options);
      root.querySelector("#again").addEventListener("click", () => finish(true), options);
      form.addEventListener("input", () => finish(false), options);
      signal.addEventListener("abort", () => finish(false), options);
    });
  }

  function showBanner(text, isSignedOut = false) {
    const banner = card.root.querySelector("#unsent");
    banner.hidden = !text;
    banner.querySelector("[data-text]").textContent = text;
    banner.querySelector("a").hidden = !isSignedOut;
    if (text) banner.scrollIntoView({ block: "center" });
  }

  async function land(response, sender) {
    const isJson = response.headers.get("Content-Type")?.includes("json");
    if (isJson) return goOn(await response.json());
    const text = await response.text();
    const page = new DOMParser().parseFromString(text, "text/html");
    // A choice that is lacking may stand far below what it is about: there, not at the top.
    const focus = page.querySelector("[data-refused]") ? "[data-refused] input" : "#problem, .notice--error";
    if (page.querySelector(".task")) return put({ page }, { focus });
    sender.isSending = false;
    winnow.say(document.body.dataset.sayBroken, "error");
  }

  async function goOn({ done, message, undo, next, home }) {
    if (done) localStorage.removeItem(`winnow.draft.${done}`);
    if (!next) return location.assign(home);
    lastUndo = undo;
    const label = card.root.dataset.undo;
    try {
      await put(await pageOf(next), { until: next.lease_until });
    } catch {
      return location.assign(next.url);
    }
    const action = undo ? { label, run: () => takeBack(undo) } : null;
    closeToast();
    closeToast = winnow.say(message, "success", { action, seconds: 10 });
  }

  // ---- skipping and undoing --------------------------------------------------------
  const skipButton = () => card.root.querySelector("#skip");

  function askToSkip(sender) {
    const dialog = sender.root.querySelector("#skip-ask");
    if (!sender.hasText() || !dialog) return send(sender, skipButton());
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "skip") return;
      sender.form.elements.skip_reason.value =
        dialog.querySelector("[name=why]:checked")?.value ?? "";
      send(sender, skipButton());
    }, { once: true, signal: sender.signal });
  }

  async function takeBack(url) {
    const { root } = card;
    try {
      const response = await winnow.ask(url);
      const answer = response.status === 404 ? {} : await response.json();
      if (!response.ok) return winnow.say(answer.problem ?? root.dataset.sayGone, "error");
      card.keepHere();
      if (card.isTouched()) card.save();
      lastUndo = "";
      closeToast();
      await put(await winnow.fetchPage(answer.url, "card"));
      winnow.say(answer.message, "success");
    } catch (problem) {
      const isOut = problem instanceof winnow.SignedOut;
      winnow.say(isOut ? root.dataset.saySignedOut : document.body.dataset.sayUnreachable, "error");
    }
  }

  function undoLast() {
    const url = lastUndo || document.querySelector("[data-undo-form]")?.action;
    if (url) takeBack(url); else winnow.say(card.root.dataset.sayNothingToUndo);
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-undo-form]") || event.defaultPrevented) return;
    event.preventDefault();
    takeBack(event.target.action);
  });

  async function fetchHistory({ signal }) {
    const strip = document.querySelector("#history[data-later]");
    if (!strip) return;
    const response = await fetch(strip.dataset.url).catch(() => null);
    if (!response?.ok || response.redirected || signal.aborted) return;
    const got = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = document.adoptNode(got.querySelector("#history"));
    fresh.open = strip.open;
    strip.replaceWith(fresh);
  }

  function watch(own) {
    const { form, signal } = own;
    const mainButton = () => form.querySelector(".actions-bar .button--primary");
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      if (own.isSending) return;
      if (event.submitter === skipButton()) askToSkip(own);
      else send(own, event.submitter);
    }, { signal });
    winnow.key(own, "submit", "Ctrl+Enter", () => form.requestSubmit(mainButton()));
    winnow.key(own, "skip", "Alt+K", () => { if (!own.isSending) askToSkip(own); });
    winnow.key(own, "undo", "z", undoLast);
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
      if (event.defaultPrevented || winnow.isTyping(event.target)) return;
      event.preventDefault();
      undoLast();
    }, { signal });
  }

  mount();
})();
