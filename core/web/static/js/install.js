// The service worker, the offer to install this as an app, and trying again when the connection is back.
(function () {
  "use strict";
  var worker = document.currentScript.dataset.worker, offer = null;

  if (worker && "serviceWorker" in navigator) {
    window.addEventListener("load", function () {
      navigator.serviceWorker.register(worker, { scope: "/" }).catch(function () { /* a browser that does not want one works all the same */ });
    });
  }

  function show(shown) {
    document.querySelectorAll("[data-install]").forEach(function (button) { button.hidden = !shown; });
  }
  window.addEventListener("beforeinstallprompt", function (event) {
    event.preventDefault();
    offer = event;
    show(true);
  });
  window.addEventListener("appinstalled", function () { offer = null; show(false); });
  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-install]") || !offer) return;
    offer.prompt();
    offer = null;
    show(false);
  });

  if (document.querySelector("[data-offline]")) {
    window.addEventListener("online", function () { window.location.reload(); });
  }
})();
