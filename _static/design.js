// The page on which a reader designs a chip: reads its controls, asks the library, draws the answer, and keeps the design in the address. Nothing is loaded before the button is pressed; from then on each change is answered.
(() => {
  const root = document.querySelector(".dlp-designer"), form = root.querySelector("form");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const { folder, version, ready } = root.dataset;
  const library = new LibraryInBrowser(folder, version);
  const { made, table, scrolling } = partsOfPages;
  const controls = [...form.querySelectorAll("[name]")];
  const settings = (one) => (one.type === "range" ? one.dataset.settings.split(" ") : [...one.options].map((option) => option.value));
  const say = (text, quietly = false) => {
    part("status").textContent = text;
    part("status").classList.toggle("dlp-quiet", quietly); // stands in the answer: said to those who listen
  };
  const hindrance = () => library.hindrance(ready, "design one in the exercise “Your chip” of the lecture's notebook");
  let shown = "", waiting, asking = false, again = false;
  library.says = (text) => { if (!part("answer").childElementCount) say(text); };

  const get = (one) => (one.type === "range" ? settings(one)[one.value] : one.value);

  function put(one, value) {
    one.value = one.type === "range" ? settings(one).indexOf(value) : value;
    tell(one);
  }

  function tell(one) {
    if (one.type !== "range") return;
    const text = one.dataset.words.split("|")[one.value];
    one.nextElementSibling.textContent = text;
    one.setAttribute("aria-valuetext", text);
  }

  // The design as the address keeps it: what is usual is left out.
  function design() {
    const given = new URLSearchParams();
    for (const one of controls) if (get(one) !== one.dataset.usual) given.set(one.name, get(one));
    return given;
  }

  // Sets the controls; returns what an address has that no control has.
  function fill(given) {
    const wrong = [];
    for (const name of given.keys()) if (!controls.some((one) => one.name === name)) wrong.push(`it names “${name}”, which is no control`);
    for (const one of controls) {
      const value = given.get(one.name) ?? one.dataset.usual, known = settings(one).includes(value);
      if (!known) wrong.push(`${one.name} can't be “${value}” (choose one of ${settings(one).join(", ")})`);
      put(one, known ? value : one.dataset.usual);
    }
    return wrong.map((text) => text.slice(0, 300)).join("; ");
  }

  // A budget as it is used up: the parts of one bar, or a bar a part, and a mark where the budget ends.
  function bars({ parts, says, used }, { name, together }) {
    const box = document.createElement("div"), list = document.createElement("ul"), most = Math.max(1, used);
    box.className = together ? "dlp-parts" : "dlp-rows";
    box.append(made("p", `${name}: ${says}`, { className: together && used > 1 ? "dlp-too-much" : "" }));
    const track = (pieces) => {
      const line = made("div", "", { className: "dlp-track" }), mark = made("i", "");
      line.setAttribute("aria-hidden", "true");
      for (const [share, kind] of pieces) {
        const piece = made("span", "", { className: kind });
        piece.style.width = `${(100 * share) / most}%`;
        line.append(piece);
      }
      mark.style.left = `${100 / most}%`;
      line.append(mark);
      return line;
    };
    if (together) box.append(track(parts.map(([, share], place) => [share, `dlp-piece-${place}`])));
    parts.forEach(([label, share, text], place) => {
      const item = made("li", "", { className: together ? `dlp-piece-${place}` : "" });
      item.append(made("span", label), ...(together ? [" "] : [track([[share, share > 1 ? "dlp-piece-4" : "dlp-piece-0"]])]), made("span", text));
      list.append(item);
    });
    box.append(list);
    return box;
  }

  function folded(title, ...inside) {
    const one = document.createElement("details");
    one.append(made("summary", title), ...inside);
    return one;
  }

  function show(answer) {
    const open = [...root.querySelectorAll("details")].map((one) => one.open), place = part("answer");
    if (answer.error) { place.replaceChildren(); return say(`Not weighed. ${answer.error}`); }
    const score = document.createElement("p");
    score.className = "dlp-score";
    score.append(made("span", "Score "), made("strong", answer.score), made("span", answer.over ? ` ${answer.over}` : ` ${answer.verdict}`));
    const budgets = document.createElement("div");
    budgets.className = "dlp-budgets";
    budgets.append(bars(answer.area, { name: "Area", together: true }), bars(answer.power, { name: "Power", together: false }));
    const facts = table(answer.facts, false), figure = document.createElement("figure"), limits = document.createElement("ul");
    facts.classList.add("dlp-facts");
    figure.innerHTML = answer.svg; // drawn by the library, names escaped
    figure.append(made("figcaption", answer.caption));
    limits.append(...answer.limits.map((text) => made("li", text)));
    place.replaceChildren(
      made("p", answer.title, { className: "dlp-title" }), score, budgets, figure,
      made("p", "Six networks", { className: "dlp-title" }), scrolling(answer.networks, "Six networks"),
      folded("What limits it", limits), folded("The die", facts),
      folded("Six metrics, beside the book's quickest", scrolling(answer.metrics, "Six metrics")),
      ...(answer.known.length ? [folded("Chips of the world in this model", scrolling(answer.known, "Chips of the world"))] : []),
    );
    root.querySelectorAll("details").forEach((one, which) => { one.open = open[which] ?? which === 0; });
    part("share").hidden = false;
    say(`Score ${answer.score}. ${answer.over || answer.verdict}`, true);
  }

  async function ask() {
    if (asking) { again = true; return; }
    const problem = hindrance();
    if (problem) return say(problem);
    const given = design();
    asking = true;
    root.setAttribute("aria-busy", true);
    try {
      const start = performance.now(), wasRunning = library.running;
      const answer = await library.call("dlpatterns.design.page", "designed", Object.fromEntries(given));
      const took = (performance.now() - start) / 1000;
      shown = String(given);
      show(answer);
      if (!answer.error) part("answer").append(made("small", `This answer took ${took.toFixed(2)} s here${wasRunning ? "" : ", Python's loading with it"}.`));
    } catch (error) {
      part("answer").replaceChildren();
      say(`Not weighed. ${error.message}`);
    }
    asking = false;
    root.setAttribute("aria-busy", false);
    part("weigh").hidden = library.running && !hindrance();
    if (again) { again = false; if (String(design()) !== shown) ask(); }
  }

  // Each design that was settled on is a step of the history.
  function settle() {
    const address = `#${design()}`;
    if (address !== location.hash && !(address === "#" && !location.hash)) history.pushState(null, "", address === "#" ? location.pathname : address);
  }

  function arrive() {
    if (location.hash && !location.hash.includes("=")) return; // a heading
    const wrong = fill(new URLSearchParams(location.hash.slice(1)));
    if (wrong) {
      part("answer").replaceChildren();
      part("share").hidden = true;
      part("weigh").hidden = false;
      return say(`The address is damaged: ${wrong}. What could not be read is set as usual; look at the controls, then press Weigh it.`);
    }
    if (library.running) ask();
    else say(hindrance() || (location.hash ? "The design is from the address; press Weigh it." : ""));
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); settle(); ask(); });
  form.addEventListener("input", ({ target }) => {
    tell(target);
    if (!library.running) return;
    clearTimeout(waiting);
    waiting = setTimeout(ask, 60);
  });
  form.addEventListener("change", () => { if (library.running) settle(); });
  part("share").addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(location.href); say("The address is copied; it holds the whole design."); }
    catch { say("Copy the address of this page; it holds the whole design."); }
  });
  addEventListener("popstate", arrive);
  part("without").remove();
  form.hidden = false;
  arrive();
})();
