// The invite form: addresses become chips that the server has checked; groups and workspaces are picked from short lists.
// The text box and the fields under it stay what is sent, so the form is the same without this file.

const TOO_MANY_FOR_CHIPS = 200;

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const sprite = () => one("#words").dataset.icons;

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "r-icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite()}#${name}`);
  svg.append(use);
  return svg;
}

function iconButton(name, label, act) {
  const button = make("button");
  button.type = "button";
  button.setAttribute("aria-label", label);
  button.append(icon(name));
  button.addEventListener("click", act);
  return button;
}

// --- Chips ---------------------------------------------------------------------------------------------------------
class AddressBox {
  constructor(field) {
    this.field = field;
    this.area = one("textarea", field);
    this.form = field.closest("form");
    this.entries = [];
    this.asked = 0;
    this.list = make("ul", "r-chiplist");
    this.input = make("input");
    this.input.type = "text";
    this.input.id = `${this.area.id}_more`;
    this.input.autocomplete = "off";
    this.input.spellcheck = false;
    this.input.inputMode = "email";
    this.input.placeholder = field.dataset.more;
    this.input.setAttribute("aria-describedby", `${this.area.id}_helptext`);
    one("label", field).htmlFor = this.input.id;
    this.box = make("div", "r-chipbox");
    const last = make("li", "r-chip-input");
    last.append(this.input);
    this.list.append(last);
    this.box.append(this.list);
    this.problems = make("ul", "r-errors");
    this.problems.ariaLive = "polite";
    this.area.after(this.box, this.problems);
    this.area.hidden = true;
    this.box.addEventListener("pointerdown", (event) => {
      if (event.target === this.box || event.target === this.list) {
        event.preventDefault();
        this.input.focus();
      }
    });
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("paste", (event) => this.onPaste(event));
    this.input.addEventListener("blur", () => this.take());
    // What still stands in the box when the form is sent goes with it.
    this.form.addEventListener("submit", () => this.write(this.input.value), { capture: true });
    this.form.addEventListener("htmx:configRequest", (event) => {
      this.write(this.input.value);
      event.detail.formData.set(this.area.name, this.area.value);
    });
    if (this.area.value.trim()) this.check(this.area.value);
    if (!this.form.closest("dialog") || this.field.classList.contains("r-wrong")) this.input.focus();
  }

  onKey(event) {
    const typed = this.input.value.trim();
    if ((event.key === "Enter" || event.key === "," || event.key === ";") && !event.isComposing) {
      if (typed || event.key !== "Enter") event.preventDefault();
      this.take();
    } else if (event.key === " " && /@\S+\.\S+$/.test(typed) && !typed.includes("<")) {
      event.preventDefault();
      this.take();
    } else if (event.key === "Backspace" && !this.input.value && this.entries.length) {
      event.preventDefault();
      this.edit(this.entries.at(-1));
    } else if (event.key === "Enter") event.preventDefault();
  }

  onPaste(event) {
    const text = event.clipboardData.getData("text");
    if (!/[\s,;]/.test(text.trim())) return;
    event.preventDefault();
    this.check([this.text(), this.input.value, text].join("\n"));
    this.input.value = "";
  }

  take() {
    const typed = this.input.value.trim().replace(/[,;]+$/, "");
    if (!typed) return;
    this.input.value = "";
    this.check(`${this.text()}\n${typed}`);
  }

  edit(entry) {
    this.entries = this.entries.filter((each) => each !== entry);
    this.input.value = entry.text;
    this.check(this.text());
    this.input.focus();
  }

  text() {
    return this.entries.map((entry) => entry.text).join("\n");
  }

  write(typed = "") {
    this.area.value = [this.text(), typed.trim()].filter(Boolean).join("\n");
  }

