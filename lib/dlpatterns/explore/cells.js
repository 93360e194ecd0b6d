// A small matrix whose places the reader fills and empties; what each sparse format takes of it is computed here. `dlpatterns.sparse` does the same, and a test compares both.
(() => {
  const root = document.currentScript.parentElement, order = document.querySelectorAll(".dlp-cells").length - 1;
  const { rows, columns, cells: first, widths, width: start, runs, block } = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const grid = root.querySelector(".dlp-cell-grid"), body = root.querySelector("tbody"), words = root.querySelector("output");
  const bitsFor = (most) => Math.max(1, most.toString(2).replace(/^0+/, "").length);
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  let cells = [...first], width = start;

  // Stored values and bits of each format; null where the pattern forbids it.
  function sizes(cells, width) {
    const n = sum(cells), place = (r, c) => cells[r * columns + c], [high, wide] = block;
    let blocks = 0, fillers = 0, run = 0, most = 0;
    for (let r = 0; r < rows; r += high) for (let c = 0; c < columns; c += wide) {
      let any = 0;
      for (let i = 0; i < high; i++) for (let j = 0; j < wide; j++) any |= place(r + i, c + j);
      blocks += any;
    }
    for (const cell of cells) { if (cell) { fillers += Math.floor(run / 2 ** runs); run = 0; } else run++; }
    for (let at = 0; at < cells.length; at += 4) most = Math.max(most, sum(cells.slice(at, at + 4)));
    const ends = bitsFor(n);
    return {
      dense: [cells.length, cells.length * width],
      COO: [n, n * (width + bitsFor(rows - 1) + bitsFor(columns - 1))],
      CSR: [n, n * (width + bitsFor(columns - 1)) + (rows + 1) * ends],
      CSC: [n, n * (width + bitsFor(rows - 1)) + (columns + 1) * ends],
      BSR: [blocks * high * wide, blocks * (high * wide * width + bitsFor(columns / wide - 1)) + (rows / high + 1) * bitsFor(blocks)],
      bitmap: [n, n * width + cells.length],
      "run-length": [n + fillers, (n + fillers) * (width + runs)],
      "n of m": most > 2 ? null : [cells.length / 2, cells.length / 2 * (width + 2)],
    };
  }

  root.insertAdjacentHTML("afterbegin", `<div class="dlp-controls"><label><span>bits a value</span> <select autocomplete="off">${widths.map((w) => `<option>${w}</option>`).join("")}</select></label>` +
    `<span class="dlp-control"><button type="button" class="dlp-fill">empty</button></span></div>`);
  const menu = root.querySelector("select"), empty = root.querySelector(".dlp-fill");
  grid.innerHTML = cells.map((_, i) => `<button type="button" class="dlp-cell" data-i="${i}" tabindex="${i ? -1 : 0}"></button>`).join("");

  function show() {
    [...grid.children].forEach((button, i) => {
      button.textContent = cells[i] ? "●" : "0";
      button.setAttribute("aria-pressed", String(Boolean(cells[i])));
      button.setAttribute("aria-label", `row ${Math.floor(i / columns) + 1}, column ${i % columns + 1}, ${cells[i] ? "a value" : "0"}`);
    });
    menu.value = String(width);
    const found = sizes(cells, width), known = Object.values(found).filter(Boolean), least = Math.min(...known.map(([, bits]) => bits));
    [...body.children].forEach((line) => {
      const each = found[line.dataset.name];
      line.children[1].textContent = each ? each[0] : "";
      line.children[2].textContent = each ? each[1] : "does not fit";
      line.classList.toggle("dlp-least", Boolean(each) && each[1] === least);
    });
    const best = Object.keys(found).filter((name) => found[name]?.[1] === least);
    words.textContent = `${sum(cells)} of ${cells.length} places hold a value. Fewest bits: ${best.join(", ")}, ${least}.`;
  }
  const remember = () => { try { history.replaceState({ ...history.state, cells: { ...history.state?.cells, [order]: [cells, width] } }, ""); } catch { /* then not */ } };
  const change = () => { show(); remember(); };
  grid.addEventListener("click", (event) => { const button = event.target.closest("button"); if (button) { cells[button.dataset.i] ^= 1; change(); } });
  grid.addEventListener("keydown", (event) => {
    const at = Number(event.target.dataset.i), to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - columns, ArrowDown: at + columns, Home: 0, End: cells.length - 1 }[event.key];
    if (to === undefined || !grid.children[to]) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    grid.children[to].tabIndex = 0;
    grid.children[to].focus();
  });
  menu.addEventListener("change", () => { width = Number(menu.value); change(); });
  empty.addEventListener("click", () => { cells = cells.map(() => 0); change(); });
  addEventListener("pageshow", () => { const known = history.state?.cells?.[order]; if (known?.[0]?.length === cells.length) { [cells, width] = [[...known[0]], known[1]]; show(); } });
  root.dlp = { sizes };
  show();
})();
