// Parts of a page that show what changes: <section id="x" data-live="/address/" data-live-every="5">.
// Each is asked for again after so many seconds and put in place where it differs. The server
// says by ETag whether it does. A hidden page asks for nothing, one whose server is away less
// and less often. A part that comes without data-live has come to its end.
"use strict";
(() => {
  const LONGEST_MS = 60_000;

  const watch = (part) => {
    const every = 1000 * Number(part.dataset.liveEvery);
    let pause = every, tag = "", timer = 0;

    const isBusy = () => part.contains(document.activeElement) || part.querySelector("dialog[open]")
      || !window.getSelection().isCollapsed && part.contains(window.getSelection().anchorNode);

    const put = (html) => {
      const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(part.id);
      if (!fresh) return;
      for (const open of part.querySelectorAll("details[id]")) {
        const twin = fresh.querySelector(`#${CSS.escape(open.id)}`);
        if (twin) twin.open = open.open;
      }
      const place = document.importNode(fresh, true);
      part.replaceWith(place);
      window.htmx?.process(place);
      part = place;
    };

    const ask = async () => {
      if (!part.isConnected || !part.dataset.live) return;
      if (document.hidden || isBusy()) return later();
      try {
        const headers = { "X-Part": "1", ...(tag && { "If-None-Match": tag }) };
        const answer = await fetch(part.dataset.live, { headers, credentials: "same-origin", redirect: "error" });
        if (answer.status >= 400 && answer.status < 500) return;
        if (answer.status !== 304 && !answer.ok) throw new Error(answer.status);
        pause = every;
        if (answer.ok) { tag = answer.headers.get("ETag") ?? ""; if (!isBusy()) put(await answer.text()); }
      } catch { pause = Math.min(2 * pause, LONGEST_MS); }
      later();
    };

    const later = () => { clearTimeout(timer); if (!document.hidden) timer = setTimeout(ask, pause); };
    document.addEventListener("visibilitychange", () => { if (!document.hidden && part.isConnected) ask(); });
    later();
  };

  for (const part of document.querySelectorAll("[data-live]")) watch(part);
})();
