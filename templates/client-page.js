(function () {
  "use strict";
  var root = document.documentElement;
  var parts = Array.prototype.slice.call(document.querySelectorAll(".language"));
  var agent = navigator.userAgent || "";
  var data = navigator.userAgentData;
  var platform = (data && data.platform) || navigator.platform || "";

  function system() {
    if (/Android/i.test(agent) || /^Android/i.test(platform)) return "android";
    if (/iPhone|iPad|iPod/.test(agent) || /^iP/.test(platform)) return "ios";
    // An iPad says that it is a Mac; no Mac has a touch screen.
    if (/^Mac/i.test(platform) || /Macintosh/.test(agent)) return navigator.maxTouchPoints > 1 ? "ios" : "macos";
    if (/^Win/i.test(platform) || /Windows/.test(agent)) return "windows";
    if (/CrOS/.test(agent) || /^Chrom/i.test(platform)) return "";
    if (/Linux|BSD/i.test(platform) || /Linux|BSD/i.test(agent)) return "linux";
    return "";
  }

  function known(tag) {
    var code = String(tag || "").slice(0, 2).toLowerCase();
    return parts.some(function (part) { return part.id === code; }) ? code : "";
  }

  function wanted() {
    var tags = [location.hash.slice(1)].concat(navigator.languages || [navigator.language]);
    return tags.map(known).filter(Boolean)[0] || parts[0].id;
  }

  function show(code) {
    parts.forEach(function (part) {
      part.hidden = part.id !== code;
      if (!part.hidden) document.title = part.getAttribute("data-title");
    });
    root.lang = code;
  }

  function each(selector, what) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), what);
  }

  root.className = "scripted";
  show(wanted());
  window.addEventListener("hashchange", function () {
    if (known(location.hash.slice(1)) === location.hash.slice(1)) show(wanted());
  });
  // Before the browser looks for the place, which must be visible by then.
  each("nav a", function (link) {
    link.addEventListener("click", function () { show(link.hreflang); });
  });

  var own = system();
  each(".systems", function (list) {
    var mine = list.querySelector('[data-system="' + own + '"]');
    if (!mine) return;
    list.insertBefore(mine, list.firstElementChild);
    mine.querySelector(".here").hidden = false;
  });
  each(".system", function (one) {
    one.open = one.getAttribute("data-system") === own;
  });

  // On paper there is nothing to open.
  window.addEventListener("beforeprint", function () {
    each(".system", function (one) {
      if (!one.open) one.setAttribute("data-closed", "");
      one.open = true;
    });
  });
  window.addEventListener("afterprint", function () {
    each(".system[data-closed]", function (one) {
      one.removeAttribute("data-closed");
      one.open = false;
    });
  });
})();
