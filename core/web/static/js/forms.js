// Forms: show a password, warn about unsaved changes, send once, send on choice, leave empty search fields out.
(function () {
  "use strict";

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-show-password]");
    if (!button) return;
    var field = document.getElementById(button.dataset.showPassword), shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    button.querySelector("span").textContent = shown ? button.dataset.show : button.dataset.hide;
  });

  // Fill fields in one press (demonstration logins): data-fill="username=an;password=demo".
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-fill]");
    if (!button) return;
    button.dataset.fill.split(";").forEach(function (pair) {
      var at = pair.indexOf("="), field = button.form && button.form.elements[pair.slice(0, at)];
      if (field) field.value = pair.slice(at + 1);
    });
    var submit = button.form && button.form.querySelector('[type="submit"]');
    if (submit) submit.focus();
  });

  // --- unsaved changes: <form data-unsaved> with somewhere a [data-unsaved-note] ---
  var changed = null;
  function mark(event) {
    var form = event.target.form || (event.target.closest && event.target.closest("form"));
    if (!form || !("unsaved" in form.dataset) || event.target.closest("[data-ignore-change]")) return;
    changed = form;
    var note = form.querySelector("[data-unsaved-note]");
    if (note) note.hidden = false;
  }
  document.addEventListener("input", mark);
  document.addEventListener("change", mark);
  document.addEventListener("reset", function (event) {
    if (event.target !== changed) return;
    changed = null;
    var note = event.target.querySelector("[data-unsaved-note]");
    if (note) note.hidden = true;
  });
  window.addEventListener("beforeunload", function (event) {
    if (changed && document.contains(changed)) { event.preventDefault(); event.returnValue = ""; }
  });

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented) return;
    if (form === changed) changed = null;
    if ("skipEmpty" in form.dataset) {
      form.querySelectorAll("input, select").forEach(function (field) {
        if (!field.disabled && field.value === "" && field.name) { field.disabled = true; setTimeout(function () { field.disabled = false; }, 0); }
      });
    }
    // A second press on a slow line would do it twice.
    if (form.method === "post" && !form.hasAttribute("hx-post") && form.target !== "_blank" && !("sendOften" in form.dataset)) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      form.setAttribute("aria-busy", "true");
    }
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; form.removeAttribute("aria-busy"); });
  });

  document.addEventListener("change", function (event) {
    var field = event.target.closest("[data-autosubmit]");
    if (!field || !field.form) return;
    if (field.form.requestSubmit) field.form.requestSubmit(); else field.form.submit();
  });

  // --- a field that matters only for some answers: <div data-show-when="kind" data-show-values="club,region"> ---
  function reveal(scope) {
    scope.querySelectorAll("[data-show-when]").forEach(function (part) {
      var form = part.closest("form"), fields = form ? form.querySelectorAll('[name="' + part.dataset.showWhen + '"]') : [];
      var values = [];
      fields.forEach(function (f) { if ((f.type !== "radio" && f.type !== "checkbox") || f.checked) values.push(f.type === "checkbox" ? "yes" : f.value); });
      var wanted = part.dataset.showValues.split(",");
      part.hidden = !values.some(function (v) { return wanted.indexOf(v) >= 0; });
    });
  }
  document.addEventListener("change", function (event) { if (event.target.form) reveal(event.target.form); });
  document.addEventListener("DOMContentLoaded", function () { reveal(document); });
  document.addEventListener("htmx:load", function (event) { reveal(event.target); });

  // The first mistake is where the person has to be.
  document.addEventListener("DOMContentLoaded", function () {
    var wrong = document.querySelector('main [aria-invalid="true"]');
    if (wrong) wrong.focus();
  });
})();
