// What is typed into a card is kept: here at once, on the server a second later. The lease
// is kept alive while the page is in sight, and active time is counted.
"use strict";
winnow.screen("*", (card) => {
  const { root, form, signal } = card;
  const saved = root.querySelector("#saved");
  const localKey = `winnow.draft.${form.dataset.slot}`;
  const AUTOSAVE_MS = 1000;
  const BEAT_MS = 60_000;
  const NOT_TYPED = new Set(["csrfmiddlewaretoken", "key", "active_seconds", "skip_reason"]);
  let timer = 0;
  let lastSent = "";
  let lastKept = "";

  // ---- what was typed ------------------------------------------------------------
  card.typed = () => {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (!NOT_TYPED.has(name)) fields[name] = value;
    }
    return fields;
  };

  const DAY_MS = 86_400_000;
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith("winnow.draft."))) {
    const { at = 0 } = JSON.parse(localStorage.getItem(name) ?? "{}") ?? {};
    if (at < Date.now() - 14 * DAY_MS) localStorage.removeItem(name);
  }

  function fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = form.elements[name];
      if (!field || NOT_TYPED.has(name) || field.type === "submit") continue;
      if (field.type === "checkbox") field.checked = field.value === value;
      else field.value = value;
      field.dispatchEvent?.(new Event("input", { bubbles: true }));
    }
  }

  const clock = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const tell = (text) => { saved.textContent = text; };

  card.keepHere = () => {
    const text = JSON.stringify(card.typed());
    if (text === lastKept) return;
    lastKept = text;
    try {
      localStorage.setItem(localKey, JSON.stringify({ at: Date.now(), text }));
    } catch {
      // Private windows have no room; the server's copy is enough.
    }
  };
  card.forget = () => localStorage.removeItem(localKey);
  // Whether the person has put in anything that was not there when the card came.
  card.isTouched = () => JSON.stringify(card.typed()) !== card.atFirst;

  // Words of one's own, not those that the page came with.
  card.hasText = () => {
    const isKept = Boolean(form.dataset.savedAt);
    const texts = [...form.querySelectorAll("textarea, input[type=text]")];
    return texts.some((field) => field.value.trim() && (isKept || field.value !== field.defaultValue));
  };

  // ---- to the server -------------------------------------------------------------
  const post = (url, body) => winnow.ask(url, { body, kind: "draft", keepalive: body.length < 60_000 });

  card.save = async () => {
    clearTimeout(timer);
    const body = JSON.stringify(card.typed());
    if (body === lastSent || card.isSending || signal.aborted) return;
    card.keepHere();
    try {
      const response = await post(form.dataset.draftUrl, body);
      if (signal.aborted) return;
      if (response.status >= 400 && response.status < 500) return tell(saved.dataset.sayTooLong);
      if (!response.ok) throw new Error(String(response.status));
      const { saved_at: at } = await response.json();
      lastSent = body;
      tell(saved.dataset.saySaved.replace("{time}", clock(new Date(at))));
      if (JSON.stringify(card.typed()) !== body) saveSoon();
    } catch (problem) {
      if (signal.aborted) return;
      const isSignedOut = problem instanceof winnow.SignedOut;
      tell(isSignedOut ? saved.dataset.saySignedOut : saved.dataset.sayHere);
      if (!isSignedOut) timer = setTimeout(card.save, 5 * AUTOSAVE_MS);
    }
  };

  function saveSoon() {
    clearTimeout(timer);
    timer = setTimeout(card.save, AUTOSAVE_MS);
  }

  card.changed = () => {
    card.keepHere();
    saveSoon();
  };

  card.atFirst = lastSent = lastKept = JSON.stringify(card.typed());
  // After a refusal the page holds what was sent: nothing older may come over it.
  const isRefused = Boolean(root.querySelector("#problem, .notice--error, .field--invalid"));
  try {
    const local = JSON.parse(localStorage.getItem(localKey) ?? "null");
    const onServer = Date.parse(form.dataset.savedAt ?? "") || 0;
    if (!isRefused && local && local.at > onServer && local.text !== lastSent) {
      fill(JSON.parse(local.text));
      tell(saved.dataset.sayRestored);
      saveSoon();
    }
  } catch {
    card.forget();
  }
  form.addEventListener("input", card.changed, { signal });
  for (const kind of ["online", "focus"]) addEventListener(kind, card.save, { signal });
  // The same task in another tab: both show what was typed last.
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== localKey || !newValue || card.isSending) return;
    lastKept = lastSent = JSON.parse(newValue).text;
    fill(JSON.parse(lastKept));
    clearTimeout(timer);
  }, { signal });
  addEventListener("pagehide", () => {
    if (card.isSending || JSON.stringify(card.typed()) === lastSent) return;
    card.keepHere();
    post(form.dataset.draftUrl, JSON.stringify(card.typed())).catch(() => {});
  }, { signal });
  winnow.key(card, "save", "Ctrl+S", () => { lastSent = ""; card.save(); });

  // ---- time ----------------------------------------------------------------------
  let activeMs = 0;
  let lastMove = Date.now();
  const IDLE_MS = 30_000;
  const moved = () => {
    const pause = Date.now() - lastMove;
    if (pause < IDLE_MS) activeMs += pause;
    lastMove = Date.now();
  };
  for (const kind of ["pointermove", "keydown", "scroll", "pointerdown"]) {
    addEventListener(kind, moved, { passive: true, signal });
  }
  card.activeSeconds = () => Math.round(activeMs / 1000);

  const countdown = root.querySelector(".countdown");
  const left = root.querySelector("[data-countdown]");
  function showTimeLeft() {
    if (!left) return;
    const minutes = Math.ceil((Date.parse(countdown.dataset.until) - Date.now()) / 60_000);
    countdown.classList.toggle("countdown--low", minutes <= 3 && minutes > 0);
    countdown.classList.toggle("countdown--over", minutes <= 0);
    const { sayLeft, sayOver } = countdown.dataset;
    left.textContent = minutes > 0 ? sayLeft.replace("{minutes}", minutes) : sayOver;
  }
  async function beat() {
    if (document.hidden || !countdown) return;
    try {
      const response = await post(form.dataset.beatUrl, "{}");
      if (response.ok) countdown.dataset.until = (await response.json()).lease_until;
    } catch {
      // A lost lease shows in the countdown; a late submit lands or is kept.
    }
    showTimeLeft();
  }
  showTimeLeft();
  const ticks = [setInterval(showTimeLeft, 15_000), setInterval(beat, BEAT_MS)];
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const tick of ticks) clearInterval(tick);
  });
});
