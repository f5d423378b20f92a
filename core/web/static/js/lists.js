// Choosing rows: <form data-select> around a table with [data-select-row] and one [data-select-all];
// the [data-bulkbar] inside it shows while something is chosen, [data-select-count] counts.
(function () {
  "use strict";

  function rows(form) { return Array.prototype.slice.call(form.querySelectorAll("[data-select-row]")); }

  // data-select-more counts rows that are chosen too, but stand on another page.
  function refresh(form) {
    var all = rows(form), chosen = all.filter(function (box) { return box.checked; });
    var number = chosen.length + Number(form.dataset.selectMore || 0);
    all.forEach(function (box) { var row = box.closest("tr"); if (row) row.classList.toggle("is-selected", box.checked); });
    var master = form.querySelector("[data-select-all]");
    if (master) { master.checked = all.length > 0 && chosen.length === all.length; master.indeterminate = chosen.length > 0 && chosen.length < all.length; }
    var bar = form.querySelector("[data-bulkbar]");
    if (bar) bar.hidden = number === 0;
    form.querySelectorAll("[data-select-count]").forEach(function (place) {
      place.textContent = (number === 1 ? place.dataset.one : place.dataset.many || "%s").replace("%s", String(number));
    });
  }

  document.addEventListener("change", function (event) {
    var form = event.target.closest("[data-select]");
    if (!form) return;
    if (event.target.matches("[data-select-all]")) rows(form).forEach(function (box) { box.checked = event.target.checked; });
    if (event.target.matches("[data-select-all], [data-select-row]")) refresh(form);
  });
  document.addEventListener("click", function (event) {
    var clearing = event.target.closest("[data-select-none]");
    if (!clearing) return;
    var form = clearing.closest("[data-select]");
    rows(form).forEach(function (box) { box.checked = false; });
    refresh(form);
  });
  // Shift and click chooses everything in between.
  var last = null;
  document.addEventListener("click", function (event) {
    var box = event.target.closest("[data-select-row]");
    if (!box) return;
    var form = box.closest("[data-select]"), all = rows(form);
    if (event.shiftKey && last && all.indexOf(last) >= 0) {
      var from = all.indexOf(last), to = all.indexOf(box);
      all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(function (other) { other.checked = box.checked; });
      refresh(form);
    }
    last = box;
  });
  function start(scope) {
    var forms = scope.querySelectorAll ? Array.prototype.slice.call(scope.querySelectorAll("[data-select]")) : [];
    var around = scope.closest && scope.closest("[data-select]");
    if (around) forms.push(around);
    forms.forEach(refresh);
  }
  document.addEventListener("DOMContentLoaded", function () { start(document); });
  document.addEventListener("htmx:load", function (event) { start(event.target); });
  window.addEventListener("pageshow", function () { start(document); });
})();
