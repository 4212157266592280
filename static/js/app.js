// What every page does: dialogs, toasts, tips, progress, focus that survives swaps, shortcuts. Pages work without it.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const words = one("#words").dataset;
const dialog = one("#dialog");

// --- Theme ---------------------------------------------------------------------------------------------------------
for (const themes of all("[data-themes]")) {
  let chosen = "system";
  try {
    chosen = localStorage.getItem("theme") || "system";
  } catch {
    // storage is closed to us
  }
  themes.hidden = false;
  const radio = one(`[value="${chosen}"]`, themes);
  if (radio) radio.checked = true;
  themes.addEventListener("change", (event) => dispatchEvent(new CustomEvent("theme:choose", { detail: event.target.value })));
}
for (const button of all("[data-open-dialog]")) button.hidden = false;

// --- Toasts --------------------------------------------------------------------------------------------------------
const toasts = one("#toasts");
toasts.popover = "manual"; // the top layer: toasts stand above an open dialog

function tend(toast) {
  if (toast.dataset.tended) return;
  toast.dataset.tended = "yes";
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover();
  if (toast.classList.contains("r-error") || one("a, .r-link", toast)) return; // it waits for the person
  let timer;
  const start = () => (timer = setTimeout(() => close(toast), 6000));
  for (const stop of ["pointerenter", "focusin"]) toast.addEventListener(stop, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) toast.addEventListener(go, start);
  start();
}

function close(toast) {
  toast.remove();
  if (!one(".r-toast", toasts) && toasts.matches(":popover-open")) toasts.hidePopover();
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "r-icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${words.icons}#${name}`);
  svg.append(use);
  return svg;
}

function button(label, className, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.addEventListener("click", act);
  if (typeof label === "string") made.textContent = label;
  else made.append(label);
  return made;
}

// A failure stands in the open dialog, else in a toast; either way it offers to try again.
function tellFailure(sentence, again) {
  const text = document.createElement("p");
  text.textContent = sentence;
  const body = dialog.open ? one(".r-body", dialog) : null;
  const notice = document.createElement("div");
  notice.setAttribute("role", "alert");
  notice.className = body ? "r-note r-bad" : "r-toast r-error";
  notice.append(icon("alert-circle"), text);
  if (again) {
    notice.append(button(words.tryAgain, "r-link", () => {
      notice.remove();
      again();
    }));
  }
  if (body) {
    one(":scope > .r-note.r-bad[data-failure]", body)?.remove();
    notice.dataset.failure = "yes";
    body.prepend(notice);
    return;
  }
  addToast(notice);
}

function addToast(toast) {
  const dismiss = button(icon("x"), "r-iconbtn", () => close(toast));
  dismiss.setAttribute("aria-label", words.dismiss);
  toast.append(dismiss);
  toasts.append(toast);
}

// The server's event "toast" {text, tone}. Of a failed request the failure itself tells, with a way to try again.
let answer = null;
addEventListener("htmx:beforeOnLoad", (event) => (answer = event.detail.xhr));
document.body.addEventListener("toast", (event) => {
  const { text, tone, undo, undo_label: undoLabel } = event.detail;
  if (answer && isFailure(answer.status)) return;
  if (tone === "bad") return tellFailure(text);
  const toast = document.createElement("div");
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  toast.className = `r-toast r-${tone === "ok" ? "success" : tone === "warn" ? "warning" : "info"}`;
  toast.append(icon(tone === "ok" ? "circle-check" : tone === "warn" ? "alert-circle" : "info-circle"), paragraph);
  if (undo) {
    // What can be undone waits for the person; the next one takes its place.
    all("[data-undo]", toasts).forEach(close);
    toast.dataset.undo = "yes";
    toast.append(button(undoLabel, "r-link", () => {
      close(toast);
      htmx.ajax("POST", undo, { source: document.body, swap: "none" });
    }));
  }
  addToast(toast);
});

// 403, 409 and 422 are answers of the product; the rest did not work.
function isFailure(status) {
  return status >= 400 && ![403, 409, 422].includes(status);
}

new MutationObserver(() => all(".r-toast", toasts).forEach(tend)).observe(toasts, { childList: true });
all(".r-toast", toasts).forEach(tend);

// --- Dialogs -------------------------------------------------------------------------------------------------------
let opener = null;
let dirty = false;

function focusFirst(root) {
  const first = one("[aria-invalid='true'], [autofocus]", root) ?? all(".r-body :is(input:not([type='hidden'], [type='checkbox']), select, textarea)", root).find((field) => field.checkVisibility());
  (first ?? one("#dialog-title", root) ?? root).focus();
}

function openDialog() {
  if (!dialog.open) dialog.showModal();
  dirty = false;
  focusFirst(dialog);
  if (toasts.matches(":popover-open")) {
    toasts.hidePopover();
    toasts.showPopover();
  }
}

