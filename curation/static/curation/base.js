// Small things every page shares. Loaded before the first paint, so it asks nothing of the
// body: it listens on the document. docs/design.md lists the data-* attributes.
"use strict";
(() => {
  const root = document.documentElement;
  root.dataset.js = "";

  // Theme: "" follows the system.
  const theme = () => { try { return localStorage.getItem("theme") || ""; } catch { return ""; } };
  const showTheme = (choice) => {
    if (choice) root.dataset.theme = choice; else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  };
  showTheme(theme());
  document.addEventListener("DOMContentLoaded", () => showTheme(theme()));

  const isTyping = (node) => node.isContentEditable || node.matches?.("textarea, select, input:not([type=radio], [type=checkbox], [type=button])");
  const openDialog = (id) => { const dialog = document.getElementById(id); if (dialog && !dialog.open) dialog.showModal(); };

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]"))
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
    if (copied) navigator.clipboard?.writeText(copied.dataset.copy).then(() => say("Copied.", "success"));
  });

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details[data-menu][open]")) menu.open = false;
      if (isTyping(event.target) && !event.target.closest("dialog")) event.target.blur();
    }
    if (event.key === "?" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey) openDialog("keys");
  });

  // A line above the page, read aloud: say("Saved.", "success").
  const say = (text, level = "info") => {
    const list = document.getElementById("messages");
    const line = Object.assign(document.createElement("p"), { textContent: text, className: `notice notice--${level}` });
    list.replaceChildren(line);
    if (level === "error") line.scrollIntoView({ block: "nearest" }); else setTimeout(() => line.remove(), 4000);
  };
  window.winnow = { say, isTyping };

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
  });
  document.addEventListener("htmx:sendError", () => say("No connection. What you wrote is still here; try again in a moment.", "error"));
  document.addEventListener("htmx:responseError", (event) => {
    const refused = event.detail.xhr.status === 403 || event.detail.xhr.status === 404;
    say(refused ? "This is no longer open to you. Reload the page to see why." : "Something went wrong on our side. What you wrote is still here.", "error");
  });
})();
