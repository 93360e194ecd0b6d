// Starts reveal.js, makes every slide fit its canvas of 1280 × 720, and draws the mathematics.
(() => {
  const LARGEST = 1.9, SMALLEST = 0.4, STEP = 0.05;
  const WIDE = "table, pre, svg, img, mjx-container, figure, form, .dlp-controls, ol, ul, p";

  // A slide's content is as large as fits: text beside its figure or below it, whichever leaves more.
  function fits(box, inner) {
    const room = box.getBoundingClientRect(), has = inner.getBoundingClientRect();
    if (has.height > room.height + 0.5) return false;
    const column = (one) => one.closest(".shown, .claims").getBoundingClientRect();
    return [...inner.querySelectorAll(WIDE)].every((one) => one.getBoundingClientRect().right <= column(one).right + 0.5);
  }
  function largest(box, inner, layout) {
    inner.dataset.layout = layout;
    for (let zoom = LARGEST; zoom > SMALLEST; zoom -= STEP) {
      inner.style.zoom = zoom;
      if (fits(box, inner)) return zoom;
    }
    return SMALLEST;
  }
  function fit(slide) {
    const box = slide?.querySelector(".body"), inner = box?.firstElementChild;
    if (!inner || !box.clientHeight) return;
    const layouts = inner.querySelector(".claims") ? ["below", "beside"] : ["below"];
    const found = layouts.map((one) => [largest(box, inner, one), one]).sort((a, b) => b[0] - a[0])[0];
    [inner.style.zoom, inner.dataset.layout] = found;
    inner.dataset.zoom = found[0].toFixed(2);
  }

  // What a reader answers or unfolds makes a slide longer: it is fitted again when it no longer fits.
  let watched;
  const grown = new ResizeObserver(() => {
    const box = watched?.querySelector(".body");
    if (box && !fits(box, box.firstElementChild)) fit(watched);
  });
  function show(slide) {
    grown.disconnect();
    watched = slide;
    fit(slide);
    const inner = slide?.querySelector(".fit");
    if (inner) [inner, ...inner.querySelectorAll("*")].slice(0, 40).forEach((one) => grown.observe(one));
  }

  // Keys belong to a control that has the focus; arrows move on from a button.
  const CONTROLS = "input, select, textarea", PRESSED = "button, summary, a, [tabindex='0']";
  function ours(event) {
    const at = document.activeElement;
    if (at?.matches(CONTROLS) && event.key !== "Escape") return false;
    return !(at?.matches(PRESSED) && [" ", "Enter"].includes(event.key));
  }

  const deck = new Reveal({
    width: 1280, height: 720, margin: 0.02, center: false, hash: true, slideNumber: "c/t", pdfSeparateFragments: false,
    transition: "none", viewDistance: 2, preventIframeAutoFocus: true, keyboardCondition: ours, plugins: [RevealNotes],
    keyboard: { 68: () => window.turnMode() },
  });
  window.deck = deck;
  deck.on("slidechanged", (event) => { document.activeElement?.blur?.(); show(event.currentSlide); });
  deck.on("ready", (event) => show(event.currentSlide));
  deck.on("resize", () => show(deck.getCurrentSlide()));
  const drawn = new Promise((done) => {
    if (!document.querySelector(".math")) return done();
    window.MathJax = {
      options: { enableMenu: false, ignoreHtmlClass: "reveal", processHtmlClass: "math" },
      chtml: { matchFontHeight: false },
      startup: { pageReady: () => window.MathJax.startup.defaultPageReady().then(done) },
    };
    const script = document.createElement("script");
    script.src = "_static/mathjax/tex-mml-chtml.js";
    script.onerror = done;
    document.head.append(script);
  });
  window.deckReady = deck.initialize().then(() => drawn).then(() => document.fonts.ready).then(() => show(deck.getCurrentSlide()));
})();
