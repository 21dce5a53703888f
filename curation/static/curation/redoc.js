// Before Redoc's own script, which makes <style> elements: each gets the nonce of this page, by
// which the content security policy lets them in. A picture from elsewhere is not asked for.
// Redoc's search is off: it would need a worker that is made of text.
"use strict";
(() => {
  const { nonce } = document.currentScript;
  const make = document.createElement;

  // React sets an address once as an attribute, and once as a property.
  const keepHere = (picture) => {
    picture.setAttribute = (name, value) => {
      if (name !== "src" || value.startsWith("data:")) Element.prototype.setAttribute.call(picture, name, value);
    };
    Object.defineProperty(picture, "src", { set: (value) => picture.setAttribute("src", value) });
  };

  document.createElement = function createElement(...given) {
    const made = make.apply(this, given);
    if (made instanceof HTMLStyleElement) made.nonce = nonce;
    if (made instanceof HTMLImageElement) keepHere(made);
    return made;
  };

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("reference");
    const fontFamily = "system-ui, sans-serif";
    const theme = { typography: { fontFamily, headings: { fontFamily } } };
    const options = { disableSearch: true, hideLoading: true, nativeScrollbars: true, theme };
    window.Redoc.init(place.dataset.schema, options, place);
  });
})();
