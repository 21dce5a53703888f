// What both ranking pages do with the answers: columns or a stack, scrolled together, and
// what differs between two of them, marked in place.
"use strict";
(() => {
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // ---- layout: radios that CSS looks at; remembered here ----------------------------
  const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window */ } };

  function layout({ root, signal }, tools) {
    const columns = root.querySelector("#layout-columns");
    const stack = root.querySelector("#layout-stack");
    const together = root.querySelector("#scroll-together");
    const key = tools.dataset.layoutKey;
    const isAsked = new URLSearchParams(location.search).has("layout");
    const before = isAsked ? null : remembered(key);
    if (before) (before === "columns" ? columns : stack).checked = true;
    together.checked = remembered(`${key}.together`) === "yes";
    tools.addEventListener("change", () => {
      remember(key, columns.checked ? "columns" : "stack");
      remember(`${key}.together`, together.checked ? "yes" : "no");
    }, { signal });
    return () => {
      (columns.checked ? stack : columns).click();
    };
  }

  // ---- scrolled together: as far along in each, for texts of any length ----------------
  function scrollTogether({ root, signal }, tools) {
    const together = root.querySelector("#scroll-together");
    const columns = root.querySelector("#layout-columns");
    const texts = [...root.querySelectorAll(".answer__text")];
    const expected = new WeakMap(); // where this script has put a text: no news
    const range = (text) => text.scrollHeight - text.clientHeight;
    const show = () => {
      const isOn = together.checked && columns.checked;
      for (const text of texts) {
        // What scrolls must be reachable by keyboard, and have a name.
        if (isOn) {
          text.tabIndex = 0;
          text.setAttribute("role", "region");
          text.setAttribute("aria-label", text.closest("[data-letter]").dataset.letter);
        } else for (const name of ["tabindex", "role", "aria-label"]) text.removeAttribute(name);
      }
    };
    tools.addEventListener("change", show, { signal });
    show();
    for (const text of texts) {
      text.addEventListener("scroll", () => {
        if (Math.abs((expected.get(text) ?? -9) - text.scrollTop) < 2) return expected.delete(text);
        const share = range(text) > 0 ? text.scrollTop / range(text) : 0;
        for (const other of texts) {
          if (other === text || range(other) <= 0) continue;
          other.scrollTop = share * range(other);
          expected.set(other, other.scrollTop);
        }
      }, { passive: true, signal });
    }
  }

  // ---- differences -----------------------------------------------------------------
  // winnow.diff gives what went and what came; here are the places of each in its text.
  function placesOf(fragment) {
    const places = { DEL: [], INS: [] };
    const at = { DEL: 0, INS: 0 };
    for (const node of fragment.childNodes) {
      const length = node.textContent.length;
      if (node.nodeName in at) {
        if (node.textContent.trim()) places[node.nodeName].push([at[node.nodeName], at[node.nodeName] + length]);
        at[node.nodeName] += length;
      } else {
        at.DEL += length;
        at.INS += length;
      }
    }
    return places;
  }

  // Within the formatted text, so that code stays code and lists stay lists.
  function mark(text, places) {
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    const nodes = [];
    let start = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      nodes.push({ node, start });
      start += node.length;
    }
    // From the end, so that what is cut off does not move what comes before.
    for (const { node, start: from } of nodes.reverse()) {
      const to = from + node.length;
      for (const [begin, end] of places.filter(([b, e]) => b < to && e > from).reverse()) {
        const part = node.splitText(Math.max(begin, from) - from);
        part.splitText(Math.min(end, to) - Math.max(begin, from));
        if (!part.textContent.trim()) continue;
        const marked = document.createElement("mark");
        marked.className = "only";
        part.replaceWith(marked);
        marked.append(part);
      }
    }
  }

  function differences({ root, signal }, tools) {
    const button = root.querySelector("#mark-differences");
    const says = root.querySelector("#answers-say");
    const chosen = [...tools.querySelectorAll("[name=diff]")];
    const text = (letter) => root.querySelector(`[data-letter="${letter}"] .answer__text`);
    const plain = new Map(); // each text as it came
    button.setAttribute("aria-pressed", "false");

    function clear() {
      for (const [element, nodes] of plain) element.replaceChildren(...nodes.map((node) => node.cloneNode(true)));
      button.setAttribute("aria-pressed", "false");
    }
    function show() {
      clear();
      const [first, second] = chosen.map((field) => field.value);
      const [before, after] = [text(first), text(second)];
      if (!before || !after) return;
      for (const one of [before, after])
        if (!plain.has(one)) plain.set(one, [...one.childNodes].map((node) => node.cloneNode(true)));
      const { DEL, INS } = placesOf(winnow.diff(before.textContent, after.textContent));
      mark(before, DEL);
      mark(after, INS);
      button.setAttribute("aria-pressed", "true");
      const count = DEL.length + INS.length;
      says.textContent = fill(count ? tools.dataset.sayMarked : tools.dataset.saySame, { count, first, second });
    }
    const toggle = () => {
      if (button.getAttribute("aria-pressed") === "true") {
        clear();
        says.textContent = tools.dataset.sayPlain;
      } else show();
    };
    tools.addEventListener("submit", (event) => { event.preventDefault(); toggle(); }, { signal });
    for (const field of chosen)
      field.addEventListener("change", () => button.getAttribute("aria-pressed") === "true" && show(), { signal });
    return toggle;
  }

  winnow.screen("rank", (card) => {
    const tools = card.root.querySelector("#answer-tools");
    if (!tools) return;
    winnow.key(card, "columns", "v", layout(card, tools));
    scrollTogether(card, tools);
    winnow.key(card, "diff", "d", differences(card, tools));
  });
})();
