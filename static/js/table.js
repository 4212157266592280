// A table page: selection, keys, the role select, the row's menu, quiet refreshing. Every act also has its own link or form.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const region = () => one(".r-region");
const boxes = () => all("tbody .c-pick input");

// --- Selection: boxes of this page, or everything that the filter matches -----------------------------------------
let everything = false;
let last = null; // the value of the box that was ticked last; the box itself may have been drawn anew

function drawSelection() {
  const bar = one("[data-selbar]");
  if (!bar) return;
  const all_ = boxes();
  const picked = all_.filter((box) => box.checked).length;
  if (picked < all_.length) everything = false;
  const head = one("[data-page-box]");
  if (head) {
    head.checked = picked > 0 && picked === all_.length;
    head.indeterminate = picked > 0 && picked < all_.length;
  }
  const count = one("[data-selected]", bar);
  count.textContent = everything ? count.dataset.all : picked === 1 ? count.dataset.one : count.dataset.many.replace("{n}", picked.toLocaleString(document.documentElement.lang));
  one("[name='all']", bar).checked = everything;
  one("[data-select-all]", bar).hidden = everything;
  bar.classList.toggle("r-shown", picked > 0);
  const search = one(".r-listing > .r-search");
  const tools = one(".r-tools", region());
  for (const covered of [search, tools]) covered?.toggleAttribute("inert", picked > 0);
}

const lastBox = () => boxes().find((box) => box.value === last);

function pick(checked, list = boxes()) {
  for (const box of list) box.checked = checked;
  drawSelection();
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("[data-page-box]")) pick(box.checked);
  else if (box.matches("tbody .c-pick input")) {
    last = box.value;
    drawSelection();
  } else if (box.matches(".r-role-select")) changeRole(box);
});
document.addEventListener("click", (event) => {
  const box = event.target.closest("tbody .c-pick input");
  const former = box && event.shiftKey && lastBox();
  if (former) {
    const list = boxes();
    const [from, to] = [list.indexOf(former), list.indexOf(box)].sort((a, b) => a - b);
    pick(box.checked, list.slice(from, to + 1));
  }
  if (event.target.closest("[data-select-all]")) {
    pick(true);
    everything = true;
    drawSelection();
    one("[data-clear]").focus();
  }
  if (event.target.closest("[data-clear]")) clearSelection();
  const cell = event.target.closest("td.c-pick"); // the whole cell is the box's target
  if (cell && event.target === cell) one("input", cell).click();
  const dots = event.target.closest("a[data-menu]");
  if (dots && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    openMenu(dots);
  }
  const role = event.target.closest("a[data-role]");
  if (role && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    const select = offerRoles(role);
    select.focus();
    openList(select);
  }
});

function clearSelection() {
  const within = one("[data-selbar]").contains(document.activeElement);
  everything = false;
  pick(false);
  if (within) (lastBox() ?? one("[data-search]"))?.focus({ preventScroll: true });
}

// --- The role: a select in place of the words while the pointer or the focus is there ------------------------------
function offerRoles(link) {
  const select = one("#role-choices").content.firstElementChild.cloneNode(true);
  const focused = link === document.activeElement;
  select.value = link.dataset.role;
  select.addEventListener("pointerdown", () => (select.listOpen = true));
  select.words = link;
  link.replaceWith(select);
  if (focused) select.focus();
  return select;
}

// A closed select changes with every arrow key: here a key opens the list or moves on, and only choosing changes.
function openList(select) {
  select.listOpen = true;
  select.showPicker?.();
}

function putWordsBack(select) {
  if (select.isConnected && select !== document.activeElement && !select.hasAttribute("aria-busy")) select.replaceWith(select.words);
}

function changeRole(select) {
  const row = select.closest("tr");
  const opens = select.selectedOptions[0].dataset.opens; // no role, but an act with a dialog of its own
  if (opens) {
    acted = row.id;
    select.value = select.words.dataset.role;
    htmx.ajax("GET", new URL(opens, new URL(select.words.href)).pathname, { source: select, target: "#dialog", swap: "innerHTML" });
    return;
  }
  select.listOpen = false;
  acted = row.id;
  select.setAttribute("aria-busy", "true");
  htmx
    .ajax("POST", select.words.getAttribute("href"), { source: row, target: row, swap: "none", values: { role: select.value } })
    .finally(() => {
      if (!select.isConnected) return;
      select.removeAttribute("aria-busy");
      select.value = select.words.dataset.role; // the table draws the new role; a refused one was never there
    });
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const cell = event.target.closest?.("td"); // asked first: the link under the pointer is about to leave it
  const link = cell?.querySelector("a[data-role]");
  if (link) offerRoles(link);
  for (const select of all("select.r-role-select")) if (select.closest("td") !== cell) putWordsBack(select);
});
document.addEventListener("focusin", (event) => {
  if (event.target.matches("a[data-role]")) offerRoles(event.target);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches("select.r-role-select")) setTimeout(() => putWordsBack(event.target));
});

