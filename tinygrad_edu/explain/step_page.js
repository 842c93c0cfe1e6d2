// The backward stepper: the step that #step= names is shown, and its node marked in the graph.
(() => {
  const { texts, said } = page.data("steps");
  const articles = [...document.querySelectorAll("#stage article")];
  const links = [...document.querySelectorAll('#graph a[href^="#step="]')];
  const box = document.getElementById("search");
  const where = document.getElementById("where");

  const chosen = () => Math.min(Math.max(Math.round(Number(page.state().step)) || 1, 1), articles.length);
  const choose = (step) => page.go({ step: Math.min(Math.max(step, 1), articles.length) });
  const numberOf = (link) => Number(link.getAttribute("href").split("=")[1]);

  function show() {
    const step = chosen();
    articles.forEach((article, i) => (article.hidden = i + 1 !== step));
    links.forEach((link) => {
      const number = numberOf(link);
      link.classList.toggle("walked", number < step);
      if (number === step) {
        link.setAttribute("aria-current", "step");
        link.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else link.removeAttribute("aria-current");
    });
    document.querySelectorAll("#graph [data-from]").forEach((edge) =>
      edge.classList.toggle("walked", Number(edge.dataset.from) <= step));
    where.textContent = said[step - 1];
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
