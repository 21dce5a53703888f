// A task page: nothing typed is lost, the lease is kept alive, keys work.
(() => {
  const form = document.getElementById("task");
  const saved = document.getElementById("saved");
  const localKey = `winnow.draft.${form.dataset.slot}`;
  const AUTOSAVE_MS = 1000;
  const BEAT_MS = 60_000;
  let timer = 0;
  let lastSent = "";
  let isSending = false;

  // ---- what was typed ------------------------------------------------------------
  const SKIPPED = new Set(["csrfmiddlewaretoken", "key", "active_seconds"]);

  function typed() {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (!SKIPPED.has(name)) fields[name] = value;
    }
    return fields;
  }

  function fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = form.elements[name];
      if (field && !SKIPPED.has(name) && field.type !== "submit") {
        field.value = value;
        field.dispatchEvent?.(new Event("input", { bubbles: true }));
      }
    }
  }

  function clock(date) {
    return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }

  function keepHere(text) {
    try {
      localStorage.setItem(localKey, JSON.stringify({ at: Date.now(), text }));
    } catch {
      // Private windows have no room; the server's copy is enough.
    }
  }

  // The server has answered, and will say the same again.
  class Refused extends Error {}

  async function post(url, body) {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
      },
    });
    // The sign-in page, instead of an answer.
    if (response.redirected) throw new Refused("You are signed out: sign in in another tab");
    if (response.status >= 400 && response.status < 500) {
      throw new Refused("This text is too long to be saved before you submit");
    }
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  }

  async function save() {
    const body = JSON.stringify(typed());
    if (body === lastSent || isSending) return;
    keepHere(body);
    try {
      const answer = await post(form.dataset.draftUrl, body);
      lastSent = body;
      saved.textContent = `Saved at ${clock(new Date(answer.saved_at))}`;
    } catch (problem) {
      const isRefusal = problem instanceof Refused;
      const reason = isRefusal ? problem.message : "the server is out of reach";
      saved.textContent = `Kept in this browser; ${reason}`;
      if (!isRefusal) timer = setTimeout(save, 5 * AUTOSAVE_MS);
    }
  }

  function saveSoon() {
    clearTimeout(timer);
    timer = setTimeout(save, AUTOSAVE_MS);
  }

  const before = JSON.stringify(typed());
  lastSent = before;
  try {
    const local = JSON.parse(localStorage.getItem(localKey) ?? "null");
    const onServer = Date.parse(form.dataset.savedAt ?? "") || 0;
    if (local && local.at > onServer && local.text !== before) {
      fill(JSON.parse(local.text));
      saved.textContent = "Restored from this browser";
      saveSoon();
    }
  } catch {
    localStorage.removeItem(localKey);
  }
  form.addEventListener("input", saveSoon);
  addEventListener("pagehide", () => {
    if (!isSending && JSON.stringify(typed()) !== lastSent) keepHere(JSON.stringify(typed()));
  });

  // ---- time ----------------------------------------------------------------------
  let activeMs = 0;
  let lastMove = Date.now();
  const IDLE_MS = 30_000;

  function moved() {
    const pause = Date.now() - lastMove;
    if (pause < IDLE_MS) activeMs += pause;
    lastMove = Date.now();
  }
  for (const kind of ["pointermove", "keydown", "scroll", "pointerdown"]) {
    addEventListener(kind, moved, { passive: true });
  }

  const countdown = document.querySelector(".countdown");
  const left = document.querySelector("[data-countdown]");

  function showTimeLeft() {
    if (!left) return;
    const minutes = Math.ceil((Date.parse(countdown.dataset.until) - Date.now()) / 60_000);
    countdown.classList.toggle("countdown--low", minutes <= 3 && minutes > 0);
    countdown.classList.toggle("countdown--over", minutes <= 0);
    left.textContent = minutes > 0 ? `${minutes} min left` : "Time is over, you may still submit";
  }

  async function beat() {
    if (document.hidden || !countdown) return;
    try {
      const answer = await post(form.dataset.beatUrl, "{}");
      countdown.dataset.until = answer.lease_until;
    } catch {
      // A lost lease shows in the countdown; a late submit lands or is kept.
    }
    showTimeLeft();
  }
  showTimeLeft();
  setInterval(showTimeLeft, 15_000);
  setInterval(beat, BEAT_MS);

  // ---- sending -------------------------------------------------------------------
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (isSending) {
      event.preventDefault();
      return;
    }
    isSending = true;
    clearTimeout(timer);
    keepHere(JSON.stringify(typed()));
    form.elements.active_seconds.value = Math.round(activeMs / 1000);
    // It stays in the browser until done.js hears that the server has it.
  });
  addEventListener("pageshow", () => {
    isSending = false;
  });

  const mainButton = form.querySelector(".actions-bar .button--primary");
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(mainButton);
    } else if (event.altKey && event.code === "KeyK") {
      event.preventDefault();
      document.getElementById("skip").requestSubmit();
    }
  });
})();
