// Sets the remembered theme before the first paint. It must stay small: it blocks drawing.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const choice = () => {
    try {
      return localStorage.getItem("theme") || "system";
    } catch {
      return "system"; // storage is closed to us: follow the system
    }
  };
  const apply = () => {
    const chosen = choice();
    root.dataset.bsTheme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  };
  root.classList.add("js");
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("theme:choose", (event) => {
    try {
      localStorage.setItem("theme", event.detail);
    } catch {
      // the choice then lasts for this page only
    }
    root.dataset.bsTheme = event.detail === "system" ? (dark.matches ? "dark" : "light") : event.detail;
  });
}
