// The page that counts: reads its form, asks the library, shows the answer, and keeps the question in the address.
(() => {
  const root = document.querySelector(".dlp-count"), form = root.querySelector("form");
  const field = (name) => form.elements.namedItem(name);
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const { folder, version, ready } = root.dataset;
  const library = new LibraryInBrowser(folder, version);
  const NAMES = ["network", "config", "batch", "tokens", "format", "weights", "machine", "layers"];
  const KEY = `dlp-count ${version} `, LONGEST = 30000; // letters of an address
  const say = (text) => { part("status").textContent = text; };
  library.says = say;

  const hindrance = () => library.hindrance(ready, "use the command in the terminal");

  // What is asked for, as the address keeps it: what is empty is left out.
  function asked() {
    const given = new URLSearchParams();
    for (const name of NAMES) {
      let value = field(name).value.trim();
      if (field(name).disabled || (name === "config" && field("network").value)) value = "";
      if (name === "config") try { value = JSON.stringify(JSON.parse(value)); } catch { /* the library says what is wrong */ }
      if (value) given.set(name, value);
    }
    return given;
  }

  function request(given) {
    const whole = (name) => (given.has(name) ? Number(given.get(name)) : null);
    return { ...Object.fromEntries(given), batch: whole("batch"), tokens: whole("tokens") };
  }

  function fill(given) {
    for (const name of NAMES) {
      const one = field(name), value = given.get(name) ?? (name === "network" && given.has("config") ? "" : one.dataset.usual ?? "");
      one.value = value;
      if (one.tagName === "SELECT" && one.value !== value) one.value = one.dataset.usual ?? "";
    }
    choose();
  }

  function choose() {
    const network = field("network");
    part("config").hidden = Boolean(network.value);
    field("tokens").disabled = network.value !== "" && !network.selectedOptions[0].parentElement.label.includes("tokens");
  }

  const { made, table, scrolling } = partsOfPages;

  function show(answer) {
    const place = part("answer");
    place.replaceChildren();
    if (answer.error) return say(`Not counted. ${answer.error}`);
    const facts = table(answer.facts, false);
    facts.classList.add("dlp-facts");
    const figure = document.createElement("figure");
    figure.innerHTML = answer.svg; // drawn by the library, names escaped
    figure.append(made("figcaption", answer.caption));
    const all = document.createElement("details"), more = answer.more;
    all.append(made("summary", "Layer by layer"), scrolling(answer.by_layer, "Layer by layer"));
    if (more) all.append(made("p", `${more.toLocaleString("en")} more layers are left out here; the command in the terminal has all.`));
    place.append(made("p", answer.title, { className: "dlp-title" }), facts, figure, scrolling(answer.by_kind, "By kind of layer"), all);
    if (answer.source) place.append(made("p", `Source: ${answer.source}`));
    part("share").hidden = location.href.length > LONGEST;
    say(`Counted: ${answer.facts[0][1]} parameters, ${answer.facts.find(([name]) => name === "MACs")[1]} MACs.`);
  }

  function busy(is) {
    part("stop").hidden = !is;
    root.setAttribute("aria-busy", is);
  }

  async function count() {
    const problem = hindrance();
    if (problem) return say(problem);
    if (library.waiting.size) library.stop("Stopped for another question.");
    const given = asked(), address = `#${given}`;
    if (address.length < LONGEST && address !== location.hash) history.pushState(null, "", address);
    busy(true);
    try {
      const answer = await library.call("dlpatterns.command.page", "counted", request(given));
      busy(false);
      show(answer);
      if (!answer.error) keep(given, answer);
    } catch (error) {
      if (library.waiting.size) return;
      busy(false);
      part("answer").replaceChildren();
      say(`Not counted. ${error.message}`);
    }
  }

  // The last answers survive leaving the page and coming back.
  function keep(given, answer) {
    try { sessionStorage.setItem(KEY + given, JSON.stringify(answer)); } catch { /* full: it is counted again */ }
  }
  function kept(given) {
    try { return JSON.parse(sessionStorage.getItem(KEY + given)); } catch { return null; }
  }

  function arrive() {
    if (location.hash && !location.hash.includes("=")) return; // a heading
    const given = new URLSearchParams(location.hash.slice(1));
    fill(given);
    part("answer").replaceChildren();
    part("share").hidden = true;
    const answer = location.hash && kept(asked());
    if (answer) show(answer);
    else if (location.hash && library.running) count();
    else say(hindrance() || (location.hash ? "The question is from the address; press Count." : ""));
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); count(); });
  field("network").addEventListener("change", choose);
  part("stop").addEventListener("click", () => library.stop());
  part("share").addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(location.href); say("The address is copied; it holds the whole question."); }
    catch { say("Copy the address of this page; it holds the whole question."); }
  });
  addEventListener("popstate", arrive);
  arrive();
})();