// --- The row's menu: the row's own acts, with words ----------------------------------------------------------------
function openMenu(dots) {
  const menu = one("#row-menu");
  const row = dots.closest("tr");
  const link = one("th a", row);
  for (const item of all("[data-made]", menu)) item.remove();
  const made = all(".r-act:not(.r-more)", row).map((act) => {
    const item = act.cloneNode(true);
    item.className = act.getAttribute("href")?.endsWith("/remove/") ? "r-danger" : "";
    item.dataset.made = "yes";
    item.append(document.getElementById(act.getAttribute("aria-labelledby")).textContent);
    item.removeAttribute("aria-labelledby");
    return item;
  });
  menu.firstElementChild.after(...made.slice(0, -1));
  menu.append(made.at(-1));
  for (const item of all("[data-path]", menu)) {
    item.hidden = Boolean(item.dataset.when) && item.dataset.when !== row.dataset.state;
    item.href = `${link.getAttribute("href")}${item.dataset.path}`;
  }
  menu.row = row.id;
  menu.showPopover({ source: dots });
  one("a[href]:not([hidden])", menu)?.focus();
}
one("#row-menu")?.addEventListener("keydown", (event) => {
  const items = all("a:not([hidden])", event.currentTarget);
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length).focus();
});

// --- Keys: up and down through rows, left and right within one, space to pick ----------------------------------------
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
  const row = event.target.closest?.(".r-table tbody tr");
  if (event.key === "Escape" && !one(":popover-open:not(.r-tip, .r-toasts)") && boxes().some((box) => box.checked)) clearSelection();
  else if (event.key === "ArrowDown" && event.target.matches("[data-search]")) {
    event.preventDefault();
    boxes()[0]?.focus();
  } else if (event.target.matches("select.r-role-select")) {
    if (event.target.listOpen) event.target.listOpen = !["Enter", "Escape", "Tab"].includes(event.key);
    else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      openList(event.target);
    } else if (event.key.length === 1) event.preventDefault();
    else moveFrom(row, event);
  } else if (row) moveFrom(row, event);
});

function stops(row) {
  return all("input, a, button, select, [tabindex]", row).filter((element) => element.checkVisibility() && !element.closest("[popover]"));
}

function moveFrom(row, event) {
  const own = stops(row);
  const at = own.indexOf(event.target);
  let next;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const to = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    if (to) {
      const cell = event.target.closest("td, th").cellIndex;
      next = stops(to).find((element) => element.closest("td, th").cellIndex === cell) ?? stops(to)[0];
    }
  } else if (event.key === "ArrowRight") next = own[at + 1];
  else if (event.key === "ArrowLeft") next = own[at - 1];
  else if (event.key === "Home") next = own[0];
  else if (event.key === "End") next = own.at(-1);
  else if (event.key === " " && !event.target.matches("input, button")) one(".c-pick input", row).click();
  else return;
  event.preventDefault();
  next?.focus();
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// --- Drawn anew: what was picked stays picked, the place stays, the changed row shows itself --------------------------
let kept = null;
let highlight = null;
let acted = null; // the row of the last act: it shows itself once the act is done
document.addEventListener("click", (event) => {
  const dots = event.target.closest("#row-menu a") && one("#row-menu").row;
  acted = dots || event.target.closest("tbody tr[id] [data-dialog]")?.closest("tr").id || acted;
});
document.body.addEventListener("table:refresh", () => {
  highlight = acted;
  acted = null;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  const poll = elt === region() && !requestConfig.triggeringEvent;
  const inUse = document.hidden || one("dialog[open], .r-listing :popover-open, select.r-role-select:focus");
  if (poll && inUse) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== region()) return;
  const box = one(".r-tablebox");
  kept = { query: region().dataset.query, ids: new Set(boxes().filter((each) => each.checked).map((each) => each.value)), top: box.scrollTop, left: box.scrollLeft };
});
document.addEventListener("htmx:afterSwap", () => {
  if (!kept) return;
  const same = region().dataset.query === kept.query;
  if (same) for (const box of boxes()) box.checked = kept.ids.has(box.value);
  else everything = false;
  const table = one(".r-tablebox");
  table.scrollLeft = kept.left;
  if (same) table.scrollTop = kept.top;
  kept = null;
  drawSelection();
  const row = highlight && document.getElementById(highlight);
  if (row) {
    row.classList.add("r-flash");
    row.addEventListener("animationend", () => row.classList.remove("r-flash"), { once: true });
  }
  highlight = null;
});
let left = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) left = Date.now();
  else if (Date.now() - left > 60000 && region()) htmx.trigger(document.body, "table:refresh", {});
});
drawSelection();
