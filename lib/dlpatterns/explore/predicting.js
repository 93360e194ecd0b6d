// Takes a reader's guess in place of the folded answer, keeps it in this browser, and shows it beside the answer.
(() => {
  const SCALES = "SCALES", MILLI = "MILLI", BYTES = "BYTES", UNIT = new RegExp("UNIT"), GUESS = new RegExp("GUESS", "i");
  const CANNOT_READ = "CANNOT_READ", RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻";
  const PREFIXES = [[1e18, "E"], [1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const here = document.currentScript.parentElement, taken = (window.dlpTaken ||= new Map());

  // --- Reading a guess, as guesses.py does
  function tidied(text) {
    text = text.replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+/g, (it) => "^" + [...it].map((one) => "0123456789+-"[RAISED.indexOf(one)]).join(""));
    text = text.normalize("NFKC").trim();
    for (const [old, now] of [["⁄", "/"], ["÷", "/"], ["−", "-"], ["–", "-"], ["、", ","]]) text = text.replaceAll(old, now);
    text = text.replace(/[×·∙✕]/g, "*").replace(/^(?:[~≈=]|about|around|roughly|ca\.?|大约|约)\s*/, "");
    return text.replace(/(\d)[\s_'’](?=\d{3}(?!\d))/g, "$1");
  }
  function plain(token) {
    let [digits, power = "0"] = token.toLowerCase().split("e");
    if (/^[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/.test(digits)) digits = digits.replaceAll(",", "");
    else if (/^[1-9]\d{0,2}(\.\d{3}){2,}$/.test(digits)) digits = digits.replaceAll(".", "");
    else if (/^\d*,\d+$/.test(digits)) digits = digits.replace(",", ".");
    else if (!/^(\d+\.?\d*|\.\d+)$/.test(digits)) throw CANNOT_READ;
    return Number(`${digits}e${power}`);
  }
  function parts(unit) {
    if (unit.startsWith("%")) return [1e-2, unit.slice(1).trim()];
    const [word, ...base] = unit.split(" "), found = unit.match(UNIT);
    if (word.length > 2 && word in SCALES) return [SCALES[word], base.join(" ")];
    return found ? [found[1] === "m" ? 1e-3 : SCALES[found[1]], found[2]] : [1, unit];
  }
  function scale(rest, unit, read) {
    const [own, base] = parts(unit), stem = (it) => it.toLowerCase().replace(/s+$/, "");
    rest = rest.trim().replace(/\.+$/, "").trim();
    const whole = rest;
    if (!rest || stem(rest) === stem(tidied(unit))) return 1;
    if (base && rest.toLowerCase().endsWith(base.toLowerCase())) rest = rest.slice(0, rest.length - base.length).trim();
    if (!rest) return 1 / own;
    if (rest === "m" && MILLI.includes(base)) return 1e-3 / own;
    if (/^b$/i.test(rest) && !BYTES.includes(base.toLowerCase())) return 1e9 / own;
    const factor = SCALES[rest] ?? SCALES[rest.toLowerCase()];
    if (factor === undefined || rest === "m")
      throw `I can read ${read}, but not “${whole}”.${rest === "m" ? " For a million write M." : ""}${unit ? ` The unit here is ${unit}.` : ""}`;
    return factor === 1 ? 1 : factor / own;
  }
  function parse(text, unit) {
    const typed = tidied(text);
    if (!typed) throw "Type a number first; a rough guess is enough.";
    const found = typed.match(GUESS);
    if (!found) throw CANNOT_READ;
    const [, sign, first, raised, operator, second, raisedToo, rest] = found;
    let value = plain(first) ** Number(raised ?? 1);
    if (operator) {
      const other = plain(second) ** Number(raisedToo ?? 1);
      value = operator === "/" ? value / other : value * other;
    }
    value *= scale(rest, unit, first);
    if (!(Math.abs(value) <= 1e100 && (value === 0 || Math.abs(value) >= 1e-100))) throw "That is beyond all numbers. Try a smaller one.";
    return sign === "-" ? -value : value;
  }
  function understood(q, text) {
    if (q.choices) {
      if (!q.choices.includes(text)) throw "Choose one first; a hunch is enough.";
      return text;
    }
    const value = parse(text, q.unit);
    if (q.scale === "log" && value <= 0) throw "On this axis every number is above zero. Try a positive one.";
    return value;
  }

  // --- Saying how near it is, as predicting.py does
  const near = (q, guess) => (q.choices || !q.answer ? guess === q.answer : guess / q.answer >= 0.5 && guess / q.answer <= 2);
  const counted = (x) => (x < 9.95 ? x.toFixed(1) : x < 1e6 ? Math.round(x).toLocaleString("en") : `10^${Math.round(Math.log10(x))}`);
  function verdict(q, guess) {
    if (guess === q.answer) return q.choices ? "right." : "exactly right.";
    if (q.choices) return "not what you said.";
    const ratio = guess / q.answer, factor = Math.max(ratio, 1 / ratio), side = guess < q.answer ? "low" : "high";
    if (!q.answer || ratio <= 0) return `your guess is too ${side}.`;
    return factor < 1.05 ? "within five per cent." : `your guess is a factor of ${counted(factor)} too ${side}.`;
  }
  const sentence = (q, text, guess) => `You said ${text}. It is ${q.said}: ${verdict(q, guess)}`;
  function short(x) {
    const size = Math.abs(x), [by, prefix] = PREFIXES.find(([least]) => size >= least) ?? [1, ""];
    if (x && (size >= 1e21 || size < 1e-3)) return x.toExponential(0).replace("e+", "e");
    return `${Number((x / by).toPrecision(3))} ${prefix}`.trim();
  }
  function ends(q, guess) {
    if (q.scale === "log") {
      const low = q.low ?? 10 ** Math.floor(Math.log10(Math.min(guess, q.answer)));
      const high = q.high ?? 10 ** Math.ceil(Math.log10(Math.max(guess, q.answer)));
      return [low, high > low ? high : low * 10];
    }
    const low = q.low ?? Math.min(0, 1.1 * guess, 1.1 * q.answer), high = q.high ?? Math.max(0, 1.1 * guess, 1.1 * q.answer);
    return [low, high > low ? high : low + 1];
  }
  function ticks(q, [low, high]) {
    const log = q.scale === "log", from = log ? Math.log10(low) : low, to = log ? Math.log10(high) : high;
    let step = (to - from) / 5;
    const power = 10 ** Math.floor(Math.log10(step));
    step = log ? Math.max(1, Math.ceil(step)) : power * ([1, 2, 5].find((it) => step <= it * power * (1 + 1e-9)) ?? 10);
    const all = [];
    for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++) all.push(log ? 10 ** (k * step) : k * step);
    return all.length > 1 ? all : [low, high];
  }
  function axis(q, guess) {
    const [low, high] = ends(q, guess), f = q.scale === "log" ? Math.log10 : (x) => x;
    const at = (x) => 4 + 92 * Math.min(1, Math.max(0, (f(x) - f(low)) / (f(high) - f(low))));
    const word = (x, y, text, colour) =>
      `<text x="${x.toFixed(1)}%" y="${y}" text-anchor="${x < 14 ? "start" : x > 86 ? "end" : "middle"}" fill="${colour}">${text}</text>`;
    const marks = ticks(q, [low, high]).map((x) => `<line x1="${at(x).toFixed(1)}%" x2="${at(x).toFixed(1)}%" y1="26" y2="34" stroke="currentColor"/>` +
      word(at(x), 68, short(x), "currentColor"));
    const beyond = guess > high ? "your guess →" : guess < low ? "← your guess" : "your guess";
    return `<svg class="dlp-axis" width="100%" height="74" font-size="12" aria-hidden="true"><line x1="4%" x2="96%" y1="30" y2="30" stroke="currentColor"/>` +
      marks.join("") + `<circle cx="${at(guess).toFixed(1)}%" cy="30" r="6" fill="var(--dlp-orange, #ab6506)"/>` + word(at(guess), 16, beyond, "var(--dlp-orange, #ab6506)") +
      `<circle cx="${at(q.answer).toFixed(1)}%" cy="30" r="6" fill="var(--dlp-blue, #2b69d3)"/>` + word(at(q.answer), 51, "the answer", "var(--dlp-blue, #2b69d3)") + `</svg>`;
  }

  // --- Keeping guesses: in the browser where it allows that, and as long as the page stands where not
  const place = (key) => `dlp.guess.${key}`;
  function recall(key) {
    try { return localStorage.getItem(place(key)) ?? taken.get(key) ?? null; } catch { return taken.get(key) ?? null; }
  }
  function keep(key, text) {
    if (text === null) taken.delete(key); else taken.set(key, text);
    try { if (text === null) localStorage.removeItem(place(key)); else localStorage.setItem(place(key), text); } catch { /* only this page remembers */ }
    document.dispatchEvent(new Event("dlp-guess"));
  }
  const data = (root) => JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  function guessed(q) {
    const text = recall(q.key);
    try { return text === null ? null : { text, value: understood(q, text) }; } catch { return null; }
  }

  // --- A question
  function ask(root) {
    const q = data(root), details = root.querySelector("details"), question = root.querySelector(".dlp-question");
    const form = document.createElement("form"), name = `guess-${q.key}-${Math.random().toString(36).slice(2, 7)}`;
    form.autocomplete = "off";
    form.noValidate = true;
    question.id = `${name}-question`;
    form.innerHTML = (q.choices
      ? `<div role="radiogroup" aria-labelledby="${name}-question"></div>`
      : `<label><span>Your guess</span> <input type="text" maxlength="60" enterkeyhint="done" autocapitalize="off" spellcheck="false" aria-describedby="${name}-question"> <span></span></label>`) +
      ` <button></button>`;
    if (q.choices) q.choices.forEach((choice) => {
      const label = document.createElement("label");
      label.innerHTML = `<input type="radio" name="${name}"> <span></span>`;
      label.querySelector("input").value = choice;
      label.querySelector("span").textContent = choice;
      form.firstElementChild.append(label);
    });
    else form.querySelector("label").lastElementChild.textContent = q.unit;
    details.insertAdjacentHTML("beforebegin", `<div class="dlp-verdict"><p role="status" aria-live="polite"></p></div>`);
    details.before(form, root.querySelector(".dlp-verdict"));
    details.querySelector("summary").textContent = "Skip: show the answer";
    root.querySelector(".dlp-choices")?.remove();
    const inputs = [...form.querySelectorAll("input")], button = form.querySelector("button"), result = root.querySelector(".dlp-verdict");
    const say = (text) => { if (result.firstElementChild.textContent !== text) result.firstElementChild.textContent = text; };
    const typed = () => (q.choices ? inputs.find((one) => one.checked)?.value ?? "" : inputs[0].value);

    let shown; // what stands there; another question's guess leaves a kind word alone

    function show() {
      const guess = guessed(q);
      if (shown === (guess?.text ?? null)) return;
      shown = guess?.text ?? null;
      root.classList.toggle("dlp-committed", Boolean(guess));
      button.type = guess ? "button" : "submit";
      button.textContent = guess ? "Guess again" : "Commit";
      details.hidden = Boolean(guess);
      result.querySelector("svg")?.remove();
      inputs.forEach((one) => { if (q.choices) one.disabled = Boolean(guess); else one.readOnly = Boolean(guess); });
      if (!guess) return say("");
      if (q.choices) inputs.forEach((one) => (one.checked = one.value === guess.text)); else inputs[0].value = guess.text;
      say(sentence(q, guess.text, guess.value));
      if (!q.choices) result.insertAdjacentHTML("beforeend", axis(q, guess.value));
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (guessed(q)) return;
      const text = typed().trim();
      try { understood(q, text); } catch (word) { say(String(word)); inputs[0].focus(); return; }
      keep(q.key, text);
    });
    button.addEventListener("click", (event) => {
      if (button.type !== "button") return;
      event.preventDefault();
      keep(q.key, null);
      inputs.forEach((one) => { if (q.choices) one.checked = false; else one.value = ""; });
      inputs[0].focus();
    });
    follow(show);
  }
  function follow(show) {
    ["dlp-guess", "storage", "pageshow"].forEach((kind) => (kind === "dlp-guess" ? document : window).addEventListener(kind, show));
    show();
  }

  // --- How many were near
  function sum(root) {
    const line = root.querySelector('[role="status"]'), all = data(root).questions;
    follow(() => {
      const known = all.map((q) => ({ q, guess: guessed(q) })).filter(({ guess }) => guess);
      const of = (choice) => known.filter(({ q }) => Boolean(q.choices) === choice);
      const right = (some) => some.filter(({ q, guess }) => near(q, guess.value)).length;
      const [numbers, choices] = [of(false), of(true)];
      const text = [`You committed ${known.length} of ${all.length} predictions.`];
      if (numbers.length) text.push(`Within a factor of two: ${right(numbers)} of ${numbers.length}.`);
      if (choices.length) text.push(`Right choices: ${right(choices)} of ${choices.length}.`);
      if (line.textContent !== text.join(" ")) line.textContent = text.join(" ");
    });
  }
  here.matches(".dlp-predict") ? ask(here) : sum(here);
  here.dlp = { parse, understood, sentence, axis, near };
})();
