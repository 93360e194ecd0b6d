// Light or dark before the first paint: as the system says, until the key D or ?dark or ?light says otherwise.
(() => {
  const page = document.documentElement;
  const asked = ["dark", "light"].find((one) => new URLSearchParams(location.search).has(one));
  let kept;
  try { kept = localStorage.getItem("deck-mode"); } catch { /* then not */ }
  page.dataset.theme = asked ?? kept ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  window.turnMode = () => {
    page.dataset.theme = page.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("deck-mode", page.dataset.theme); } catch { /* then not */ }
  };
})();
