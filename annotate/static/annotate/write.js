// Fields to write Markdown in: a bar that formats, a preview, a count. What the bar does can
// be undone with Ctrl+Z, for the text goes in as if it were typed.
"use strict";
winnow.screen("write", (card) => {
  const { root, form, signal } = card;
  const previewUrl = root.querySelector(".writing").dataset.previewUrl;
  const PREVIEW_MS = 250;

  // ---- putting text in -------------------------------------------------------------
  function put(field, start, end, text, from = start + text.length, to = from) {
    field.focus();
    field.setSelectionRange(start, end);
    const done = text
      ? document.execCommand("insertText", false, text)
      : document.execCommand("delete");
    if (!done) {
      field.setRangeText(text, start, end, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    field.setSelectionRange(from, to);
  }

  // ---- formats -----------------------------------------------------------------------
  function wrap(field, sign) {
    const { selectionStart: start, selectionEnd: end, value } = field;
    const inner = value.slice(start, end);
    const isInside = value.slice(start - sign.length, start) === sign
      && value.slice(end, end + sign.length) === sign;
    if (isInside) {
      put(field, start - sign.length, end + sign.length, inner, start - sign.length, end - sign.length);
    } else {
      put(field, start, end, sign + inner + sign, start + sign.length, end + sign.length);
    }
  }

  function code(field) {
    const { selectionStart: start, selectionEnd: end, value } = field;
    const inner = value.slice(start, end);
    if (!inner.includes("\n")) return wrap(field, "`");
    const text = `\`\`\`\n${inner.replace(/\n$/, "")}\n\`\`\``;
    put(field, start, end, text, start + 3, start + 3);
  }

  // Each line that is touched gets the sign, or loses it where all have it.
  function prefix(field, sign) {
    const { value } = field;
    const start = value.lastIndexOf("\n", field.selectionStart - 1) + 1;
    const next = value.indexOf("\n", field.selectionEnd);
    const end = next < 0 ? value.length : next;
    const lines = value.slice(start, end).split("\n");
    const all = lines.every((line) => line.startsWith(sign));
    const text = lines.map((line) => (all ? line.slice(sign.length) : sign + line)).join("\n");
    const isOne = lines.length === 1;
    put(field, start, end, text, isOne ? start + text.length : start, start + text.length);
  }

  function link(field) {
    const { selectionStart: start, selectionEnd: end, value } = field;
    const inner = value.slice(start, end);
    const address = /^https?:\/\/\S+$/.test(inner) ? inner : "https://";
    const words = address === inner ? "" : inner;
    const text = `[${words}](${address})`;
    const at = start + (words ? words.length + 3 : 1);
    put(field, start, end, text, at, words ? at + address.length : at);
  }

  const FORMATS = {
    bold: (field) => wrap(field, "**"),
    italic: (field) => wrap(field, "*"),
    code,
    list: (field) => prefix(field, "- "),
    quote: (field) => prefix(field, "> "),
    link,
  };
  const KEYS = { b: "bold", i: "italic", e: "code", k: "link" };
  const SHIFTED = { Digit8: "list", Digit9: "quote" };

  // ---- one field ---------------------------------------------------------------------
  const segmenter = window.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "word" }) : null;
  function words(text) {
    if (text.length > 20_000 || !segmenter) return text.split(/\s+/).filter(Boolean).length;
    let count = 0;
    for (const part of segmenter.segment(text)) if (part.isWordLike) count += 1;
    return count;
  }

  function begin(editor) {
    const field = editor.querySelector("textarea");
    const shown = editor.querySelector(".editor__preview");
    const count = editor.querySelector("[data-count]");
    const views = [...editor.querySelectorAll("[data-view]")];
    const tools = [...editor.querySelectorAll("[data-format]")];
    let timer = 0;
    let asked = new AbortController();

    const showCount = () => {
      count.textContent = count.dataset.count
        .replace("{words}", words(field.value).toLocaleString())
        .replace("{characters}", field.value.length.toLocaleString());
    };

    async function showPreview() {
      asked.abort();
      asked = new AbortController();
      try {
        const response = await fetch(previewUrl, {
          method: "POST",
          body: new URLSearchParams({ text: field.value }),
          headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
          signal: asked.signal,
        });
        if (!response.ok || response.redirected) throw new Error(String(response.status));
        // The server lets nothing through but text and its layout: see curation/rendering.py.
        const html = await response.text();
        if (html.trim()) shown.innerHTML = html;
        else shown.textContent = shown.dataset.sayEmpty;
      } catch (problem) {
        if (problem.name !== "AbortError") shown.textContent = shown.dataset.sayFailed;
      }
    }

    function look(view) {
      const isPreview = view === "preview";
      const focused = document.activeElement;
      editor.classList.toggle("editor--preview", isPreview);
      shown.hidden = !isPreview;
      for (const button of views) button.setAttribute("aria-pressed", String(button.dataset.view === view));
      if (isPreview) {
        showPreview();
        if (focused === field && getComputedStyle(field).display === "none") shown.focus();
      } else if (editor.contains(focused)) field.focus();
    }

    // Where the style sheet cannot let a field grow with its text.
    const grow = CSS.supports("field-sizing", "content") ? () => {} : () => {
      field.style.blockSize = "auto";
      field.style.blockSize = `${field.scrollHeight + 2}px`;
    };

    field.addEventListener("input", () => {
      field.setCustomValidity("");
      showCount();
      grow();
      if (shown.hidden) return;
      clearTimeout(timer);
      timer = setTimeout(showPreview, PREVIEW_MS);
    }, { signal });
    field.addEventListener("invalid", () => {
      const { required } = field.dataset;
      if (required && field.validity.valueMissing) field.setCustomValidity(required);
    }, { signal });
    field.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return;
      const name = event.shiftKey ? SHIFTED[event.code] : KEYS[event.key.toLowerCase()];
      if (!name) return;
      event.preventDefault();
      FORMATS[name](field);
    }, { signal });
    editor.addEventListener("click", (event) => {
      const format = event.target.closest("[data-format]");
      if (format) {
        if (getComputedStyle(field).display === "none") look("write");
        FORMATS[format.dataset.format](field);
      }
      const view = event.target.closest("[data-view]");
      if (view) look(view.dataset.view);
    }, { signal });
    // One stop for Tab; the arrows go along the bar.
    editor.querySelector("[role=toolbar]").addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const isBackwards = getComputedStyle(editor).direction === "rtl";
      const at = tools.indexOf(event.target) + (isBackwards ? -step : step);
      const next = tools.at(at % tools.length);
      for (const tool of tools) tool.tabIndex = tool === next ? 0 : -1;
      next.focus();
      event.preventDefault();
    }, { signal });
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      asked.abort();
    });
    showCount();
    grow();
    // What is hidden cannot be typed into.
    const show = () => {
      for (let around = field.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
      if (getComputedStyle(field).display === "none") look("write");
    };
    return { editor, field, show, toggle: () => look(shown.hidden ? "preview" : "write") };
  }

  const editors = [...root.querySelectorAll("[data-editor]")].map(begin);
  winnow.key(card, "preview", "Alt+P", () => {
    const here = editors.find(({ editor }) => editor.contains(document.activeElement));
    (here ?? editors.at(-1)).toggle();
  });

  // For coach.js, which takes marks out.
  card.replaceText = (name, text) => {
    const { field, show } = editors.find((one) => one.field.name === name);
    show();
    put(field, 0, field.value.length, text);
  };

  // ---- an answer written anew: what is different now ------------------------------------
  const changes = root.querySelector("#changes");
  if (!changes) return;
  const field = form.elements.text;
  let drawing = 0;
  const draw = () => {
    if (field.value.trim() === changes.dataset.original.trim()) changes.textContent = changes.dataset.saySame;
    else changes.replaceChildren(winnow.diff(changes.dataset.original, field.value));
  };
  field.addEventListener("input", () => {
    clearTimeout(drawing);
    drawing = setTimeout(draw, PREVIEW_MS);
  }, { signal });
  signal.addEventListener("abort", () => clearTimeout(drawing));
  draw();
});
