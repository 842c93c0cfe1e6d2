// The backward stepper: the step that #step= names is shown, and its node marked in the graph.
(() => {
  const { texts, said } = page.data("steps");
  const articles = [...document.querySelectorAll("#stage article")];
  const stage = document.getElementById("stage");
  const links = [...document.querySelectorAll('#graph a[href^="#step="]')];
  const edges = [...document.querySelectorAll("#graph [data-step]")];
  const box = document.getElementById("search");
  const pane = document.getElementById("pane");
  const where = document.getElementById("where");

  const chosen = () => Math.min(Math.max(Math.round(Number(page.state().step)) || 1, 1), articles.length);
  const choose = (step) => page.go({ step: Math.min(Math.max(step, 1), articles.length) });
  const numberOf = (link) => Number(link.getAttribute("href").split("=")[1]);

  // Scroll the pane, and nothing else, until the node is in sight with those that it hands something to.
  function bring(link) {
    const [node, sight] = [link.getBoundingClientRect(), pane.getBoundingClientRect()];
    const past = (low, high, from, to) => (low < from ? low - from : high > to ? high - to : 0);
    pane.scrollBy(
      (node.left + node.right - sight.left - sight.right) / 2,
      past(node.top - 20, node.bottom + 75, sight.top, sight.bottom),
    );
  }

  function show() {
    const step = chosen();
    articles.forEach((article, i) => (article.hidden = i + 1 !== step));
    links.forEach((link) => {
      const number = numberOf(link);
      link.classList.toggle("walked", number < step);
      if (number === step) {
        link.setAttribute("aria-current", "step");
        bring(link);
      } else link.removeAttribute("aria-current");
    });
    edges.forEach((edge) => {
      const from = Number(edge.dataset.step);
      edge.classList.toggle("walked", from < step);
      edge.classList.toggle("current", from === step);
    });
    where.textContent = said[step - 1];
    if (stage.getBoundingClientRect().top < 0) stage.scrollIntoView();
    document.getElementById("previous").disabled = step === 1;
    document.getElementById("next").disabled = step === articles.length;
  }

  // ---------------------------------------------------------------- search

  const matches = () => {
    const word = box.value.trim().toLowerCase();
    return word ? texts.flatMap((text, i) => (text.includes(word) ? [i + 1] : [])) : [];
  };
  box.addEventListener("input", () => {
    const found = matches();
    links.forEach((link) => link.classList.toggle("found", found.includes(numberOf(link))));
    where.textContent = box.value.trim() ? `${found.length} of ${texts.length} steps match; Enter goes to the next` : said[chosen() - 1];
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const found = matches();
      const next = found.find((step) => step > chosen()) ?? found[0];
      if (next) choose(next);
    } else if (event.key === "Escape") {
      box.value = "";
      box.dispatchEvent(new Event("input"));
      box.blur();
    }
  });

  // ---------------------------------------------------------------- how it is driven

  document.getElementById("previous").addEventListener("click", () => choose(chosen() - 1));
  document.getElementById("next").addEventListener("click", () => choose(chosen() + 1));
  page.keys({
    "n ArrowRight": ["next step", () => choose(chosen() + 1)],
    "p ArrowLeft": ["previous step", () => choose(chosen() - 1)],
    "/": ["search; Enter goes to the next match, Escape ends it", () => box.focus()],
    Home: ["first step, at the loss", () => choose(1)],
    End: ["last step", () => choose(articles.length)],
  });
  page.follow(show);
})();
