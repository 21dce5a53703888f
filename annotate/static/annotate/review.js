// Review by keyboard: A accepts, E turns the text into a field, R opens the reasons, which
// 1 to 9 choose. What is changed shows while it is typed.
"use strict";
(() => {
  const DIFF_MS = 150;
  const LABELS_OPEN = "winnow.labels";

  function startEditing(card) {
    const { root, signal } = card;
    const section = root.querySelector("#edit");
    const field = section.querySelector("textarea");
    const place = section.querySelector("[data-diff]");
    const original = root.querySelector(".editable").dataset.original;
    let timer = 0;

    const show = () => {
      if (field.value === original) place.textContent = place.dataset.same;
      else place.replaceChildren(winnow.diff(original, field.value));
    };
    const showSoon = () => {
      clearTimeout(timer);
      timer = setTimeout(show, DIFF_MS);
    };
    const open = () => {
      section.open = true;
      field.focus();
    };
    const close = () => {
      field.value = original;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      section.open = false;
      section.querySelector("summary").focus();
    };
    field.addEventListener("input", showSoon, { signal });
    signal.addEventListener("abort", () => clearTimeout(timer));
    section.querySelector("[data-edit-undo]").addEventListener("click", close, { signal });
    root.querySelector(".editable__read").addEventListener("click", (event) => {
      const isReading = event.target.closest("a, summary, button") || !getSelection().isCollapsed;
      if (!isReading) open();
    }, { signal });
    show();
    return { open, isChanged: () => field.value !== original };
  }

  function startRejecting(card) {
    const { root } = card;
    const section = root.querySelector("#reject");
    const reasons = [...section.querySelectorAll("[name=reason]")];
    const choose = (reason) => {
      if (!section.open) return;
      reason.checked = true;
      reason.focus();
      reason.dispatchEvent(new Event("input", { bubbles: true }));
    };
    reasons.slice(0, 9).forEach((reason, at) => {
      winnow.key(card, `reason_${at + 1}`, String(at + 1), () => choose(reason));
    });
    return () => {
      section.open = true;
      (reasons.find((reason) => reason.checked) ?? reasons[0]).focus();
      section.scrollIntoView({ block: "nearest" });
    };
  }

  function startLabels(card) {
    const { root, signal } = card;
    const section = root.querySelector("#labels");
    if (!section) return;
    const count = section.querySelector("[data-answered]");
    // Who labels one text labels the next: it stays as it was left.
    try { if (localStorage.getItem(LABELS_OPEN)) section.open = true; } catch { /* private */ }
    section.addEventListener("toggle", () => {
      try { localStorage.setItem(LABELS_OPEN, section.open ? "1" : ""); } catch { /* private */ }
    }, { signal });

    const show = () => {
      const answered = section.querySelectorAll(":checked").length;
      count.textContent = answered;
      count.hidden = !answered;
      for (const clear of section.querySelectorAll("[data-clear]")) {
        clear.hidden = !section.querySelector(`[name="${clear.dataset.clear}"]:checked`);
      }
    };
    section.addEventListener("input", show, { signal });
    section.addEventListener("click", (event) => {
      const clear = event.target.closest("[data-clear]");
      if (!clear) return;
      const chosen = section.querySelector(`[name="${clear.dataset.clear}"]:checked`);
      chosen.checked = false;
      chosen.dispatchEvent(new Event("input", { bubbles: true }));
      chosen.focus();
    }, { signal });
    show();
  }

  winnow.screen("review", (card) => {
    const { root, form, signal } = card;
    const editing = startEditing(card);
    const reject = startRejecting(card);
    startLabels(card);
    const openers = { edit: editing.open, reject };
    for (const button of root.querySelectorAll("[data-open]")) {
      button.addEventListener("click", openers[button.dataset.open], { signal });
    }

    winnow.key(card, "accept", "a", () => form.requestSubmit(root.querySelector("#accept")));
    winnow.key(card, "edit", "e", editing.open);
    winnow.key(card, "reject", "r", reject);

    // Ctrl+Enter means the button of what is being done: a reason, an edit, else acceptance.
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
      if (event.target.form && event.target.form !== form) return;
      const around = event.target.closest("#edit, #reject");
      const open = around ?? root.querySelector("#reject[open], #edit[open]");
      if (!open || (open.id === "edit" && !around && !editing.isChanged())) return;
      event.preventDefault();
      event.stopPropagation();
      form.requestSubmit(open.querySelector("[name=verdict]"));
    }, { capture: true, signal });

    // Nobody's words get lost by a key too many.
    form.addEventListener("submit", (event) => {
      if (event.submitter?.id !== "accept" || !editing.isChanged()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      winnow.say(root.querySelector("[data-say-changed]").dataset.sayChanged, "warning");
      editing.open();
    }, { capture: true, signal });
  });
})();
