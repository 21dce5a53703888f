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
