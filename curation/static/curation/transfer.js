// Files can be dropped anywhere on the form; and the form says that it is sending.
(() => {
  const form = document.querySelector("form[data-transfer]");
  const input = form?.querySelector("input[data-drop]");
  if (!input) return;
  const field = input.closest(".field");

  function hasFiles(event) {
    return [...(event.dataTransfer?.types ?? [])].includes("Files");
  }

  form.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    field.classList.add("is-over");
  });
  form.addEventListener("dragleave", () => field.classList.remove("is-over"));
  form.addEventListener("drop", (event) => {
    field.classList.remove("is-over");
    if (!hasFiles(event)) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
  });
  form.addEventListener("submit", () => {
    form.querySelector("[data-sending]").textContent = form.dataset.transfer;
  });
})();
