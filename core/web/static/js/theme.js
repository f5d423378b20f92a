// Runs before the first paint: "auto" follows the device, also when it changes its mind.
(function () {
  "use strict";
  var root = document.documentElement;
  if (root.dataset.theme !== "auto" || !window.matchMedia) return;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function follow() { root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light"); }
  follow();
  if (dark.addEventListener) dark.addEventListener("change", follow);
})();
