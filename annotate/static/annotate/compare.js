// Which of two is better: A, B, E, N, X and 1 to 7 choose on the scale. They never send.
"use strict";
winnow.screen("rank", (card) => {
  const scale = card.root.querySelector("#choice");
  if (!scale) return;
  const radios = [...scale.querySelectorAll("input[type=radio]")];
  const chosen = () => radios.find((radio) => radio.checked)?.value;

  function choose(value) {
    const radio = radios.find((one) => one.value === value);
    radio.focus();
    radio.click();
  }

  // Once is better, once more is much better, then slightly.
  const STRONGER = { 2: 3, 3: 1, 1: 2 };
  const prefer = (side) => () => {
    const now = chosen()?.startsWith(side) && /\d$/.test(chosen()) ? STRONGER[chosen().at(-1)] : 2;
    choose(`${side}${now}`);
  };

  winnow.key(card, "choose_first", "a", prefer("a"));
  winnow.key(card, "choose_second", "b", prefer("b"));
  winnow.key(card, "equal", "e", () => choose("equal"));
  winnow.key(card, "none_good", "n", () => choose("none_good"));
  winnow.key(card, "cannot_judge", "x", () => choose("cannot_judge"));
  for (let step = 1; step <= 7; step += 1)
    winnow.key(card, `step_${step}`, String(step), () => choose(radios[step - 1].value));

  // From answer to answer, for reading.
  const items = [...card.root.querySelectorAll(".answers > [data-letter]")];
  let at = -1;
  const go = (by) => () => {
    at = Math.max(0, Math.min(items.length - 1, at + by));
    items[at].tabIndex = -1;
    items[at].focus();
    items[at].scrollIntoView({ block: "nearest" });
  };
  winnow.key(card, "next", "j", go(1));
  winnow.key(card, "previous", "k", go(-1));
});