  async check(text) {
    this.area.value = text.trim();
    if (!text.trim()) return this.draw({ entries: [], sum: "", rest: "", look: "", room: "", submit: "" });
    const asked = (this.asked += 1);
    this.box.setAttribute("aria-busy", "true");
    try {
      const body = new FormData(this.form);
      body.set(this.area.name, this.area.value);
      const answer = await fetch(this.field.dataset.check, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const checked = await answer.json();
      if (asked === this.asked) this.draw(checked);
    } catch {
      this.asPlainText(); // unchecked, but nothing typed is lost: sending the form checks it
    } finally {
      if (asked === this.asked) this.box.removeAttribute("aria-busy");
    }
  }

  asPlainText() {
    this.area.hidden = false;
    this.box.hidden = true;
    one("label", this.field).htmlFor = this.area.id;
  }

  draw({ entries, sum, rest, look, room, submit }) {
    this.entries = entries;
    this.write();
    one("[data-results]", this.field)?.remove();
    if (entries.length > TOO_MANY_FOR_CHIPS) this.asPlainText();
    else {
      for (const chip of all(".r-mailchip", this.list)) chip.remove();
      this.input.parentElement.before(...entries.map((entry) => this.chip(entry)));
      this.input.placeholder = this.field.dataset.more;
    }
    const wrong = entries.filter((entry) => !["ok", "member", "invited"].includes(entry.outcome));
    this.problems.replaceChildren(...wrong.slice(0, 20).map((entry) => this.problem(entry)));
    this.tell(sum, rest, look, room, submit);
  }

  chip(entry) {
    const known = entry.outcome === "member" || entry.outcome === "invited";
    const chip = make("li", `r-mailchip${known ? " r-known" : entry.outcome === "ok" ? "" : " r-bad"}`);
    if (!known && entry.outcome !== "ok") {
      chip.append(icon("alert-circle"));
      chip.title = entry.sentence;
    }
    const words = make("button", "r-mailchip-text");
    words.type = "button";
    words.textContent = entry.name ? `${entry.name} · ${entry.address || entry.text}` : entry.address || entry.text;
    words.addEventListener("click", () => this.edit(entry));
    if (chip.title) words.setAttribute("aria-description", entry.sentence);
    chip.append(words);
    if (known) chip.append(make("small", "", this.field.dataset[entry.outcome]));
    chip.append(iconButton("x", `${this.field.dataset.remove} ${entry.address || entry.text}`, () => {
      this.entries = this.entries.filter((each) => each !== entry);
      this.check(this.text());
      this.input.focus();
    }));
    return chip;
  }

  problem(entry) {
    const line = make("li");
    const words = make("span");
    words.append(make("b", "", entry.address || entry.text), ` ${entry.sentence} `);
    if (entry.suggestion) {
      const use = make("button", "r-link", `${this.field.dataset.use} ${entry.suggestion}`);
      use.type = "button";
      use.addEventListener("click", () => {
        this.entries = this.entries.map((each) => (each === entry ? { text: entry.suggestion } : each));
        this.check(this.text());
        this.input.focus();
      });
      words.append(use);
    }
    line.append(icon("alert-circle"), words);
    return line;
  }

  tell(sum, rest, look, room, submit) {
    const line = one("[data-sum]", this.field);
    line.hidden = !sum && !rest && !look;
    one("[data-room]", this.field).hidden = !line.hidden; // the line says it, too
    line.replaceChildren(...[["b", sum], ["span", rest], ["em", look], ["span", room]].filter(([, text]) => text).map(([tag, text]) => make(tag, "", text)));
    const button = one("[data-submit]", this.form);
    button.dataset.words ??= button.textContent;
    button.textContent = submit || button.dataset.words;
  }
}

// --- Picking from a list: the chosen stand there, the others wait in one select ---------------------------------------
function pickList(field) {
  const options = all("[data-option]", field).map((element) => ({ element, control: one("input, select", element), label: one("label", element).textContent.trim() }));
  const chosen = ({ control }) => (control.type === "checkbox" ? control.checked : control.value !== "");
  const add = make("select", "r-pick-add");
  add.setAttribute("aria-label", field.dataset.add);
  function draw() {
    for (const option of options) option.element.hidden = !chosen(option);
    const rest = options.filter((option) => !chosen(option));
    add.replaceChildren(new Option(`+ ${field.dataset.add}`, ""), ...rest.map((option) => new Option(option.label, String(options.indexOf(option)))));
    add.hidden = rest.length === 0;
    one(".r-options", field).hidden = rest.length === options.length && !field.classList.contains("r-as-chips");
  }
  for (const option of options) {
    const remove = iconButton("x", `${one("[data-chips]")?.dataset.remove ?? ""} ${option.label}`.trim(), () => {
      if (option.control.type === "checkbox") option.control.checked = false;
      else option.control.value = "";
      draw();
      add.focus();
    });
    remove.className = "r-iconbtn";
    option.element.append(remove);
    option.control.addEventListener("change", draw);
  }
  add.addEventListener("change", (event) => {
    event.stopPropagation();
    const option = options[Number(add.value)];
    if (option.control.type === "checkbox") option.control.checked = true;
    else option.control.selectedIndex = 1; // the everyday role stands right after the empty choice
    draw();
    (option.control.type === "checkbox" ? add : option.control).focus();
  });
  (field.classList.contains("r-as-chips") ? one(".r-options", field) : field).append(add);
  field.classList.add("r-picking");
  draw();
}

function enhance(root) {
  for (const field of all("[data-chips]:not([data-ready])", root)) {
    field.dataset.ready = "yes";
    new AddressBox(field);
  }
  for (const field of all("[data-picklist]:not([data-ready])", root)) {
    field.dataset.ready = "yes";
    pickList(field);
  }
}
enhance(document);
document.addEventListener("htmx:afterSwap", (event) => enhance(event.detail.target));
