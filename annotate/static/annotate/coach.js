// Advice on what was written: after a pause, and before it is sent. It holds a text back once,
// where something serious was not seen yet; the second press sends it.
"use strict";
winnow.screen("write", (card) => {
  const { root, form, signal } = card;
  const coach = root.querySelector("#coach");
  const found = coach.querySelector(".coach__found");
  const status = coach.querySelector(".coach__status");
  const label = form.querySelector("[data-submit]");
  const plainLabel = label.textContent;
  const PAUSE_MS = 1500;
  const AFTER_PASTE_MS = 300;
  const WAIT_AT_MOST_MS = 900;
  const SEEN_AFTER_MS = 1000;

  const pasted = {};
  const seen = new Set();
  let checked = "";
  let asking = new AbortController();
  let timer = 0;
  let shownAt = 0;
  let isSure = false;
  let isWaiting = false;

  function asked() {
    const fields = new URLSearchParams(card.typed());
    for (const [name, count] of Object.entries(pasted)) fields.set(`pasted_${name}`, count);
    return fields.toString();
  }

  // ---- asking ------------------------------------------------------------------------
  async function check() {
    clearTimeout(timer);
    const body = asked();
    if (body === checked) return;
    asking.abort();
    asking = new AbortController();
    status.textContent = coach.dataset.sayReading;
    try {
      const response = await fetch(coach.dataset.url, {
        method: "POST",
        body,
        headers: {
          "Content-Type": "application/x-www-form-urlencoded",
          "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
        },
        signal: asking.signal,
      });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      if (response.status === 204) { status.textContent = ""; return; } // sent meanwhile
      show(await response.text());
      checked = body;
    } catch (problem) {
      // Without advice one writes as well.
      if (problem.name !== "AbortError") status.textContent = "";
    }
  }

  function show(html) {
    found.innerHTML = html;
    shownAt = Date.now();
    const count = found.querySelectorAll("[data-key]").length;
    const { sayQuiet, sayFound, saySerious } = coach.dataset;
    status.textContent = !count ? sayQuiet : unseen().length ? saySerious : sayFound;
    if (!unseen().length) label.textContent = plainLabel;
  }

  const unseen = () => [...found.querySelectorAll("[data-serious]")].filter(({ dataset }) => !seen.has(dataset.key));

  function isInSight() {
    const { top, bottom } = found.getBoundingClientRect();
    return top < innerHeight && bottom > 0 && Date.now() - shownAt > SEEN_AFTER_MS;
  }

  function soon(pause) {
    clearTimeout(timer);
    timer = setTimeout(check, pause);
  }

  form.addEventListener("input", ({ target }) => {
    if (target.matches("textarea") && !target.value) pasted[target.name] = 0;
    label.textContent = plainLabel;
    soon(PAUSE_MS);
  }, { signal });
  form.addEventListener("paste", ({ target, clipboardData }) => {
    if (!target.matches("textarea")) return;
    pasted[target.name] = (pasted[target.name] ?? 0) + clipboardData.getData("text").length;
    // After the input that the paste itself brings.
    setTimeout(() => soon(AFTER_PASTE_MS));
  }, { signal });
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    asking.abort();
  });

  found.addEventListener("click", (event) => {
    const button = event.target.closest("[data-replace]");
    if (!button) return;
    if (asked() !== checked) {
      check(); // the text went on meanwhile; the button comes anew
      return;
    }
    card.replaceText(button.dataset.replace, button.dataset.text);
    check();
  }, { signal });

  // What a draft brings, or an answer to improve, was not read yet.
  if ([...form.querySelectorAll("textarea")].some((field) => field.value)) soon(PAUSE_MS);

  // ---- sending ------------------------------------------------------------------------
  function hold() {
    for (const { dataset } of unseen()) seen.add(dataset.key);
    status.textContent = coach.dataset.saySerious;
    label.textContent = coach.dataset.sayAnyway;
    coach.focus({ preventScroll: true });
    coach.scrollIntoView({ block: "nearest" });
  }

  function send(submitter) {
    isSure = true;
    form.requestSubmit(submitter ?? undefined);
  }

  form.addEventListener("submit", async (event) => {
    if (event.submitter?.hasAttribute("formaction")) return; // passing it over
    if (isSure || isWaiting || event.defaultPrevented) {
      isSure = isWaiting = false;
      return;
    }
    const { submitter } = event;
    const isNews = asked() !== checked;
    if (!isNews && (!unseen().length || isInSight())) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (isNews) {
      isWaiting = true;
      await Promise.race([check(), new Promise((done) => setTimeout(done, WAIT_AT_MOST_MS))]);
      if (!isWaiting || signal.aborted) return; // pressed again meanwhile
      isWaiting = false;
    }
    if (unseen().length) hold();
    else send(submitter);
  }, { signal, capture: true });
});
