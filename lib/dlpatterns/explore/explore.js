// Puts an explorer's controls above its figure, and switches picture, table, alt text and caption to the frame they choose.
(() => {
  const root = document.currentScript.parentElement, order = document.querySelectorAll(".dlp-explore").length - 1;
  const [head, body] = root.querySelectorAll('script[type="application/json"]');
  const { choices, start, controls: inputs } = JSON.parse(head.textContent);
  root.insertAdjacentHTML("afterbegin", `<div class="dlp-controls">${inputs}</div>`);
  const controls = [...root.querySelectorAll(".dlp-controls input, .dlp-controls select")];
  const figure = root.querySelector("figure"), caption = figure.querySelector("figcaption"), svg = figure.querySelector("svg");
  const position = (control) => (control.type === "checkbox" ? Number(control.checked) : Number(control.value));
  let data, width, shown = String(start), playing = 0, least = 0;

  // The frames are read when the explorer comes into view, or is moved before that.
  function load() {
    if (data) return data;
    const { pieces, frames } = JSON.parse(body.textContent);
    const part = (range) => { const [from, to = from] = range.split("-").map(Number); return pieces.slice(from, to + 1).join(""); };
    const whole = (ranges) => (ranges ? ranges.split(" ").map(part).join("") : "");
    data = frames.map((one) => ({ alt: one.alt, caption: one.caption, svg: () => whole(one.svg), table: () => whole(one.table) }));
    reserve();
    return data;
  }

  // The box is as high as its highest caption and its highest table, at this width.
  function highest(put, texts) {
    const box = document.createElement("div");
    box.style.cssText = "position:absolute;visibility:hidden;width:" + caption.clientWidth + "px";
    const each = [...new Set(texts)].map((text) => put(box.appendChild(document.createElement("div")), text));
    figure.append(box);
    const most = Math.max(...each.map((one) => one.getBoundingClientRect().height));
    box.remove();
    return most;
  }
  function reserve() {
    if (!data || width === figure.clientWidth || !figure.clientWidth) return;
    width = figure.clientWidth;
    caption.style.minHeight = "";
    const wording = (box, text) => { const one = box.appendChild(document.createElement("figcaption")); one.textContent = text; return one; };
    const high = highest(wording, data.map((one) => one.caption));
    least = figure.querySelector(".dlp-scroll") ? highest((box, html) => { box.innerHTML = html; return box.firstElementChild; }, data.map((one) => one.table())) : 0;
    caption.style.minHeight = `${high}px`;
    keep();
  }
  function keep() {
    const table = figure.querySelector(".dlp-scroll");
    if (table && least) table.style.minHeight = `${least}px`;
  }

  function show() {
    const chosen = controls.map(position);
    controls.forEach((control, k) => {
      if (control.type !== "range") return;
      control.setAttribute("aria-valuetext", choices[k][chosen[k]]);
      control.parentElement.querySelector("output").textContent = choices[k][chosen[k]];
    });
    if (shown === String(chosen)) return;
    shown = String(chosen);
    const frame = load()[chosen.reduce((sum, i, k) => sum * choices[k].length + i, 0)];
    if (svg) {
      svg.innerHTML = frame.svg();
      [svg, svg.parentElement].forEach((one) => one.hasAttribute("aria-label") && one.setAttribute("aria-label", frame.alt));
    }
    const table = figure.querySelector(".dlp-scroll");
    if (table) table.outerHTML = frame.table();
    if (caption.textContent !== frame.caption) caption.textContent = frame.caption; // a screen reader reads each change
    keep();
  }
  function go(positions) {
    controls.forEach((control, k) => { if (control.type === "checkbox") control.checked = Boolean(positions[k]); else control.value = positions[k]; });
    show();
  }

  // The entry in the browser's history remembers where the controls stood, for the way back.
  const remember = () => { try { history.replaceState({ ...history.state, dlp: { ...history.state?.dlp, [order]: controls.map(position) } }, ""); } catch { /* then not */ } };
  function recall() {
    let known;
    try { known = history.state?.dlp?.[order]; } catch { /* then not */ }
    if (known?.length === controls.length && known.every((it, k) => choices[k][it] !== undefined)) go(known); else show();
  }

  function stop() {
    clearInterval(playing);
    playing = 0;
    caption.setAttribute("aria-live", "polite");
    root.querySelectorAll(".dlp-play").forEach((button) => { button.textContent = "▶"; button.setAttribute("aria-label", button.getAttribute("aria-label").replace("Stop", "Play")); });
    remember();
  }
  function step(control) {
    if (Number(control.value) < Number(control.max)) control.value = Number(control.value) + 1;
    show();
    if (control.value === control.max) stop();
  }
  root.querySelectorAll(".dlp-play").forEach((button) => {
    const control = button.parentElement.querySelector("input");
    button.addEventListener("click", () => {
      if (playing) return stop();
      if (control.value === control.max) { control.value = 0; show(); if (!matchMedia("(prefers-reduced-motion: reduce)").matches) return begin(); return remember(); }
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) return step(control); // one step a press
      begin();
    });
    function begin() {
      button.textContent = "⏸";
      button.setAttribute("aria-label", button.getAttribute("aria-label").replace("Play", "Stop"));
      caption.setAttribute("aria-live", "off");
      playing = setInterval(() => step(control), 700);
    }
  });

  controls.forEach((control) => control.addEventListener("input", () => { if (playing) stop(); show(); }));
  controls.forEach((control) => control.addEventListener("change", remember));
  addEventListener("pageshow", recall); // browsers put back what controls said, after this script
  new IntersectionObserver((seen, observer) => { if (seen.some((one) => one.isIntersecting)) { observer.disconnect(); load(); } }, { rootMargin: "600px" }).observe(root);
  new ResizeObserver(reserve).observe(figure);
  root.dlp = { load, go, count: choices.map((one) => one.length) };
  recall();
})();
