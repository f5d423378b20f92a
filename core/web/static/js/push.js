// The button "Switch on for this device": asks the browser, and tells the server where to send.
(function () {
  "use strict";
  var button = document.querySelector("[data-push]");
  if (!button) return;
  var status = document.querySelector("[data-push-status]");
  var token = document.querySelector('meta[name="csrf-token"]');

  function say(text) { status.textContent = text; }
  function bytesOf(text) {
    var raw = window.atob((text + "=".repeat((4 - (text.length % 4)) % 4)).replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, function (sign) { return sign.charCodeAt(0); });
  }

  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    button.disabled = true;
    say(status.dataset.none);
    return;
  }
  button.addEventListener("click", function () {
    button.setAttribute("aria-busy", "true");
    Notification.requestPermission()
      .then(function (answer) {
        if (answer !== "granted") throw new Error(button.dataset.refused);
        return navigator.serviceWorker.ready;
      })
      .then(function (registration) {
        return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(button.dataset.pushKey) });
      })
      .then(function (subscription) {
        return fetch(button.dataset.pushUrl, {
          method: "POST",
          credentials: "same-origin",
          headers: { "Content-Type": "application/json", "X-CSRFToken": token.content },
          body: JSON.stringify(subscription.toJSON())
        });
      })
      .then(function (answer) { return answer.json().then(function (told) { say(told.message); if (!answer.ok) return; button.hidden = true; }); })
      .catch(function (error) { say(error.message === button.dataset.refused ? error.message : button.dataset.failed); })
      .finally(function () { button.removeAttribute("aria-busy"); });
  });
})();
