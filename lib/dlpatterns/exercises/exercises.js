// Takes answers on a page without a kernel, and judges them as the library does.
(() => {
  const HEADS = { correct: "✓ Correct.", wrong: "✗ Not right yet.", open: "○ Not answered yet.", close: "≈ Right, but give more digits." };
  const COLOURS = { correct: "#2e8b57", wrong: "#d1495b", open: "#808080", close: "#b5720d" };
  const NO_NUMBER = "Type a number, or a calculation such as 64 * 200.";
  const NO_FORMULA = "This is no formula: write products with *, powers with **, and close all brackets.";
  const MOST_BITS = 14000n; // of a power of whole numbers, as in _formula.py
  class Wrong extends Error {} // what a student wrote cannot be read
  class Raised extends Error {} // what a student wrote cannot be computed; the message is Python's name for it

  // --- Reading, as _formula.py does
  function tidied(text) {
    text = text.replace(/²/g, "**2").replace(/³/g, "**3").normalize("NFKC");
    return text.replace(/[×⋅·∙•✕∗]/g, "*").replace(/[−–—‐‑‒]/g, "-").replace(/[÷∕⁄]/g, "/").replace(/、/g, ",")
      .replace(/[【〔]/g, "(").replace(/[】〕]/g, ")").trim();
  }
  const number = (text) => {
    const plain = text.replace(/(?<=\d)_(?=\d)/g, "");
    return /^-?\d+$/.test(plain) ? BigInt(plain) : Number(plain);
  };
  const TOKEN = /\s*(?:(\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_]*)|('[^']*'|"[^"]*")|(\*\*|\/\/|==|!=|<=|>=|[-+*\/%()^,<>&|~]))/uy;
  function tokens(text) {
    const found = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const match = TOKEN.exec(text);
      if (!match) throw new Wrong(NO_FORMULA);
      const [, digits, name, quoted, sign] = match;
      if (digits && (/^0\d/.test(digits) && /^\d+$/.test(digits) && Number(digits))) throw new Wrong(NO_FORMULA);
      found.push(digits ? { is: "number", value: number(digits) } : name ? { is: "name", name } : quoted ? { is: "other" } : { is: "sign", sign });
    }
    return found;
  }
  function parse(text) {
    const all = tokens(text);
    let at = 0;
    const sees = (...signs) => all[at]?.is === "sign" && signs.includes(all[at].sign);
    const take = (sign) => { if (!sees(sign)) throw new Wrong(NO_FORMULA); at++; };
    function left(signs, next) {
      let tree = next();
      while (sees(...signs)) tree = { is: "op", op: all[at++].sign, parts: [tree, next()] };
      return tree;
    }
    const whole = () => left(["==", "!=", "<", ">", "<=", ">=", "|"], () => left(["^"], () => left(["&"], sum)));
    const sum = () => left(["+", "-"], () => left(["*", "/", "//", "%"], factor));
    function factor() {
      if (sees("+", "-", "~")) return { is: "op", op: `u${all[at++].sign}`, parts: [factor()] };
      const base = atom();
      return sees("**") ? (at++, { is: "op", op: "**", parts: [base, factor()] }) : base;
    }
    function atom() {
      const token = all[at++];
      if (!token) throw new Wrong(NO_FORMULA);
      if (token.is === "sign") {
        if (token.sign !== "(") throw new Wrong(NO_FORMULA);
        const inside = whole();
        take(")");
        return inside;
      }
      if (!sees("(") || token.is !== "name") return token;
      at++;
      const parts = [];
      while (!sees(")")) { parts.push(whole()); if (!sees(")")) take(","); }
      at++;
      return { is: "call", name: token.name, parts };
    }
    const tree = whole();
    if (at < all.length) throw new Wrong(NO_FORMULA);
    return tree;
  }
  const listed = (names) => (names.length ? `${names.join(", ")}, ` : "");
  function mustBePlain(tree, names) {
    if (tree.op === "^") throw new Wrong("^ is no power in Python: write **.");
    if (tree.is === "name" && !names.includes(tree.name)) throw new Wrong(`The name ${tree.name.slice(0, 40)} is unknown; use ${names.join(", ")}.`);
    if (tree.is === "other" || (tree.is === "call" && !(tree.name in FUNCTIONS)) || (tree.is === "op" && !(tree.op in OPERATORS)))
      throw new Wrong(`Only numbers, ${listed(names)}+ - * / // % ** and ${Object.keys(FUNCTIONS).join(", ")} may be used.`);
    (tree.parts ?? []).forEach((part) => mustBePlain(part, names));
  }
  function read(text, names) {
    const tree = parse(tidied(text));
    mustBePlain(tree, names);
    return tree;
  }

  // --- Computing with Python's whole numbers (BigInt) and floats (Number)
  const both = (a, b) => typeof a === "bigint" && typeof b === "bigint";
  const mixed = (whole, real) => (a, b) => (both(a, b) ? whole(a, b) : finite(real(Number(a), Number(b))));
  function finite(x) { if (!Number.isFinite(x) && !Number.isNaN(x)) throw new Raised("OverflowError"); return x; }
  function divisor(b) { if (Number(b) === 0) throw new Raised("ZeroDivisionError"); return b; }
  function floored(a, b) { const q = a / b; return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q; }
  function modulo(a, b) { const r = a % b; return r && r < 0 !== b < 0 ? r + b : r; }
  function power(a, b) {
    if (both(a, b) && b >= 0n) { if (size(a) > 1n && BigInt(size(a).toString(2).length) * b > MOST_BITS) throw new Raised("OverflowError"); return a ** b; }
    if (Number(a) === 0 && b < 0) throw new Raised("ZeroDivisionError");
    return finite(Number(a) ** Number(b));
  }
  const OPERATORS = {
    "+": mixed((a, b) => a + b, (a, b) => a + b), "-": mixed((a, b) => a - b, (a, b) => a - b), "*": mixed((a, b) => a * b, (a, b) => a * b),
    "/": (a, b) => finite(Number(a) / Number(divisor(b))), "//": (a, b) => mixed(floored, (x, y) => Math.floor(x / y))(a, divisor(b)),
    "%": (a, b) => mixed((x, y) => floored(x, y) * -y + x, modulo)(a, divisor(b)), "**": power, "u-": (a) => -a, "u+": (a) => a,
  };
  const exactly = (count, f) => (...all) => { if (all.length !== count) throw new Raised("TypeError"); return f(...all); };
  const atLeastTwo = (f) => (...all) => { if (all.length < 2) throw new Raised("TypeError"); return all.reduce(f); };
  const within = (ok, f) => (x) => { if (!ok(Number(x))) throw new Raised("ValueError"); return finite(f(Number(x))); };
  const FUNCTIONS = {
    max: atLeastTwo((a, b) => (b > a ? b : a)), min: atLeastTwo((a, b) => (b < a ? b : a)), abs: exactly(1, (x) => (x < 0 ? -x : x)),
    ceil: exactly(1, (x) => (typeof x === "bigint" ? x : BigInt(Math.ceil(x)))), floor: exactly(1, (x) => (typeof x === "bigint" ? x : BigInt(Math.floor(x)))),
    sqrt: exactly(1, within((x) => x >= 0, Math.sqrt)), log2: exactly(1, within((x) => x > 0, Math.log2)),
    log: (...all) => all.length === 2 ? OPERATORS["/"](FUNCTIONS.log(all[0]), FUNCTIONS.log(all[1])) : exactly(1, within((x) => x > 0, Math.log))(...all),
    exp: exactly(1, within(() => true, Math.exp)),
  };
  function valueOf(tree, values) {
    if (tree.is === "number") return tree.value;
    if (tree.is === "name") return values[tree.name];
    const parts = tree.parts.map((part) => valueOf(part, values));
    return (tree.is === "call" ? FUNCTIONS[tree.name] : OPERATORS[tree.op])(...parts);
  }
  function outcome(tree, values) {
    try { return { value: valueOf(tree, values) }; } catch (error) { if (error instanceof Raised) return { error: error.message }; throw error; }
  }

  // --- Comparing, as _numbers.py does
  const size = (x) => (x < 0 ? -x : x);
  function close(expected, got, tolerance) {
    if (typeof got === "number" && !Number.isFinite(got)) return got === Number(expected);
    const off = both(expected, got) ? Number(size(got - expected)) : Math.abs(Number(got) - Number(expected)), scale = Math.abs(Number(expected));
    if (tolerance === null && typeof expected === "bigint") return off === 0 || (typeof got === "number" && off <= Math.min(1e-12 * scale, 1e-3));
    return off <= (tolerance ?? 1e-6) * scale;
  }
  const POWERS = (base, hint) => [1, 2, 3].flatMap((p) => [[base ** p, hint], [1 / base ** p, hint]]);
  const FACTORS = [
    [-1, "The sign is wrong."], [2, "Exactly twice too much: is something counted twice, or a MAC as two operations?"],
    [0.5, "Exactly half: is one of two equal parts missing?"], [100, "A hundred times too much: a share, or per cent?"],
    [0.01, "A hundredth: a share, or per cent?"], [8, "Eight times too much: bits, or bytes?"], [0.125, "An eighth: bits, or bytes?"],
    ...POWERS(1000, "Off by a power of a thousand: look at the unit."), ...POWERS(1024, "Off by a power of 1024: look at the unit."),
  ];
  function slip(expected, got) {
    const [a, b] = [Number(got), Number(expected)];
    if (b) for (const [factor, hint] of FACTORS) if (Math.abs(a - b * factor) <= 1e-9 * Math.abs(b * factor)) return hint;
    return typeof expected === "bigint" && Math.abs(a - b) === 1 ? "You are off by one." : "";
  }
  function difference(expected, got, tolerance) {
    if (Number.isNaN(got)) return { what: "Yours is NaN, which is no number: was something divided by zero?", hint: "" };
    if (close(expected, got, tolerance)) return null;
    return { what: got > expected ? "Yours is too large." : "Yours is too small.", hint: slip(expected, got) };
  }
  function agreeing(expected, got) { // digits, two or more, to which a rounded or cut number agrees
    if (typeof expected !== "number" || !Number.isFinite(Number(got))) return 0;
    const text = String(got), digits = text.replace(/e.*/, "").replace(/[-.]/g, "").replace(/^0+/, "");
    const places = (text.split(".")[1] ?? "").length, plain = typeof got === "number" ? digits : digits.replace(/0+$/, "");
    if (plain.length < 2 || /e/.test(text) || (!places && /0$/.test(text))) return 0;
    const unit = 10 ** -places, off = Math.abs(expected) - Math.abs(Number(got));
    const same = Math.sign(expected) === Math.sign(Number(got));
    return same && (Math.abs(off) <= 0.5 * unit * (1 + 1e-9) || (off > 0 && off < unit * (1 - 1e-9))) ? plain.length : 0;
  }

  // --- Saying it
  function describe(x) {
    if (typeof x === "bigint") return size(x) >> 499n ? "a whole number of more than 150 digits" : x.toLocaleString("en-US");
    if (typeof x === "number" && !Number.isFinite(x)) return x > 0 ? "inf" : x < 0 ? "-inf" : "nan";
    const far = size(x) >= 1e16 || (x && size(x) < 1e-4);
    if (far) return x.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
    return Number.isInteger(x) ? `${x}.0` : String(x);
  }
  const quoted = (text) => (text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", "\\'")}'`);
  const wrong = (message, rows = [], hint = "") => ({ status: "wrong", message, rows, hint });
  function judgeNumber(q, text) {
    let value;
    try { value = valueOf(read(tidied(text).replace(/(?<=\d)[,\s_'](?=\d{3}(?!\d))/g, ""), []), {}); } catch { return wrong(NO_NUMBER, [["yours", text]]); }
    const answer = number(q.answer), found = difference(answer, value, q.tolerance);
    if (!found) return { status: "correct", message: q.why };
    const [, hint = ""] = q.mistakes.find(([mistake]) => close(number(mistake), value, q.tolerance)) ?? [];
    const digits = hint ? 0 : agreeing(answer, value);
    if (digits) return { status: "close", message: `It agrees to ${digits} digits. Round only at the end.` };
    return wrong(found.what, [["yours", describe(value)]], hint || found.hint);
  }
  function judgeChoice(q, label) {
    if (label === q.answer) return { status: "correct", message: q.why };
    const found = q.mistakes.find(([mistake]) => mistake === label);
    return wrong(found ? "It is another one." : `Choose one of ${q.labels.map((it) => `'${it}'`).join(", ")}.`, [["yours", quoted(label)]], found?.[1] ?? "");
  }
  function judgeFormula(q, text) {
    let given;
    try { given = read(text, q.names); } catch (error) { if (!(error instanceof Wrong)) throw error; return wrong(error.message, [["yours", quoted(text)]]); }
    const cases = q.cases.map((row) => Object.fromEntries(q.names.map((name, i) => [name, number(row[i])])));
    const values = (tree) => cases.map((one) => outcome(tree, one)), yours = values(given), expected = values(read(q.answer, q.names));
    const differ = (a, b) => b.error ? { what: `Your formula raises ${b.error}.`, hint: "" } : a.error ? { what: "", hint: "" } : difference(a.value, b.value, q.tolerance);
    const found = expected.map((one, i) => differ(one, yours[i])), first = found.findIndex(Boolean);
    if (first < 0) return { status: "correct", message: q.why };
    const fits = ([mistake]) => values(read(mistake, q.names)).every((one, i) => !differ(one, yours[i]));
    const hints = new Set(found.filter(Boolean).map(({ hint }) => hint)), hint = q.mistakes.find(fits)?.[1] ?? (hints.size === 1 ? [...hints][0] : "");
    const told = ({ value, error }) => error ?? describe(value), written = q.names.map((name) => `${name}=${describe(cases[first][name])}`).join(", ");
    return wrong(found[first].what, [["for", written], ["expected", told(expected[first])], ["yours", told(yours[first])]], hint);
  }
  function judge(q, text) {
    if (!text.trim()) return { status: "open", message: `Expected: ${q.expects}.` };
    return { number: judgeNumber, choice: judgeChoice, formula: judgeFormula }[q.kind](q, text.trim());
  }

  // --- Showing it
  function element(name, text = "", inside = []) {
    const made = document.createElement(name);
    made.append(...text.split(/`([^`]+)`/).map((part, i) => (i % 2 ? element("code", "", [part]) : part)), ...inside);
    return made;
  }
  function show(box, { status, message, rows = [], hint = "" }) {
    const lines = [element("div", "", [element("strong", HEADS[status]), " ", ...element("span", message).childNodes])];
    for (const [label, value] of rows) lines.push(element("div", "", [`${label}: `, element("code", "", [value])]));
    if (hint) lines.push(element("div", "", [element("strong", "Hint:"), " ", ...element("span", hint).childNodes]));
    box.replaceChildren(...lines);
    box.style.borderLeftColor = COLOURS[status];
  }
  function take(place) {
    const q = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(place.dataset.task), (c) => c.charCodeAt(0))));
    place.dlp = (text) => judge(q, text);
    if (q.kind === "code") return place.append(element("p", "This one is code: run it in the notebook, which the download button above brings, and its check answers there."));
    const form = element("form"), verdict = element("div"), label = q.kind === "choice" ? "Your choice" : q.kind === "formula" ? "Your formula" : "Your answer";
    form.autocomplete = "off";
    if (q.kind === "choice") {
      form.setAttribute("role", "radiogroup");
      form.setAttribute("aria-label", label);
      for (const one of q.labels) {
        const input = Object.assign(element("input"), { type: "radio", name: q.name, value: one });
        form.append(element("label", "", [input, ` ${one}`]));
      }
    } else {
      const input = Object.assign(element("input"), { type: "text", name: "answer", maxLength: 200, spellcheck: false, autocapitalize: "off", enterKeyHint: "done" });
      form.append(element("label", "", [`${label} `, input]));
    }
    form.append(" ", element("button", "Check"));
    verdict.className = "dlp-reply";
    verdict.setAttribute("role", "status");
    verdict.setAttribute("aria-live", "polite");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      show(verdict, judge(q, String(new FormData(form).get(q.kind === "choice" ? q.name : "answer") ?? "")));
    });
    place.append(form, verdict);
  }
  document.querySelectorAll(".bd-article .dlp-answer").forEach(take);
})();
