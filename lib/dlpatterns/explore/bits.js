// Bits of a number that the reader flips; value, formula and neighbours are computed here. `dlpatterns.formats` does the same, and a test compares both.
(() => {
  const root = document.currentScript.parentElement, order = document.querySelectorAll(".dlp-bits").length - 1;
  const { forms, code: first } = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const row = root.querySelector(".dlp-bit-row"), words = root.querySelector("output");
  const minus = (text) => text.replace("-", "−");
  const name = (value) => (Object.is(value, -0) ? "−0" : Number.isNaN(value) ? "NaN" : minus(String(value)).replace("Infinity", "∞"));

  function parts(form, code) {
    const sign = form.signed && form.kind === "float" ? Math.floor(code / 2 ** (form.bits - 1)) : 0;
    const body = code - sign * 2 ** (form.bits - 1);
    return { sign, body, field: Math.floor(body / 2 ** form.mantissa), mantissa: body % 2 ** form.mantissa };
  }
  function kind(form, code) {
    if (form.kind === "integer") return "integer";
    const { body, field, mantissa } = parts(form, code);
    if (form.nans === "ieee" && field === 2 ** form.exponent - 1) return mantissa ? "not a number" : "infinity";
    if (form.nans === "one" && body === 2 ** (form.exponent + form.mantissa) - 1) return "not a number";
    if (form.subnormals && field === 0) return mantissa ? "subnormal" : "zero";
    return "normal";
  }
  function decode(form, code) {
    if (form.kind === "integer") return form.signed && code >= 2 ** (form.bits - 1) ? code - 2 ** form.bits : code;
    const { sign, field, mantissa } = parts(form, code), what = kind(form, code);
    if (what === "not a number") return NaN;
    const size = what === "infinity" ? Infinity
      : form.subnormals && field === 0 ? mantissa * 2 ** (1 - form.bias - form.mantissa)
      : (1 + mantissa / 2 ** form.mantissa) * 2 ** (field - form.bias);
    return sign ? -size : size;
  }

  // To nearest, ties to even; what is too large becomes infinity, or the largest number. Null for what the format does not have.
  const nearest = (x) => { const low = Math.floor(x), rest = x - low; return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low; };
  function exponentOf(size) {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, size);
    const field = (view.getUint32(0) >>> 20) & 2047;
    return field ? field - 1023 : -1074;
  }
  function encode(form, value) {
    if (form.kind === "integer") {
      if (Number.isNaN(value)) return null;
      const low = form.signed ? -(2 ** (form.bits - 1)) : 0, whole = Math.sign(value) * nearest(Math.min(Math.abs(value), 2 ** 40));
      return (Math.max(low, Math.min(low + 2 ** form.bits - 1, whole)) + 2 ** form.bits) % 2 ** form.bits;
    }
    const negative = value < 0 || Object.is(value, -0), size = Math.abs(value), sign = form.signed && negative ? 2 ** (form.bits - 1) : 0;
    if (Number.isNaN(value)) return form.nan;
    if ((negative && !form.signed) || (size === 0 && !form.subnormals)) return null;
    if (size === Infinity) return sign + form.limit;
    const least = (form.subnormals ? 1 : 0) - form.bias, exponent = Math.max(size ? exponentOf(size) : least, least);
    const whole = nearest(size * 2 ** (form.mantissa - exponent)) - (form.subnormals ? 0 : 2 ** form.mantissa);
    const code = Math.max((exponent - least) * 2 ** form.mantissa + whole, 0);
    return sign + (code > form.largest ? form.limit : code);
  }

  function formula(form, code) {
    if (form.kind === "integer") {
      const weights = [...code.toString(2).padStart(form.bits, "0")].map((bit, i) => (bit === "1" ? (i || !form.signed ? 1 : -1) * 2 ** (form.bits - 1 - i) : 0)).filter(Boolean);
      return weights.length ? minus(weights.join(" + ")) : "0";
    }
    const what = kind(form, code);
    if (what !== "normal" && what !== "subnormal") return what;
    const { sign, field, mantissa } = parts(form, code);
    let top = mantissa, below = 2 ** form.mantissa;
    while (top && top % 2 === 0) { top /= 2; below /= 2; }
    const fraction = top ? ` + ${top}/${below}` : "";
    return `${sign ? "−" : ""}2<sup>${Math.max(field, form.subnormals ? 1 : 0)} − ${form.bias}</sup> × (${what === "normal" ? 1 : 0}${fraction})`;
  }

  // --- What the reader sees -------------------------------------------------------------
  const options = forms.map((form, i) => `<option value="${i}">${form.name}</option>`).join("");
  root.insertAdjacentHTML("afterbegin", `<div class="dlp-controls"><label><span>format</span> <select autocomplete="off">${options}</select></label>` +
    `<label><span>number</span> <input type="text" inputmode="text" autocomplete="off" spellcheck="false" size="12"></label>` +
    `<span class="dlp-control"><button type="button" class="dlp-step" aria-label="code before">−</button><button type="button" class="dlp-step" aria-label="code after">+</button></span></div>`);
  const menu = root.querySelector("select"), entry = root.querySelector("input"), [before, after] = root.querySelectorAll(".dlp-step");
  let form = forms[0], code = first;

  const FIELDS = ["sign", "exponent", "mantissa"];
  function fieldOf(i) {
    if (form.kind === "integer") return i === 0 && form.signed ? "sign" : "mantissa";
    const sign = form.signed ? 1 : 0;
    return FIELDS[i < sign ? 0 : i < sign + form.exponent ? 1 : 2];
  }
  function build() {
    row.innerHTML = Array.from({ length: form.bits }, (_, i) => `<button type="button" class="dlp-bit dlp-${fieldOf(i)}" data-i="${i}" tabindex="${i ? -1 : 0}"></button>`).join("");
  }
  function show() {
    const bits = code.toString(2).padStart(form.bits, "0"), value = decode(form, code), what = kind(form, code);
    [...row.children].forEach((button, i) => {
      button.textContent = bits[i];
      button.setAttribute("aria-pressed", String(bits[i] === "1"));
      button.setAttribute("aria-label", `${bits[i]}, ${form.kind === "integer" && fieldOf(i) === "mantissa" ? "bit" : fieldOf(i)}, weight 2 to the ${form.bits - 1 - i}`);
    });
    const next = code + 1 < 2 ** form.bits ? decode(form, code + 1) : NaN, gap = Math.abs(next - value);
    const step = Number.isFinite(gap) && gap > 0 ? `, to the next code ${name(gap)}` : "";
    words.innerHTML = `<strong>${name(value)}</strong> = ${formula(form, code)} <span>(${what}, code ${code} = 0x${code.toString(16).toUpperCase()}${step})</span>`;
  }
  function set(formAt, to) {
    form = forms[formAt];
    menu.value = formAt;
    code = to;
    build();
    show();
  }
  const remember = () => { try { history.replaceState({ ...history.state, bits: { ...history.state?.bits, [order]: [forms.indexOf(form), code] } }, ""); } catch { /* then not */ } };
  const flip = (i) => { const weight = 2 ** (form.bits - 1 - i); code += Math.floor(code / weight) % 2 ? -weight : weight; show(); remember(); };

  row.addEventListener("click", (event) => { const button = event.target.closest("button"); if (button) flip(Number(button.dataset.i)); });
  row.addEventListener("keydown", (event) => {
    const at = Number(event.target.dataset.i), to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: form.bits - 1 }[event.key];
    if (to === undefined || !row.children[to]) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    row.children[to].tabIndex = 0;
    row.children[to].focus();
  });
  menu.addEventListener("change", () => { // the value goes along, as far as the format has it
    const value = decode(form, code), to = forms[menu.value], kept = encode(to, value);
    set(Number(menu.value), kept ?? 0);
    remember();
  });
  entry.addEventListener("change", () => {
    const text = entry.value.trim().replace("−", "-").replace("∞", "Infinity").replace(/^([+-]?)inf(inity)?$/i, "$1Infinity");
    const value = /^nan$/i.test(text) ? NaN : text === "" ? undefined : Number(text);
    if (value === undefined || (Number.isNaN(value) && !/^nan$/i.test(text))) return;
    const kept = encode(form, value);
    if (kept === null) { words.textContent = `${form.name} has no such number`; return; }
    code = kept;
    show();
    remember();
  });
  const step = (by) => { code = (code + by + 2 ** form.bits) % 2 ** form.bits; show(); remember(); };
  before.addEventListener("click", () => step(-1));
  after.addEventListener("click", () => step(1));
  addEventListener("pageshow", () => { const known = history.state?.bits?.[order]; if (known && forms[known[0]]) set(...known); });
  root.dlp = { decode: (at, it) => decode(forms[at], it), encode: (at, it) => encode(forms[at], it), names: forms.map((one) => one.name) };
  set(0, first);
})();
