// The server names the task that it has taken in: the browser's own copy may go.
"use strict";
(() => {
  // What is folded on a phone is open where there is room beside the work.
  winnow.openWide = () => {
    if (!matchMedia("(min-width: 64rem)").matches) return;
    for (const section of document.querySelectorAll(".aside details[data-open-wide]")) section.open = true;
  };
  winnow.openWide();

  const address = new URL(location.href);
  const done = address.searchParams.get("done");
  if (!done) return;
  localStorage.removeItem(`winnow.draft.${done}`);
  address.searchParams.delete("done");
  history.replaceState(history.state, "", address);
})();
