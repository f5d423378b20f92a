// The pages of large lists: rows stay chosen while one pages, "select all results", the column
// chooser's load time, and the search panel. Runs after lists.js, which does the ticking itself.
(function () {
  "use strict";
  var kept = new Set(), question = null;

  function form() { return document.querySelector("[data-list-select]"); }
  function boxes(of) { return Array.prototype.slice.call(of.querySelectorAll("[data-select-row]")); }
  function everything(of) { return of.querySelector("[data-all-field]").value === "1"; }

  // --- chosen rows ---
  function remember(of) {
    boxes(of).forEach(function (box) { if (box.checked) kept.add(box.value); else kept.delete(box.value); });
  }

  function show(of) {
    var here = new Set(boxes(of).map(function (box) { return box.value; }));
    var elsewhere = Array.from(kept).filter(function (id) { return !here.has(id); });
    var place = of.querySelector("[data-kept-ids]");
    place.textContent = "";
    elsewhere.forEach(function (id) {
      var field = document.createElement("input");
      field.type = "hidden"; field.name = "ids"; field.value = id;
      place.appendChild(field);
    });
    var before = of.dataset.selectMore || "0";
    of.dataset.selectMore = String(elsewhere.length);
    if (before !== of.dataset.selectMore) { nudge(of); return; }
    var every = everything(of), count = of.querySelector("[data-select-count]"), all = of.querySelector("[data-choose-all]");
    if (every && count) count.textContent = count.dataset.every;
    if (all) all.hidden = every;
    var number = every ? Number(of.dataset.total) : kept.size;
    of.querySelectorAll("[data-exactly]").forEach(function (button) {
      var fits = number === Number(button.dataset.exactly), note = button.querySelector("[data-exactly-note]");
      button.disabled = !fits;
      if (note) note.hidden = fits;
    });
  }
  // lists.js counts again when any box says it changed
  function nudge(of) {
    var box = of.querySelector("[data-select-row]");
    if (box) box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("change", function (event) {
    var of = event.target.closest && event.target.closest("[data-list-select]");
    if (!of || !event.target.matches("[data-select-row], [data-select-all]")) return;
    if (everything(of) && event.isTrusted) of.querySelector("[data-all-field]").value = "";
    remember(of);
    show(of);
  });

  document.addEventListener("click", function (event) {
    var of = form();
    if (!of) return;
    if (event.target.closest("[data-choose-all]")) {
      event.preventDefault();
      boxes(of).forEach(function (box) { box.checked = true; });
      of.querySelector("[data-all-field]").value = "1";
      nudge(of);
    }
    if (event.target.closest("[data-select-none]")) {
      kept.clear();
      of.querySelector("[data-all-field]").value = "";
      of.dataset.selectMore = "0";
      show(of);
      nudge(of);
    }
  });

  function restore() {
    var of = form(), results = document.querySelector("[data-list-results]");
    if (!results) return;
    if (question !== null && question !== results.dataset.question) kept.clear();   // another question, another choice
    question = results.dataset.question;
    if (!of) return;
    boxes(of).forEach(function (box) { if (kept.has(box.value)) box.checked = true; });
    remember(of);
    nudge(of);
    show(of);
  }
  document.addEventListener("DOMContentLoaded", restore);
  document.addEventListener("htmx:afterSettle", function (event) { if (event.target.id === "results" || event.target.querySelector && event.target.querySelector("[data-list-results]")) restore(); });

  // --- search box and panel ---
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-clear-search]")) {
      var box = document.getElementById("list-search");
      if (box) box.value = "";
    }
    if (event.target.closest("[data-close-panel]")) {
      var panel = event.target.closest(".offcanvas");
      if (panel && window.tabler) window.tabler.bootstrap.Offcanvas.getOrCreateInstance(panel).hide();
    }
    var adding = event.target.closest("[data-add-condition]");
    if (adding) {
      var line = adding.closest("[data-condition]"), another = line.cloneNode(true);
      another.querySelector("input").value = "";
      another.querySelector("input").removeAttribute("id");
      line.after(another);
      adding.hidden = true;
      another.querySelector("input").focus();
    }
  });
  document.addEventListener("input", function (event) {
    var line = event.target.closest && event.target.closest("[data-condition]");
    if (!line) return;
    var next = line.nextElementSibling, button = line.querySelector("[data-add-condition]");
    if (!next || !next.matches("[data-condition]")) button.hidden = line.querySelector("input").value === "";
  });

  // --- column chooser ---
  document.addEventListener("change", function (event) {
    var chooser = event.target.closest && event.target.closest("[data-list-columns]");
    if (!chooser) return;
    var loads = new Set(), place = chooser.querySelector("[data-load-time]");
    chooser.querySelectorAll("[data-load]:checked").forEach(function (box) { loads.add(box.dataset.load); });
    var words = JSON.parse(place.dataset.loadTime).filter(function (pair) { return loads.size <= pair[0]; });
    if (words.length) place.textContent = words[0][1];
  });
})();
