// A sum of an integer kernel, rescaled by a multiplier and a shift, by two rules of rounding; every bit is computed here. `dlpatterns.quantize` does the same, and a test compares both.
(() => {
  const root = document.currentScript.parentElement, order = document.querySelectorAll(".dlp-rescale").length - 1;
  const { total: first, scale: start } = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const row = root.querySelector(".dlp-bit-row"), body = root.querySelector("tbody"), words = root.querySelector("output");
  const LOW = -(2 ** 31), HIGH = 2 ** 31 - 1, fits = (big) => big >= BigInt(LOW) && big <= BigInt(HIGH), FAR = 100000;
  const said = (number) => number.toLocaleString("en-US").replace("-", "−");
  let total = first, scale = start;

  // A scale as multiplier x 2^(shift - 31), the multiplier from 2^30 to 2^31 - 1.
  function multiplierOf(real) {
    if (!(real > 0)) return [0, 0];
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, real);
    const field = (view.getUint32(0) >>> 20) & 2047;
    if (!field) return [0, 0];
    let shift = field - 1022, multiplier = Math.floor(real / 2 ** shift * 2 ** 31 + 0.5);
    if (multiplier === 2 ** 31) { multiplier = 2 ** 30; shift++; }
    return shift < -31 ? [0, 0] : [multiplier, shift];
  }
  // What each rule makes of a sum; null where the original would overflow 32 bits.
  function steps(x, multiplier, shift) {
    const left = BigInt(Math.max(shift, 0)), right = BigInt(Math.max(-shift, 0)), shifted = BigInt(x) << left;
    const product = shifted * BigInt(multiplier), one = (product + (1n << (30n + right))) >> (31n + right);
    const high = fits(shifted) ? (product + (1n << 30n)) >> 31n : null;
    let double = high;
    if (high !== null && right) { // ties away from zero
      const size = high < 0n ? -high : high, twice = (size + (1n << (right - 1n))) >> right;
      double = high < 0n ? -twice : twice;
    }
    return { product, high, double, single: fits(one) ? one : null, right: Number(right) };
  }
  const requantise = (x, multiplier, shift, rule) => { const found = steps(x, multiplier, shift)[rule]; return found === null ? null : Number(found); };

  root.insertAdjacentHTML("afterbegin", `<div class="dlp-controls"><span class="dlp-control"><label><span>sum</span> <input type="text" inputmode="text" autocomplete="off" spellcheck="false"></label>` +
    `<button type="button" class="dlp-step" aria-label="sum less one">−</button><button type="button" class="dlp-step" aria-label="sum plus one">+</button></span>` +
    `<label><span>scale</span> <input type="text" inputmode="text" autocomplete="off" spellcheck="false"></label>` +
    `<button type="button" class="dlp-fill">next sum that differs</button></div>`);
  const [entry, factor] = root.querySelectorAll("input"), [less, more] = root.querySelectorAll(".dlp-step"), seek = root.querySelector(".dlp-fill");

  function show() {
    const [multiplier, shift] = multiplierOf(scale), found = steps(total, multiplier, shift), { product, right } = found, places = 31 + right;
    const size = (product < 0n ? -product : product).toString(2).length, wide = Math.max(places + 4, size + 1);
    const bits = BigInt.asUintN(wide, product).toString(2).padStart(wide, "0");
    row.innerHTML = [...bits].map((bit, i) => `<span class="dlp-bit dlp-${i < wide - places ? "exponent" : i < wide - 31 ? "sign" : "mantissa"}">${bit}</span>`).join("");
    const text = (value) => (value === null ? "overflow" : said(value));
    const cells = [[said(product)], [text(found.high), "–"], [text(found.double), text(found.single)]];
    [...body.children].forEach((line, i) => cells[i].forEach((cell, j) => { line.children[j + 1].textContent = cell; }));
    body.children[2].firstChild.textContent = `cut by ${right} more, or by ${places} at once`;
    const end = found.double === null || found.single === null ? "Beyond 32 bits the original is not defined." : found.double === found.single ? "Both rules agree." : "The rules differ by one.";
    words.textContent = `${said(total)} × ${String(scale)} = ${(total * scale).toFixed(6).replace("-", "−")}: multiplier ${said(multiplier)}, shift ${said(shift)}. ${end}`;
    entry.value = String(total);
    factor.value = String(scale);
  }
  const remember = () => { try { history.replaceState({ ...history.state, rescale: { ...history.state?.rescale, [order]: [total, scale] } }, ""); } catch { /* then not */ } };
  const change = () => { show(); remember(); };
  const read = (field) => { const text = field.value.trim().replace("−", "-").replaceAll(",", ""); return text === "" ? NaN : Number(text); };
  entry.addEventListener("change", () => {
    const value = read(entry);
    if (!Number.isInteger(value) || value < LOW || value > HIGH) { words.textContent = "A sum is a whole number of 32 bits."; return; }
    total = value;
    change();
  });
  factor.addEventListener("change", () => {
    const value = read(factor);
    if (!(value > 0 && value <= 2 ** 30)) { words.textContent = "A scale is a number above zero, up to 2 to the 30."; return; }
    scale = value;
    change();
  });
  const step = (by) => { total = Math.max(LOW, Math.min(HIGH, total + by)); change(); };
  less.addEventListener("click", () => step(-1));
  more.addEventListener("click", () => step(1));
  seek.addEventListener("click", () => {
    const [multiplier, shift] = multiplierOf(scale);
    for (let x = total + 1; x <= Math.min(total + FAR, HIGH); x++) {
      const { double, single } = steps(x, multiplier, shift);
      if (double !== null && single !== null && double !== single) { total = x; change(); return; }
    }
    words.textContent = `Among the next ${said(FAR)} sums the rules agree.`;
  });
  addEventListener("pageshow", () => { const known = history.state?.rescale?.[order]; if (known) { [total, scale] = known; show(); } });
  root.dlp = { multiplierOf, requantise };
  show();
})();
