// The palette: Ctrl-K or Cmd-K opens it from anywhere; arrows move through what it found, Enter opens, Escape gives the
// focus back. The box is a combobox whose list is drawn by the server; without this file it is a search page.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const palette = () => one("[data-palette]");
const options = () => all("[role='option']", palette());

addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  const jump = one("[data-jump]");
  if (!jump) return;
  event.preventDefault(); // else browsers go to their address bar
  if (palette()) one("#palette-box").focus();
  else if (!one("dialog[open]")) open(jump);
});

function open(jump) {
  one("[popover]#nav:popover-open")?.hidePopover();
  htmx.ajax("GET", jump.getAttribute("href"), { source: jump, target: "#dialog", swap: "innerHTML" });
}

// --- From links in lists to options of a listbox ---------------------------------------------------------------------
function enhance() {
  const box = one("#palette-box");
  const list = one("#palette-results");
  if (!box || !list) return;
  const links = all("a", list);
  list.setAttribute("role", links.length ? "listbox" : "presentation");
  if (links.length) list.setAttribute("aria-label", box.getAttribute("aria-label"));
  else list.removeAttribute("aria-label");
  for (const part of all("section", list)) {
    part.setAttribute("role", "group");
    part.setAttribute("aria-labelledby", one("h2", part).id);
    one("h2", part).setAttribute("role", "presentation");
    for (const each of all("ul, li", part)) each.setAttribute("role", "presentation");
    one("ul", part).removeAttribute("aria-labelledby");
  }
  links.forEach((link, number) => {
    link.id = `palette-option-${number}`;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
  });
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", "palette-results");
  box.setAttribute("aria-expanded", String(links.length > 0));
  one("[data-palette-count]").textContent = links.length ? list.dataset.found.replace("{n}", links.length) : list.textContent.trim();
  choose(links[0]);
}

function choose(option) {
  for (const each of options()) each.setAttribute("aria-selected", String(each === option));
  const box = one("#palette-box");
  if (!option) return box.removeAttribute("aria-activedescendant");
  box.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  if (event.target.id !== "palette-box" || event.isComposing) return;
  const dialog = event.target.closest("dialog");
  if (event.key === "Escape" && dialog) {
    event.preventDefault(); // else the first Escape only empties the box
    dialog.close();
    return;
  }
  const found = options();
  const at = found.findIndex((each) => each.getAttribute("aria-selected") === "true");
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: Math.min(at + 5, found.length - 1), PageUp: Math.max(at - 5, 0) }[event.key];
  if (to !== undefined && found.length) {
    event.preventDefault();
    choose(found.at(to % found.length));
  } else if (event.key === "Enter") {
    event.preventDefault();
    found[at]?.click();
  }
});

document.addEventListener("pointermove", (event) => {
  const option = event.target.closest?.("[data-palette] [role='option']");
  if (option && option.getAttribute("aria-selected") !== "true") choose(option);
});

// A click beside it closes it: a word typed here is no loss.
document.addEventListener("pointerdown", (event) => {
  if (event.target.matches("dialog:has(> [data-palette])")) event.target.close();
});

addEventListener("htmx:afterSwap", (event) => {
  if (palette() && ["dialog", "palette-results"].includes(event.detail.target.id)) enhance();
});
enhance();
