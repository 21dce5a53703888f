// Comments and flags are sent without leaving the page; what is typed into a comment is
// kept in the browser until the server has it. Listens on the document, so that parts and
// cards may come and go.
"use strict";
(() => {
  const placeOf = (form) => `winnow.${form.dataset.keep}`;
  const words = (name) => document.body.dataset[name] ?? "";

  // ---- what is typed ----------------------------------------------------------------
  function keep(form) {
    const text = form.elements.text.value;
    try {
      if (text) localStorage.setItem(placeOf(form), text);
      else localStorage.removeItem(placeOf(form));
    } catch { /* private windows have no room */ }
  }

  function restore(root) {
    for (const form of root.querySelectorAll("form[data-keep]")) {
      let kept = "";
      try { kept = localStorage.getItem(placeOf(form)) ?? ""; } catch { /* as above */ }
      if (!kept || form.elements.text.value) continue;
      form.elements.text.value = kept;
      form.closest("details").open = true;
    }
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-keep]")) keep(form);
  });

  // ---- sending ----------------------------------------------------------------------
  function refuse(form, text) {
    const place = form.querySelector("[data-part-problem]");
    if (!place) return winnow.say(text, "error");
    place.textContent = text;
    place.hidden = false;
  }

  function putInPlace(form, html, hasArrived) {
    const now = document.getElementById(form.dataset.part);
    const part = new DOMParser().parseFromString(html, "text/html").getElementById(form.dataset.part);
    if (!part) return false;
    if (hasArrived && form.dataset.keep) localStorage.removeItem(placeOf(form));
    // What was being written stays, where another comment was deleted meanwhile.
    const written = now.querySelector("[data-keep] textarea")?.value;
    if (!form.dataset.keep && written) part.querySelector("[data-keep] textarea").value = written;
    part.open = true;
    now.replaceWith(part);
    part.querySelector("[data-keep] textarea")?.focus();
    return true;
  }

  async function send(form) {
    const response = await fetch(form.action, {
      method: "POST", body: new FormData(form), headers: { "X-Part": "1" },
    });
    const isWords = response.headers.get("Content-Type")?.startsWith("application/json");
    if (response.redirected || (!response.ok && response.status !== 422)) {
      return refuse(form, words(response.status < 500 ? "sayRefused" : "sayBroken"));
    }
    if (!isWords) {
      const isThere = putInPlace(form, await response.text(), response.ok);
      return isThere || refuse(form, words("sayRefused"));
    }
    const answer = await response.json();
    if (answer.problem) return refuse(form, answer.problem);
    winnow.say(answer.said, "success");
    form.reset();
    form.querySelector("[data-part-problem]").hidden = true;
    const section = form.closest("details");
    section.open = false;
    section.querySelector("summary").focus();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("form[data-part]")) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    send(form)
      .catch(() => refuse(form, words("sayUnreachable")))
      .finally(() => form.removeAttribute("aria-busy"));
  });

  document.addEventListener("keydown", (event) => {
    const form = event.target.form;
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (!form?.matches("form[data-part]")) return;
    event.preventDefault();
    event.stopPropagation();
    form.requestSubmit();
  }, { capture: true });

  // ---- from the keyboard, on a task page ---------------------------------------------
  const open = (root, selector, target) => {
    const section = root.querySelector(selector);
    if (!section) return;
    section.open = true;
    section.querySelector(target).focus();
  };
  winnow.screen?.("*", (card) => {
    restore(card.root);
    winnow.key(card, "flag", "f", () => open(card.root, ".flagging", "input[type=radio]"));
    winnow.key(card, "comment", "c", () => open(card.root, ".talk", "textarea"));
  });
  if (!document.querySelector(".task")) restore(document);
})();
