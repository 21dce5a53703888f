// Passkeys and security keys: allauth's scripts ask the browser, this says when it refused.
"use strict";
(() => {
  const refused = document.currentScript.dataset.sayRefused;
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    winnow.say(refused, "error");
  });
})();
