"use strict";

// "/" goes to the search field, as on other pages that search.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (winnow.isTyping(event.target)) return;
  event.preventDefault();
  const field = document.getElementById("search-words");
  field.focus();
  field.select();
});

// What is ticked is counted beside the form for it, which stays in sight.
{
  const bulk = document.querySelector("[data-bulk]");
  const boxes = document.querySelectorAll("input[name=message]");
  const count = () => {
    const ticked = [...boxes].filter((box) => box.checked).length;
    const said = bulk.querySelector(".bulk__ticked");
    said.textContent = ticked ? `${said.dataset.say} ${ticked}` : "";
    bulk.classList.toggle("bulk--ticked", ticked > 0);
  };
  if (bulk) {
    for (const box of boxes) box.addEventListener("change", count);
    count(); // the browser may have kept them, on the way back
    window.addEventListener("pageshow", count);
  }
}
