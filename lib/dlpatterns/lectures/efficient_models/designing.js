// Thirteen blocks under one budget: each as wide as it may be, its costs counted here. `counts.row` counts the same by layers, and a test compares both.
(() => {
  const root = document.currentScript.parentElement, order = document.querySelectorAll(".dlp-blocks").length - 1;
  const { recipes, measures, steps, least, widest, peak, bandwidth, start } = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const body = root.querySelector("tbody"), heads = root.querySelectorAll("thead th"), words = root.querySelector("output");
  const said = (number, digits = 0) => number.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

  // What stands for a number of channels in a recipe: C, 4C, a quarter, at least one, half; and sums such as C+2Q.
  const named = (C) => ({ C, W: 4 * C, Q: Math.floor(C / 4), S: Math.max(1, Math.floor(C / 4)), H: Math.floor(C / 2) });
  const sized = (text, names) => /^\d+$/.test(text) ? Number(text) : text.split("+").reduce((sum, part) => {
    const [, times, name] = /^(\d*)([A-Z])$/.exec(part);
    return sum + Number(times || 1) * names[name];
  }, 0);

  // MACs, weights, bytes once and least seconds of one image of a batch; with `fused`, a layer that only changes its one input costs its parameters.
  function cost(kind, C, size, batch, fused) {
    const places = size * size, names = named(C), total = { macs: 0, weights: 0, bytes: 0, seconds: 0 };
    let held = null; // a layer with MACs, and what was fused into it
    const flush = () => {
      if (!held) return;
      const bytes = 2 * (batch * held.values + held.params), arithmetic = 2 * batch * held.macs / peak;
      total.bytes += bytes / batch;
      total.seconds += Math.max(arithmetic, bytes / bandwidth) / batch;
      held = null;
    };
    const layer = (macs, reads, writes, params) => { flush(); held = { macs, values: reads + writes, params }; total.macs += macs; };
    const after = (values, params) => { if (fused) held.params += params; else layer(0, values, values, params); };
    const conv = (a, b, taps, groups, at, bias) => {
      const weights = a / groups * b * taps;
      total.weights += weights;
      layer(weights * at, a * at, b * at, weights + (bias ? b : 0));
    };
    for (const line of recipes[kind]) {
      const [op, ...rest] = line.split(" "), [a, b, taps = 1, groups = 1] = rest.map((text) => sized(text, names));
      if (op === "conv" || op === "last") {
        conv(a, b, taps, groups, places, false);
        after(b * places, 2 * b);
        if (op === "conv") after(b * places, 0);
      } else if (op === "shuffle") after(a * places, 0);
      else if (op === "join") layer(0, (a + b) * places, (a + b) * places, 0);
      else if (op === "add") layer(0, 2 * a * places, a * places, 0);
      else if (op === "excite") {
        layer(0, a * places, a, 0);
        conv(a, b, 1, 1, 1, true);
        after(b, 0);
        conv(b, a, 1, 1, 1, true);
        after(a, 0);
        layer(0, a * places + a, a * places, 0);
      }
    }
    flush();
    return total;
  }
  const amount = (costs, measure) => costs[measure] / measures[measure].unit;
  function fitted(kind, { measure, budget, size, batch, fused }) {
    let best = null;
    for (let C = least; C <= widest; C += steps[kind] ?? 1) {
      const costs = cost(kind, C, size, batch, fused);
      if (amount(costs, measure) > budget) break;
      best = { channels: C, ...costs };
    }
    return best;
  }

  const choice = (label, values, key) => `<label><span>${label}</span> <select data-key="${key}">${values.map(([value, text]) => `<option value="${value}">${text}</option>`).join("")}</select></label>`;
  root.insertAdjacentHTML("afterbegin", `<div class="dlp-controls">${choice("budget of", Object.entries(measures).map(([name, { label }]) => [name, label]), "measure")}` +
    `<label><span>at most</span> <input type="text" inputmode="decimal" autocomplete="off" spellcheck="false"></label>` +
    choice("maps of", [7, 14, 28, 56, 112].map((n) => [n, `${n} × ${n}`]), "size") + choice("batch", [1, 8, 32, 256].map((n) => [n, n]), "batch") +
    `<label><input type="checkbox"> <span>fused</span></label></div>`);
  const selects = root.querySelectorAll("select"), entry = root.querySelector('input[type="text"]'), fused = root.querySelector('input[type="checkbox"]');
  let state = { ...start };

  function show() {
    const found = Object.fromEntries(Object.keys(recipes).map((kind) => [kind, fitted(kind, state)])), { label } = measures[state.measure];
    Object.entries(found).forEach(([, own], i) => {
      const cells = own ? [said(own.channels), said(own.weights), said(own.macs / 1e6, 2), said(own.bytes / 1e3, 1), said(own.macs / own.bytes, 1), said(own.seconds * 1e6, 2)] : ["–", "–", "–", "–", "–", "–"];
      [...body.children[i].children].slice(1).forEach((cell, j) => { cell.textContent = cells[j]; });
    });
    heads.forEach((head) => head.toggleAttribute("data-held", head.dataset.measure === state.measure));
    const able = Object.entries(found).filter(([, own]) => own), best = able.reduce((a, b) => (a && a[1].channels >= b[1].channels ? a : b), null);
    words.textContent = best ? `At most ${said(state.budget, Number.isInteger(state.budget) ? 0 : 2)} ${label}: the widest block is ${best[0]}, ${said(best[1].channels)} channels.` : `No block is within ${state.budget} ${label}.`;
    selects.forEach((select) => { select.value = String(state[select.dataset.key]); });
    entry.value = String(state.budget);
    fused.checked = state.fused;
  }
  const change = (part) => {
    state = { ...state, ...part };
    show();
    try { history.replaceState({ ...history.state, blocks: { ...history.state?.blocks, [order]: state } }, ""); } catch { /* then not */ }
  };
  selects.forEach((select) => select.addEventListener("change", () => {
    const { key } = select.dataset;
    change(key === "measure" ? { measure: select.value, budget: measures[select.value].start } : { [key]: Number(select.value) });
  }));
  fused.addEventListener("change", () => change({ fused: fused.checked }));
  entry.addEventListener("change", () => {
    const text = entry.value.trim().replaceAll(",", ""), value = Number(text);
    if (text === "" || !(value > 0 && value < 1e12)) { words.textContent = "A budget is a number above zero."; return; }
    change({ budget: value });
  });
  addEventListener("pageshow", () => { const known = history.state?.blocks?.[order]; if (known) { state = known; show(); } });
  root.dlp = { cost, fitted };
  show();
})();
