// The report of python -m parity diff: the step that #step= names is shown; pointing at the charts reads them.
(() => {
  const run = page.data("run");
  const at = new Map(run.steps.map((step, i) => [step, i]));
  const input = document.getElementById("step");
  const body = document.querySelector("#calls tbody");

  // The step shown that is nearest to any number.
  const nearest = (step) => run.steps.reduce((best, s) => (Math.abs(s - step) < Math.abs(best - step) ? s : best), run.steps[0]);
  const standing = (x) => run.steps.find((step) => step >= x) ?? run.steps.at(-1); // whose cell x is in
  const chosen = () => nearest(Number(page.state().step) || run.differ[0] || 1);

  const choose = (step) => page.go({ step: nearest(step), call: null });
  const move = (by) => {
    const i = at.get(chosen()) + by;
    if (run.steps[i] !== undefined) choose(run.steps[i]);
  };

  // ---------------------------------------------------------------- the charts

  const cells = [...document.querySelectorAll("[data-row]")];
  const delta = (i) => (run.ours[i] === null || run.torch[i] === null ? null : Math.abs(run.ours[i] - run.torch[i]));
  const read = (step) => {
    const i = at.get(step);
    document.querySelectorAll("[data-here]").forEach((head) => (head.textContent = `step ${step}`));
    for (const cell of cells) {
      const [what, row] = cell.dataset.row.split("-");
      if (what === "loss") {
        cell.replaceChildren(...[run.torch, run.ours].map((loss) => page.element("div", {}, page.number(loss[i], 7))));
      } else cell.textContent = page.aligned(what === "delta" ? delta(i) : run.rows[what][row][i]);
    }
  };

  // ---------------------------------------------------------------- the calls of a step

  const columns = ["", "", "", "", "", "number", "number", "number", "number", ""];

  function calls(step) {
    const found = run.calls.steps[step];
    if (!found) return null;
    const [first, sequence, ...numbers] = found;
    return run.calls.sequences[sequence].map(([offset, ...words], i) => ({
      call: first + offset,
      words: words.map((word) => run.calls.words[word]),
      numbers: numbers.map((column) => column[i]),
    }));
  }

  function row({ call, words: [line, op, shape, dtype, verdict], numbers }, open) {
    const toggle = (event) => {
      event.stopPropagation();
      page.go({ step: chosen(), call: open ? null : call });
    };
    const button = page.element("button", { type: "button", "aria-expanded": String(open), click: toggle }, line || "–");
    const contents = [button, page.element("code", {}, op), shape, dtype, ...numbers.map((x) => page.aligned(x)), verdict];
    return page.element(
      "tr", { "data-call": call, class: verdict === "DIFFER" ? "differ" : null, click: toggle },
      page.element("th", { scope: "row", class: "number" }, String(call)),
      contents.map((content, i) => page.element("td", { class: columns[i + 1] || null }, content)),
    );
  }

  // The script's line under a call, with its neighbours, as page.py writes it for the first finding.
  function source(line) {
    const [, name, number] = line.match(/^(.*):(\d+)$/) || [];
    const n = Number(number);
    const near = name && run.source.name === name ? [-3, -2, -1, 0, 1, 2, 3].map((i) => n + i).filter((i) => i in run.source.lines) : [];
    const text = near.map((i) =>
      page.element("span", { class: i === n ? "here" : null }, page.element("i", {}, `${i === n ? "▸" : " "} ${i}`), `${run.source.lines[i]}\n`));
    const shown = near.includes(n)
      ? page.element("pre", { class: "listing" }, page.element("code", {}, text))
      : page.element("p", { class: "note" }, "This line is not in the script itself.");
    return page.element("tr", { class: "line-of" }, page.element("td", { colspan: 10 }, shown));
  }

  function show(state) {
    const step = chosen();
    const i = at.get(step);
    read(step);
    page.cursor("cursor", step - 0.5);
    if (!body) return;
    input.value = step;
    document.getElementById("previous").disabled = i === 0;
    document.getElementById("next").disabled = i === run.steps.length - 1;
    const found = calls(step);
    const loss = run.torch[i] === null ? "" : `; the loss is ${page.number(run.ours[i], 9)}, torch’s ${page.number(run.torch[i], 9)}`;
    const differ = (found || []).filter((call) => call.words[4] === "DIFFER").length;
    const many = found ? `${found.length} calls, ${differ ? `${differ} DIFFER` : "none differs"}` : "its calls are not kept in this page";
    document.getElementById("summary").textContent = `Step ${step} of ${run.steps.at(-1)}: ${many}${loss}.`;
    const focused = body.contains(document.activeElement) && document.activeElement.closest("tr").dataset.call;
    body.replaceChildren(...(found || []).flatMap((call) => {
      const open = String(call.call) === state.call;
      return open ? [row(call, open), source(call.words[0])] : [row(call, open)];
    }));
    if (focused) body.querySelector(`[data-call="${focused}"] button`)?.focus();
  }

  // ---------------------------------------------------------------- how it is driven

  if (!run.steps.length) return;
  const first = () => run.differ.length && choose(run.differ[0]);
  const open = () => document.getElementById("steps")?.scrollIntoView();
  document.querySelectorAll('a[href^="#step="]').forEach((link) => link.addEventListener("click", open));
  page.planes(
    (x) => { const step = standing(x); read(step); page.cursor("hover", step - 0.5); },
    () => { read(chosen()); page.cursor("hover", null); },
    (x) => { choose(standing(x)); open(); },
  );
  if (body) {
    document.getElementById("previous").addEventListener("click", () => move(-1));
    document.getElementById("next").addEventListener("click", () => move(1));
    document.getElementById("first").addEventListener("click", first);
    input.max = run.steps.at(-1);
    input.addEventListener("change", () => choose(Number(input.value)));
  }
  page.keys({
    "n ArrowRight": ["next step", () => move(1)],
    "p ArrowLeft": ["previous step", () => move(-1)],
    f: ["first step that differs", first],
    o: ["open the step’s calls", () => { open(); document.querySelector("#calls button")?.focus({ preventScroll: true }); }],
    Home: ["first step", () => choose(run.steps[0])],
    End: ["last step", () => choose(run.steps.at(-1))],
  });
  page.follow(show);
})();