dialog.addEventListener("input", () => (dirty = true));
dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  focusAgain(opener);
  opener = null;
});
document.body.addEventListener("dialog:close", () => dialog.open && dialog.close());
for (const each of all("dialog")) {
  // A click beside the dialog closes it, unless something typed would be lost.
  each.addEventListener("pointerdown", (event) => event.target === each && !(each === dialog && dirty) && each.close());
}

// --- Focus that survives a swap ------------------------------------------------------------------------------------
// Where an element is, in words that hold after its region was drawn anew, nearest first: itself, its cell, its row's
// person, the same cell (in a list: the same act) of the row that moved up into its place, the search.
function placeOf(element) {
  if (!element || element === document.body) return null;
  const row = element.closest("tr[id], li[id]");
  const inRow = (each, selector) => `#${CSS.escape(each.id)} ${selector}`;
  const near = (selector) => (row ? inRow(row, selector) : selector);
  const paths = [];
  if (element.id) paths.push(`#${CSS.escape(element.id)}`);
  else if (element.dataset.key) paths.push(near(`[data-key="${CSS.escape(element.dataset.key)}"]`));
  else if (element.getAttribute("href")) paths.push(near(`a[href="${CSS.escape(element.getAttribute("href"))}"]`));
  else if (element.name) paths.push(near(`[name="${CSS.escape(element.name)}"]`));
  const cell = row && element.closest("td, th");
  const refuge = element.closest("[data-refuge]");
  const rows = row ? [row.nextElementSibling, row.previousElementSibling].filter((each) => each?.id) : [];
  if (cell) {
    const sameCell = (each) => inRow(each, `> :nth-child(${cell.cellIndex + 1}) :is(a, button, input, select, [tabindex])`);
    paths.push(sameCell(row), inRow(row, "th a"), ...rows.map(sameCell));
  } else if (row && element.dataset.key) {
    paths.push(...rows.map((each) => inRow(each, `[data-key="${CSS.escape(element.dataset.key)}"]`)));
  } else if (refuge) paths.push(refuge.dataset.refuge);
  return { element, paths: [...paths, "[data-search]"] };
}

// What is hidden or inert by now does not take the focus.
function takesFocus(element, options) {
  element?.focus(options);
  return document.activeElement === element;
}

function focusAgain(place) {
  if (!place || (place.element.isConnected && takesFocus(place.element, { preventScroll: true }))) return;
  const found = place.paths.some((path) => all(path).some((element) => takesFocus(element, { preventScroll: true })));
  if (!found) one("#main")?.focus();
}

let held = null;
addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  // A whole page for a region (a sign-in that ran out): show it as the page that it is.
  if (/^\s*<!doctype html/i.test(xhr.responseText) && target !== document.body) {
    event.detail.shouldSwap = false;
    location.assign(xhr.responseURL);
    return;
  }
  // On a page of its own a form is drawn anew where it stands: over it there would be everything twice.
  const sheet = target === dialog && event.detail.requestConfig.elt.closest(".r-sheet");
  if (sheet) event.detail.target = sheet;
  // A refusal that is only a sentence leaves the region as it is.
  if (xhr.status >= 400 && !xhr.responseText) event.detail.shouldSwap = false;
  held = target.contains(document.activeElement) ? placeOf(document.activeElement) : null;
});
// At once, not when the swap has settled: a key that is pressed in between would go nowhere.
addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === dialog) {
    if (dialog.childElementCount) openDialog();
    return;
  }
  if (event.detail.target.matches(".r-sheet")) focusFirst(event.detail.target);
  if (held && [document.body, null].includes(document.activeElement)) focusAgain(held);
  held = null;
});

function focusFirstWrong(root) {
  one("[aria-invalid='true']", root)?.focus();
}
focusFirstWrong(document);

// --- Requests: progress, failures, empty parameters ------------------------------------------------------------------
let waiting = 0;
addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target, requestConfig } = event.detail;
  if (target === dialog && !dialog.open) opener = placeOf(elt.closest(".r-menu") ? lastMenuOpener : document.activeElement === document.body ? elt : document.activeElement);
  if (!requestConfig.triggeringEvent && requestConfig.verb === "get" && elt.hasAttribute("data-quiet")) return; // a poll
  event.detail.requestConfig.counted = true;
  waiting += 1;
  document.documentElement.classList.add("r-busy");
  target?.setAttribute("aria-busy", "true");
});
addEventListener("htmx:afterRequest", (event) => {
  event.detail.target?.removeAttribute("aria-busy");
  if (event.detail.successful && event.detail.elt.hasAttribute("data-close-after")) dialog.close();
  if (!event.detail.requestConfig.counted) return;
  waiting -= 1;
  if (waiting <= 0) document.documentElement.classList.remove("r-busy");
});

