// Calls functions of the book's library in the reader's browser: `new LibraryInBrowser(folder, version).call("dlpatterns.command.page", "counted", request)`. Nothing is loaded before the first call; `stop()` ends a call at once, and the next one starts afresh.
(() => {
  const LOADING = 180, CALLING = 30; // seconds

  window.LibraryInBrowser = class {
    constructor(folder, version = "") {
      this.address = new URL(`${folder}in_browser_worker.js?v=${version}`, document.baseURI);
      this.waiting = new Map();
      this.last = 0;
      this.says = () => {};
    }

    // What keeps Python from loading here, "" if nothing does; `instead` says what the reader can do.
    hindrance(ready, instead) {
      if (location.protocol === "file:")
        return `Opened as a file, this page cannot load Python. Start “python -m http.server” in the book's folder and open the address that it prints, or ${instead}.`;
      if (ready !== "yes")
        return `This copy of the book was built without npm, so Python is not in it. Run “npm ci” and “make book” again, or ${instead}.`;
      return "";
    }

    get running() { return Boolean(this.worker); }

    // A function of a module takes the request as JSON and returns JSON.
    call(module, name, request) {
      this.worker ??= this.begin();
      const id = ++this.last;
      return new Promise((resolve, reject) => {
        this.waiting.set(id, { resolve, reject });
        this.limit(LOADING, "Python did not load in time; is the connection slow?");
        this.worker.postMessage({ id, module, name, text: JSON.stringify(request) });
      });
    }

    begin() {
      const worker = new Worker(this.address, { type: "module" });
      worker.addEventListener("message", ({ data }) => this.heard(data));
      worker.addEventListener("error", () => this.stop("Python could not be loaded here."));
      return worker;
    }

    heard({ id, text, error, says, begun }) {
      if (says) this.says(says);
      if (begun) this.limit(CALLING, `No answer in ${CALLING} seconds: stopped.`);
      const call = this.waiting.get(id);
      if (!call) return;
      this.waiting.delete(id);
      if (!this.waiting.size) clearTimeout(this.timer);
      if (error) call.reject(new Error(error));
      else call.resolve(JSON.parse(text));
    }

    limit(seconds, reason) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.stop(reason), seconds * 1000);
    }

    stop(reason = "Stopped.") {
      clearTimeout(this.timer);
      this.worker?.terminate();
      this.worker = undefined;
      for (const { reject } of this.waiting.values()) reject(new Error(reason));
      this.waiting.clear();
    }
  };

  const made = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

  // A table of texts; the first line is its head if `headed`, the first cell of a line its name. On a phone a cell shows its column's name.
  function table(rows, headed) {
    const one = document.createElement("table"), body = document.createElement("tbody");
    one.className = "dlp-table";
    rows.forEach((cells, place) => {
      const line = document.createElement("tr"), isHead = headed && !place;
      cells.forEach((text, column) => {
        const tag = isHead || !column ? "th" : "td";
        const cell = made(tag, text, tag === "th" ? { scope: isHead ? "col" : "row" } : {});
        if (headed && !isHead) cell.dataset.column = rows[0][column];
        line.append(cell);
      });
      if (isHead) one.createTHead().append(line);
      else body.append(line);
    });
    one.append(body);
    return one;
  }

  function scrolling(rows, label) {
    const box = document.createElement("div");
    box.className = "dlp-scroll dlp-numbers";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", label);
    box.append(table(rows, true));
    return box;
  }

  window.partsOfPages = { made, table, scrolling };
})();
