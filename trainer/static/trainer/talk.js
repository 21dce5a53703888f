// Ctrl and Enter sends what stands in the field, once.
"use strict";

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[data-sends]");
  if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    field.form.requestSubmit();
  }
});
