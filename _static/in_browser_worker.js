// A worker in which Python runs: it loads Pyodide and the book's library from beside itself, and answers each {id, module, name, text} with {id, text} or {id, error}.
const version = new URL(import.meta.url).search;
const beside = (name) => new URL(name, import.meta.url).href;
let ready;

async function start() {
  postMessage({ says: "Loading Python …" });
  const { loadPyodide } = await import(beside("pyodide/pyodide.mjs"));
  const [python, library] = await Promise.all([
    loadPyodide({ indexURL: beside("pyodide/") }),
    fetch(beside("library.zip") + version).then((answer) => {
      if (!answer.ok) throw new Error(`library.zip: ${answer.status}`);
      return answer.arrayBuffer();
    }),
  ]);
  postMessage({ says: "Unpacking the library …" });
  python.unpackArchive(library, "zip", { extractDir: "/library" });
  return python.runPython(`
import importlib, sys
sys.path.insert(0, "/library")
lambda module, name, text: getattr(importlib.import_module(module), name)(text)
`);
}

addEventListener("message", async ({ data: { id, module, name, text } }) => {
  try {
    ready ??= start();
    const call = await ready;
    postMessage({ says: "Counting …", begun: id });
    postMessage({ id, text: call(module, name, text) });
  } catch (error) {
    if (error.name !== "PythonError") ready = undefined; // Python itself is gone: the next call starts it again
    postMessage({ id, error: String(error.message ?? error).slice(-600) });
  }
});
