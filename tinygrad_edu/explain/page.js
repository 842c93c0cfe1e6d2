"use strict";

// What every page shares: elements, data, a state in the address (#step=12), keys with their help, planes to point at.
const page = {
  // An element; children that are strings become text, never HTML.
  element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(key, value);
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return made;
  },

  data(id) {
    const found = document.getElementById(id);
    return found && JSON.parse(found.textContent);
  },

  // As Python's html.number writes it.
  number(value, digits = 3) {
    if (value === null || value === undefined) return "–";
    const x = typeof value === "string" ? Number(value.replace("inf", "Infinity")) : value;
    if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
    const size = Math.abs(Number(x.toPrecision(digits)));
    const text =
      size && (size < 1e-4 || size >= 10 ** digits)
        ? size.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e")
        : String(Number(size.toPrecision(digits)));
    return (x < 0 ? "−" : "") + text;
  },

  // As Python's html.aligned writes it.
  aligned(value) {
    const x = Number(String(value).replace("inf", "Infinity"));
    if (value === null || value === undefined || !Number.isFinite(x) || x === 0) return page.number(value);
    const size = Math.abs(x);
    return (x < 0 ? "−" : "") + (size >= 0.095 && size < 999.995 ? size.toFixed(2) : size.toExponential(2).replace("e+", "e"));
  },

  // The state is in the address: it can be linked to, and the browser's own Back undoes a step.
  state() {
    return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  },

  go(changes) {
    const state = { ...page.state(), ...changes };
    for (const key of Object.keys(state)) if (state[key] === null) delete state[key];
    const hash = "#" + new URLSearchParams(state);
    if (hash !== location.hash) location.hash = hash;
  },

  // show(state) now, and whenever the address changes.
  follow(show) {
    addEventListener("hashchange", () => show(page.state()));
    show(page.state());
  },

  // keys({n: ["next step", action], ...}). Several keys for one action: "n ArrowRight". "?" lists them.
  keys(bindings) {
    const actions = new Map();
    const names = { ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓" };
    const close = page.element("button", { click: () => help.close() }, "Close");
    const list = Object.entries({ ...bindings, "?": ["this list", () => help.showModal()] }).map(([keys, [words, action]]) => {
      const each = keys.split(" ");
      each.forEach((key) => actions.set(key, action));
      return page.element(
        "div", {},
        page.element("dt", {}, each.map((key) => page.element("kbd", {}, names[key] || key))),
        page.element("dd", {}, words),
      );
    });
    const title = page.element("h2", { id: "help-title" }, "Keys");
    const help = page.element("dialog", { "aria-labelledby": "help-title" }, title, page.element("dl", {}, list), close);
    document.body.append(help);
    document.querySelectorAll("[data-help]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => help.showModal());
    });
    addEventListener("keydown", (event) => {
      const writing = event.target.closest && event.target.closest("input, textarea, select, dialog");
      const action = actions.get(event.key);
      const wide = event.target.closest && event.target.closest("pre, .scroll");
      if (wide && wide.scrollWidth > wide.clientWidth && event.key.startsWith("Arrow")) return; // it scrolls
      if (!action || writing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
    });
  },

  // Every plane has x from data-from to data-to: point(x) while a pointer is over it, leave() after, choose(x) on a click.
  planes(point, leave, choose) {
    document.querySelectorAll(".plane").forEach((plane) => {
      const [from, to] = [Number(plane.dataset.from), Number(plane.dataset.to)];
      const x = (event) => {
        const box = plane.getBoundingClientRect();
        return from + ((to - from) * (event.clientX - box.left)) / box.width;
      };
      plane.addEventListener("pointermove", (event) => point(x(event)));
      plane.addEventListener("pointerleave", leave);
      plane.addEventListener("click", (event) => choose(x(event)));
    });
  },

  // A hairline, `cursor` or `hover`, through all planes at x; where x is null, none.
  cursor(name, x) {
    const plane = document.querySelector(".plane");
    if (!plane) return;
    const [from, to] = [Number(plane.dataset.from), Number(plane.dataset.to)];
    const style = document.documentElement.style;
    style.setProperty(`--${name}-shown`, x === null ? "none" : "block");
    style.setProperty(`--${name}`, `${(100 * (x - from)) / (to - from)}%`);
  },
};
