// Asking the server from a page that stays: winnow.ask(url, { body, kind }). Signing in anew
// in another tab gives a new token; it is fetched once and the question asked again.
"use strict";
(() => {
  const meta = () => document.querySelector("meta[name=csrf-token]");

  class SignedOut extends Error {}
  winnow.SignedOut = SignedOut;

  const signInPath = "/accounts/login/";
  function checked(response) {
    if (response.redirected && new URL(response.url).pathname === signInPath) throw new SignedOut();
    return response;
  }

  winnow.fetchPage = async (url, kind) => {
    const response = checked(await fetch(url, { headers: { "X-Requested-With": kind } }));
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return { page, url: response.url };
  };

  async function renewToken() {
    const { page } = await winnow.fetchPage(location.pathname, "ahead");
    const token = page.querySelector("meta[name=csrf-token]").content;
    meta().content = token;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  }

  winnow.ask = async (url, { body = null, kind = "card", ...options } = {}) => {
    const send = () => {
      if (body instanceof FormData) body.set("csrfmiddlewaretoken", meta().content);
      const headers = { "X-CSRFToken": meta().content, "X-Requested-With": kind };
      return fetch(url, { method: "POST", body, headers, ...options });
    };
    const response = checked(await send());
    if (response.status !== 403) return response;
    await renewToken();
    return checked(await send());
  };
})();
