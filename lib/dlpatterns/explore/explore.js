// Puts an explorer's controls above its figure, and switches its picture, table, alt text and caption to the frame they choose.
(() => {
  const root = document.currentScript.parentElement;
  const { images, frames, choices, controls: inputs } = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  root.insertAdjacentHTML("afterbegin", `<div class="dlp-controls">${inputs}</div>`);
  const controls = [...root.querySelectorAll(".dlp-controls input, .dlp-controls select")];
  const figure = root.querySelector("figure");
  const index = (control) => (control.type === "checkbox" ? Number(control.checked) : Number(control.value));

  function show() {
    const chosen = controls.map(index);
    const at = chosen.reduce((sum, i, k) => sum * choices[k].names.length + i, 0);
    const frame = frames[at];
    const img = figure.querySelector("img");
    if (img) {
      img.src = images[frame.image];
      img.alt = frame.alt;
      img.width = frame.width;
    }
    const table = figure.querySelector(".dlp-scroll");
    if (table) table.outerHTML = frame.table;
    const caption = figure.querySelector("figcaption");
    if (caption.textContent !== frame.caption) caption.textContent = frame.caption; // a screen reader reads each change
    controls.forEach((control, k) => {
      if (control.type !== "range") return;
      control.setAttribute("aria-valuetext", choices[k].names[chosen[k]]);
      control.parentElement.querySelector("output").textContent = choices[k].names[chosen[k]];
    });
    root.dataset.frame = at;
  }

  controls.forEach((control) => control.addEventListener("input", show));
})();
