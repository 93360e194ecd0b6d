// A dark page is printed light: browsers leave out backgrounds, and light text on white paper cannot be read.
(() => {
  const page = document.documentElement;
  let dark = false;

  function lighten() {
    if (page.dataset.theme !== "dark") return;
    dark = true;
    page.dataset.theme = "light";
  }

  function restore() {
    if (dark) page.dataset.theme = "dark";
    dark = false;
  }

  addEventListener("beforeprint", lighten);
  addEventListener("afterprint", restore);
  matchMedia("print").addEventListener("change", (query) => (query.matches ? lighten() : restore()));
})();
