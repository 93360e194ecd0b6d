// Mathematics is drawn when the reader comes near it: MathJax is half of what a page weighs. showMaths() draws it at once.
(() => {
  let drawn;

  // A formula that is wider than the page scrolls in its box; the keyboard must reach it.
  const reach = () =>
    document.querySelectorAll('mjx-container[display="true"]').forEach((one) => {
      if (one.scrollWidth > one.clientWidth + 1) one.tabIndex = 0;
      else one.removeAttribute("tabindex");
    });

  window.showMaths = () => {
    if (!document.querySelector(".math")) return Promise.resolve();
    drawn ??= new Promise((done, failed) => {
      window.MathJax = {
        options: { enableMenu: false, processHtmlClass: "tex2jax_process|mathjax_process|math|output_area" },
        startup: { pageReady: () => window.MathJax.startup.defaultPageReady().then(reach).then(done) },
      };
      const script = document.createElement("script");
      script.src = `${document.documentElement.dataset.content_root}_static/mathjax/tex-mml-chtml.js`;
      script.onerror = failed;
      document.head.append(script);
    });
    return drawn;
  };

  // when a formula is on the first screen, or the reader moves; at the latest after a while, or for the printer
  const near = new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) showMaths();
  });
  const watch = () => document.querySelectorAll(".math").forEach((one) => near.observe(one));
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", watch);
  else watch();
  for (const event of ["scroll", "keydown", "beforeprint", "hashchange"]) addEventListener(event, showMaths, { once: true, passive: true });
  addEventListener("resize", reach, { passive: true });
  matchMedia("print").addEventListener("change", (query) => query.matches && showMaths());
  setTimeout(showMaths, 15000);
})();
