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
})();
