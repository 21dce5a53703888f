// The page that shows every part: buttons that bring up a toast, and turn the page round.
(() => {
  const LINES = {
    plain: () => winnow.say("Saved.", "success"),
    undo: () => winnow.say("Your answer is in. The next task is below.", "success", {
      action: { label: "Undo", run: () => winnow.say("It is a draft again.") }, seconds: 10,
    }),
    error: () => winnow.say("No connection. What you wrote is still here; try again in a moment.", "error"),
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-design]");
    if (!button) return;
    const root = document.documentElement;
    if (button.dataset.design === "turn") root.dir = root.dir === "rtl" ? "ltr" : "rtl";
    else LINES[button.dataset.design]();
  });
})();