function again({ verb, path, elt, target, parameters }) {
  return () => htmx.ajax(verb, path, { source: elt.isConnected ? elt : document.body, target, values: Object.fromEntries(parameters ?? []) });
}
function sentenceOf(xhr) {
  try {
    return JSON.parse(xhr.getResponseHeader("HX-Trigger")).toast.text;
  } catch {
    return null; // no trigger, or one without a toast
  }
}
addEventListener("htmx:responseError", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (!isFailure(xhr.status)) return;
  tellFailure(sentenceOf(xhr) ?? words.failed, again(requestConfig));
});
for (const kind of ["htmx:sendError", "htmx:timeout"]) {
  addEventListener(kind, (event) => tellFailure(words.offline, again(event.detail.requestConfig)));
}
addEventListener("htmx:configRequest", (event) => {
  const { verb, formData } = event.detail;
  if (verb !== "get") return;
  for (const [name, value] of [...formData]) if (value === "") formData.delete(name); // ?q=&state= says nothing
});

// One press is one request.
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "get") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of all("form[data-sent]")) delete form.dataset.sent;
  for (const busy of all("[aria-busy='true']")) busy.removeAttribute("aria-busy");
});

// --- Clicks --------------------------------------------------------------------------------------------------------
let lastMenuOpener = null;
addEventListener("click", (event) => {
  const target = event.target.closest("a, button");
  if (!target) return;
  if (target.hasAttribute("popovertarget")) lastMenuOpener = target;
  if (target.hasAttribute("data-close-toast")) close(target.closest(".r-toast"));
  const shown = target.closest("dialog");
  if (target.hasAttribute("data-close") && shown) {
    event.preventDefault();
    shown.close();
  }
  if (target.dataset.copy) {
    const field = one(`#${target.dataset.copy}`);
    field.select();
    navigator.clipboard?.writeText(field.value).then(() => (one("[data-copied]").hidden = false));
  }
  if (target.dataset.openDialog) {
    target.closest("[popover]")?.hidePopover();
    one(`#${target.dataset.openDialog}`).showModal();
  }
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (plain && target.matches("a[data-dialog][href]") && !target.closest(".r-sheet")) {
    event.preventDefault();
    target.closest("[popover]")?.hidePopover();
    htmx.ajax("GET", target.getAttribute("href"), { source: target, target: "#dialog", swap: "innerHTML" });
  } else if (target.closest("[popover].r-menu") && target.matches("a")) {
    target.closest("[popover]").hidePopover();
  }
});

// --- Tips: a title, at once, on hover and on focus -------------------------------------------------------------------
const tip = document.createElement("div");
tip.className = "r-tip";
tip.id = "tip";
tip.popover = "manual";
tip.setAttribute("role", "tooltip");
document.body.append(tip);
let tipped = null;

// Icons without words say what they do; anything else says its title.
const TIPPED = "[title], .r-act, .r-iconbtn";
const nameOf = (element) => element.getAttribute("aria-label") ?? document.getElementById(element.getAttribute("aria-labelledby"))?.textContent ?? "";

function showTip(element) {
  if (element === tipped) return;
  hideTip();
  tipped = element;
  tip.textContent = element.title || nameOf(element);
  element.dataset.title = element.title;
  element.removeAttribute("title"); // else the browser shows its own beside ours
  if (element.dataset.title && !element.hasAttribute("aria-describedby")) element.setAttribute("aria-describedby", "tip");
  (element.closest("dialog[open]") ?? document.body).append(tip);
  tip.showPopover();
  const at = element.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const below = at.bottom + size.height + 8 < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(at.left + at.width / 2 - size.width / 2, innerWidth - size.width - 8))}px`;
  tip.style.top = `${below ? at.bottom : at.top - size.height - 12}px`;
}

function hideTip() {
  if (!tipped) return;
  if (tipped.dataset.title) tipped.title = tipped.dataset.title;
  if (tipped.getAttribute("aria-describedby") === "tip") tipped.removeAttribute("aria-describedby");
  tipped = null;
  if (tip.matches(":popover-open")) tip.hidePopover();
}

addEventListener("pointerover", (event) => {
  const element = event.target.closest?.(TIPPED);
  if (element && event.pointerType === "mouse") showTip(element);
  else if (tipped && !tipped.contains(event.target) && tipped !== document.activeElement) hideTip();
});
addEventListener("focusin", (event) => {
  const element = event.target.closest(TIPPED);
  // Not at once: the focus may come from a popover that is just closing.
  if (element && event.target.matches(":focus-visible")) setTimeout(() => element.contains(document.activeElement) && showTip(element));
});
addEventListener("focusout", hideTip);
addEventListener("scroll", hideTip, { capture: true, passive: true });

// --- Keys ----------------------------------------------------------------------------------------------------------
addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideTip();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable]")) return;
  if (one("dialog[open]")) return;
  if (event.key === "/") {
    const search = one("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "?" && one("#shortcuts")) {
    event.preventDefault();
    one("#shortcuts").showModal();
  }
});

// --- Times grow older ------------------------------------------------------------------------------------------------
setInterval(() => {
  for (const time of all("time[data-age]")) {
    const minutes = Math.floor((Date.now() - Date.parse(time.dateTime)) / 60000);
    if (minutes < 1 || minutes >= 360) continue;
    time.textContent = minutes < 60 ? words.minutes.replace("{n}", minutes) : words.hours.replace("{n}", Math.floor(minutes / 60));
  }
}, 30000);
