// A dark page is printed light: browsers leave out backgrounds, and light text on white paper cannot be read.
(() => {
  const page = document.documentElement;
  let before = null;

  function lighten() {
    before ??= page.dataset.theme;
    page.dataset.theme = "light";
  }

  function restore() {
    if (before !== null) page.dataset.theme = before;
    before = null;
  }

  addEventListener("beforeprint", lighten);
  addEventListener("afterprint", restore);
  matchMedia("print").addEventListener("change", (query) => (query.matches ? lighten() : restore()));
})();
