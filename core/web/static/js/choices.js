// A <select data-choices> becomes a field one can type in. With data-url the choices come from the
// server: GET url?q=...  ->  {"results": [{"value": "3", "text": "De Linde"}]}.
// Without script, or when the library does not load, it stays the plain select it is.
(function () {
  "use strict";
  var me = document.currentScript, loading = null;

  function library() {
    if (loading) return loading;
    loading = new Promise(function (done, failed) {
      var style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = me.dataset.style;
      document.head.insertBefore(style, document.querySelector('link[href*="koepel.css"]'));
      var script = document.createElement("script");
      script.src = me.dataset.library;
      script.onload = done;
      script.onerror = failed;
      document.head.appendChild(script);
    });
    return loading;
  }

  function text(className, words) {
    var box = document.createElement("div");
    box.className = className;
    box.textContent = words;
    return box;
  }

  function begin(select) {
    if (select.tomselect) return;
    var url = select.dataset.url, many = select.multiple;
    var options = {
      plugins: many ? { remove_button: { title: me.dataset.remove } } : (select.required || !select.querySelector('option[value=""]') ? [] : { clear_button: { title: me.dataset.clear } }),
      maxOptions: url ? 50 : 500,
      allowEmptyOption: false,
      hideSelected: many,
      openOnFocus: true,
      dropdownParent: select.closest(".modal, .offcanvas") ? null : "body",   // a card would cut it off
      onItemAdd: function () {
        this.setTextboxValue("");
        if (many && url) this.load("");
        else if (many) this.refreshOptions(false);
      },
      render: {
        option: function (item) { return text("option", item.text); },
        item: function (item) { return text("item", item.text); },
        no_results: function () { return text("no-results", me.dataset.none); },
        loading: function () { return text("k-loading", me.dataset.loading); },
        not_loading: function () { return null; }
      }
    };
    if (url) {
      options.preload = "focus";
      options.loadThrottle = 250;
      options.shouldLoad = function () { return true; };
      options.load = function (query, found) {
        fetch(url + (url.indexOf("?") < 0 ? "?" : "&") + "q=" + encodeURIComponent(query), { headers: { Accept: "application/json" }, credentials: "same-origin" })
          .then(function (answer) { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); })
          .then(function (data) { found(data.results); })
          .catch(function () { found(); });
      };
      options.searchField = [];   // the server did the searching
      options.score = function () { return function () { return 1; }; };
    }
    var blank = select.querySelector('option[value=""]');
    options.placeholder = select.dataset.placeholder || (blank ? blank.textContent : me.dataset.more);
    var made = new window.TomSelect(select, options);
    select.setAttribute("aria-hidden", "true");   // its label now belongs to the field one types in
    ["aria-describedby", "aria-invalid"].forEach(function (name) {
      if (select.hasAttribute(name)) made.control_input.setAttribute(name, select.getAttribute(name));
    });
    if (url) made.on("type", function () { made.clearOptions(function (option) { return made.items.indexOf(String(option.value)) >= 0; }); });
  }

  function start(scope) {
    if (!scope.querySelectorAll) return;
    var found = scope.querySelectorAll("select[data-choices]");
    if (found.length) library().then(function () { found.forEach(begin); }, function () { loading = null; });
  }
  document.addEventListener("DOMContentLoaded", function () { start(document); });
  document.addEventListener("htmx:load", function (event) { if (event.target !== document.body) start(event.target); });
})();
