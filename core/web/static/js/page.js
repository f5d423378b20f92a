// Small things every page needs: CSRF for htmx, closing messages, printing, going back.
(function () {
  "use strict";
  var token = document.querySelector('meta[name="csrf-token"]');

  document.addEventListener("htmx:configRequest", function (event) {
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
  });
  // An answer 422 carries the form again, with the mistakes beside the fields: show it.
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.xhr.status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:beforeRequest", function (event) { event.detail.elt.setAttribute("aria-busy", "true"); });
  document.addEventListener("htmx:afterRequest", function (event) { event.detail.elt.removeAttribute("aria-busy"); });

  document.addEventListener("click", function (event) {
    var closer = event.target.closest("[data-close-flash]");
    if (closer) closer.closest(".k-flash").remove();
    if (event.target.closest("[data-print]")) window.print();
    if (event.target.closest("[data-go-back]")) { event.preventDefault(); window.history.back(); }
    var copier = event.target.closest("[data-copy]");
    if (copier && navigator.clipboard) {
      navigator.clipboard.writeText(copier.dataset.copy).then(function () { copier.textContent = copier.dataset.copied; });
    }
  });

  // On a phone the tabs are wider than the screen: bring the current one into view.
  document.querySelectorAll(".k-tabs [aria-current]").forEach(function (tab) {
    var bar = tab.closest(".k-tabs"), place = tab.getBoundingClientRect().left - bar.getBoundingClientRect().left;
    bar.scrollLeft += place - (bar.clientWidth - tab.offsetWidth) / 2;
  });

  // Arrow keys between real tabs (role=tab); Bootstrap does the showing.
  document.addEventListener("keydown", function (event) {
    var tab = event.target.closest('[role="tab"]');
    if (!tab || ["ArrowLeft", "ArrowRight", "Home", "End"].indexOf(event.key) < 0 || tab.dataset.bsToggle) return;
    var all = Array.prototype.slice.call(tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]'));
    var now = all.indexOf(tab);
    var next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: all.length - 1 }[event.key];
    event.preventDefault();
    choose(all[(next + all.length) % all.length], true);
  });
  document.addEventListener("click", function (event) {
    var tab = event.target.closest('[role="tab"][aria-controls]');
    if (tab && !tab.dataset.bsToggle) choose(tab, false);
  });
  function choose(tab, focus) {
    tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]').forEach(function (other) {
      var chosen = other === tab, panel = document.getElementById(other.getAttribute("aria-controls"));
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      if (panel) panel.hidden = !chosen;
    });
    if (focus) tab.focus();
  }
})();
