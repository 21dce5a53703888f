// What changed between two texts, word by word: winnow.diff(before, after) gives it as
// nodes. The server's twin is curation/clean/differences.py.
"use strict";
(() => {
  const SIGN = "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}]";
  const WORD = `${SIGN}|(?:(?!${SIGN})[\\p{L}\\p{M}\\p{N}_]|['’](?=[\\p{L}\\p{N}]))+|[^\\s]`;
  // Each step is a gap and the word behind it; the last gap has none.
  const WORDS = new RegExp(`(\\s*)(${WORD}|$)`, "gu");
  const SENTENCES = /()([^\n.!?。！？]*[\n.!?。！？]+\s*|[^\n.!?。！？]+)/gu;
  // The table of two texts has so many cells at most: about 80 ms. Longer texts are
  // compared by sentence first, and what is longer still counts as replaced.
  const CELLS_AT_MOST = 16_000_000;

  const steps = (text, pattern) => Array.from(text.matchAll(pattern), ([, gap, word]) => ({ gap, word }));
  const whole = (list) => list.map(({ gap, word }) => gap + word).join("");
  const fits = (old, fresh) => old.length * fresh.length <= CELLS_AT_MOST;

  // The same words; the gap before may differ.
  const kept = (a, b) => a.gap === b.gap
    ? [["equal", a.gap + a.word]]
    : [["delete", a.gap], ["insert", b.gap], ["equal", a.word]];

  function compared(old, fresh) {
    const shorter = Math.min(old.length, fresh.length);
    let start = 0;
    while (start < shorter && old[start].word === fresh[start].word) start += 1;
    let end = 0;
    while (end < shorter - start && old.at(-1 - end).word === fresh.at(-1 - end).word) end += 1;
    const [oldEnd, freshEnd] = [old.length - end, fresh.length - end];
    return [
      ...old.slice(0, start).flatMap((step, at) => kept(step, fresh[at])),
      ...aligned(old.slice(start, oldEnd), fresh.slice(start, freshEnd)),
      ...old.slice(oldEnd).flatMap((step, at) => kept(step, fresh[freshEnd + at])),
    ];
  }

  // The longest common sequence of words.
  function aligned(old, fresh) {
    if (!fits(old, fresh)) return replaced(old, fresh);
    const width = fresh.length + 1;
    const numbers = new Map();
    const numbered = (list) => Uint32Array.from(list, ({ word }) => {
      if (!numbers.has(word)) numbers.set(word, numbers.size);
      return numbers.get(word);
    });
    const [left, right] = [numbered(old), numbered(fresh)];
    const common = new Uint16Array((old.length + 1) * width);
    for (let i = old.length - 1; i >= 0; i -= 1) {
      for (let j = fresh.length - 1; j >= 0; j -= 1) {
        const here = i * width + j;
        common[here] = left[i] === right[j]
          ? common[here + width + 1] + 1
          : Math.max(common[here + width], common[here + 1]);
      }
    }
    const parts = [];
    let [i, j, oldFrom, freshFrom] = [0, 0, 0, 0];
    const close = () => parts.push(...replaced(old.slice(oldFrom, i), fresh.slice(freshFrom, j)));
    while (i < old.length && j < fresh.length) {
      const here = i * width + j;
      if (left[i] === right[j]) {
        close();
        parts.push(...kept(old[i], fresh[j]));
        [oldFrom, freshFrom] = [(i += 1), (j += 1)];
      } else if (common[here + width] >= common[here + 1]) i += 1;
      else j += 1;
    }
    [i, j] = [old.length, fresh.length];
    close();
    return parts;
  }

  function replaced(old, fresh) {
    const shared = old.length && fresh.length && old[0].gap === fresh[0].gap ? old[0].gap : "";
    return [
      ["equal", shared],
      ["delete", whole(old).slice(shared.length)],
      ["insert", whole(fresh).slice(shared.length)],
    ];
  }

  // Neighbours of a kind as one, and nothing empty.
  function joined(parts) {
    const found = [];
    const now = { equal: "", delete: "", insert: "" };
    const give = (...kinds) => {
      for (const kind of kinds) {
        if (now[kind]) found.push([kind, now[kind]]);
        now[kind] = "";
      }
    };
    for (const [change, text] of parts) {
      if (!text) continue;
      if (change === "equal") give("delete", "insert");
      else give("equal");
      now[change] += text;
    }
    give("equal", "delete", "insert");
    return found;
  }

  function differences(before, after) {
    const [old, fresh] = [steps(before, WORDS), steps(after, WORDS)];
    if (fits(old, fresh)) return joined(compared(old, fresh));
    const parts = [];
    const changed = { delete: "", insert: "" };
    const refine = () => {
      parts.push(...compared(steps(changed.delete, WORDS), steps(changed.insert, WORDS)));
      changed.delete = changed.insert = "";
    };
    for (const [change, text] of compared(steps(before, SENTENCES), steps(after, SENTENCES))) {
      if (change in changed) changed[change] += text;
      else {
        refine();
        parts.push([change, text]);
      }
    }
    refine();
    return joined(parts);
  }

  const TAGS = { delete: "del", insert: "ins" };

  function diff(before, after) {
    const fragment = document.createDocumentFragment();
    for (const [change, text] of differences(before, after)) {
      const node = change === "equal"
        ? document.createTextNode(text)
        : Object.assign(document.createElement(TAGS[change]), { className: "diff", textContent: text });
      fragment.append(node);
    }
    return fragment;
  }

  Object.assign(window.winnow, { differences, diff });
})();
