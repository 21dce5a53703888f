// The server names the task that it has taken in: the browser's own copy may go.
(() => {
  const address = new URL(location.href);
  const done = address.searchParams.get("done");
  if (!done) return;
  localStorage.removeItem(`winnow.draft.${done}`);
  address.searchParams.delete("done");
  history.replaceState(history.state, "", address);
})();
