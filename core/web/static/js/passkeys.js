// Passkeys: ask the server what the device must sign, ask the device, send its answer with the form.
// <form data-passkey="create|get" data-question="address" data-origin="where it works"> with a hidden field "answer".
(function () {
  "use strict";

  function toBytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/")), bytes = new Uint8Array(plain.length);
    for (var i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i);
    return bytes.buffer;
  }
  function toText(buffer) {
    if (!buffer) return null;
    var bytes = new Uint8Array(buffer), plain = "";
    for (var i = 0; i < bytes.length; i++) plain += String.fromCharCode(bytes[i]);
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function described(list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: toBytes(one.id) }); });
  }

  function ask(kind, options) {
    options.challenge = toBytes(options.challenge);
    if (kind === "create") {
      options.user.id = toBytes(options.user.id);
      options.excludeCredentials = described(options.excludeCredentials);
      return navigator.credentials.create({ publicKey: options });
    }
    options.allowCredentials = described(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }

  function told(key) {
    var given = key.response;
    return JSON.stringify({
      id: key.id,
      rawId: toText(key.rawId),
      type: key.type,
      response: {
        clientDataJSON: toText(given.clientDataJSON),
        attestationObject: toText(given.attestationObject) || undefined,
        authenticatorData: toText(given.authenticatorData) || undefined,
        signature: toText(given.signature) || undefined,
        userHandle: toText(given.userHandle) || undefined
      }
    });
  }

  function say(form, text) {
    var place = form.querySelector("[data-passkey-trouble]");
    place.hidden = !text;
    place.querySelector("p").textContent = text;
  }

  // Before the other scripts hear of it: the form is sent when the device has answered.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.dataset || !form.dataset.passkey) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") return;
    form.setAttribute("aria-busy", "true");
    say(form, "");
    fetch(form.dataset.question, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.json().catch(function () { return {}; }); })
      .then(function (asked) {
        if (!asked.options) throw new Error(asked.message || form.dataset.failed);
        return ask(form.dataset.passkey, asked.options).catch(function () { throw new Error(form.dataset.failed); });
      })
      .then(function (key) {
        form.elements.answer.value = told(key);
        form.submit();
      })
      .catch(function (trouble) { say(form, trouble.message || form.dataset.failed); })
      .then(function () { form.removeAttribute("aria-busy"); });
  }, true);

  // Where a browser has no passkeys, or not at this address, their buttons stay away.
  document.querySelectorAll("[data-passkey-here]").forEach(function (part) {
    var works = Boolean(window.PublicKeyCredential) && part.dataset.passkeyHere === window.location.origin;
    part.hidden = !works;
    document.querySelectorAll("[data-passkey-not-here]").forEach(function (other) { other.hidden = works; });
  });
})();
