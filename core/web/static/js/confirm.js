// Asks before a form with data-confirm (or a button with it) is sent.
//   <form data-confirm="Delete Padel?" data-confirm-text="..." data-confirm-yes="Delete" data-confirm-typed>
// With data-confirm-typed the person types DELETE first: only for deleting many things at once.
(function () {
  "use strict";
  var WORD = "DELETE", dialog, waiting = null, asked = false;

  document.addEventListener("submit", function (event) {
    if (asked) { asked = false; return; }
    var asker = event.submitter && event.submitter.dataset.confirm ? event.submitter : event.target;
    if (!asker.dataset || !asker.dataset.confirm || !window.tabler) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(asker, event.target, event.submitter);
  }, true);

  function ask(asker, form, submitter) {
    dialog = dialog || document.getElementById("k-confirm");
    var typed = "confirmTyped" in asker.dataset, yes = dialog.querySelector("[data-dialog-yes]");
    dialog.querySelector("[data-dialog-title]").textContent = asker.dataset.confirm;
    var text = dialog.querySelector("[data-dialog-text]");
    text.textContent = asker.dataset.confirmText || "";
    text.hidden = !asker.dataset.confirmText;
    dialog.querySelector("[data-dialog-typed]").hidden = !typed;
    if (!yes.dataset.usual) yes.dataset.usual = yes.textContent;
    yes.textContent = asker.dataset.confirmYes || yes.dataset.usual;
    var field = dialog.querySelector("#k-confirm-word");
    field.value = "";
    waiting = { form: form, submitter: submitter, typed: typed };
    window.tabler.bootstrap.Modal.getOrCreateInstance(dialog).show();
    dialog.addEventListener("shown.bs.modal", function () { (typed ? field : yes).focus(); }, { once: true });
    dialog.addEventListener("hidden.bs.modal", function () { if (submitter) submitter.focus(); }, { once: true });
  }

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-dialog-yes]") && waiting) go();
  });
  document.addEventListener("keydown", function (event) {
    if (event.target.id === "k-confirm-word" && event.key === "Enter") { event.preventDefault(); go(); }
  });

  function go() {
    var field = dialog.querySelector("#k-confirm-word"), job = waiting;
    if (!job) return;
    if (job.typed && field.value.trim().toUpperCase() !== WORD) { field.setAttribute("aria-invalid", "true"); field.focus(); return; }
    field.removeAttribute("aria-invalid");
    waiting = null;
    window.tabler.bootstrap.Modal.getOrCreateInstance(dialog).hide();
    asked = true;
    if (job.form.requestSubmit) job.form.requestSubmit(job.submitter || undefined);
    else job.form.submit();
    asked = false;
  }
})();
