// Review by keyboard: A accepts, E opens the edit, R the reasons.
(() => {
  const open = (id, target) => {
    const section = document.getElementById(id);
    section.open = true;
    section.querySelector(target).focus();
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || winnow.isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (key === "a") document.getElementById("task").requestSubmit(document.getElementById("accept"));
    else if (key === "e") open("edit", "textarea");
    else if (key === "r") open("reject", "input");
    else return;
    event.preventDefault();
  });

  // Ctrl+Enter inside an opened section means that section's button.
  for (const id of ["edit", "reject"]) {
    const section = document.getElementById(id);
    section.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      event.stopPropagation();
      document.getElementById("task").requestSubmit(section.querySelector("button"));
    });
  }
})();
