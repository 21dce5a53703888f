// What a ballot on several answers says: an order, none is good, cannot judge. The order on
// the page is chance at first: it becomes a ballot only when somebody says so twice.
"use strict";
winnow.screen("rank", (card) => {
  const list = card.root.querySelector("#rank");
  if (!list) return;
  const { form, signal } = card;
  const notice = card.root.querySelector("#rank-confirm");

  const say = (outcome) => () => {
    const radio = form.querySelector(`[name=outcome][value=${outcome}]`);
    radio.focus();
    radio.click();
  };
  winnow.key(card, "none_good", "n", say("none_good"));
  winnow.key(card, "cannot_judge", "x", say("cannot_judge"));

  // Heard before task.js hears it, which sends.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return; // passing it over
    if (form.elements.outcome.value !== "ranked" || !("untouched" in list.dataset)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    list.dispatchEvent(new CustomEvent("rank:meant"));
    notice.textContent = notice.dataset.text;
    notice.hidden = false;
    notice.scrollIntoView({ block: "nearest" });
  }, { signal, capture: true });
  list.addEventListener("rank:changed", () => { notice.hidden = true; }, { signal });
});
