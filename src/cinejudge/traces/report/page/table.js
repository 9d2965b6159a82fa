// All clips against all suites and dimensions, with what could be judged beside each score.
const order = { key: null, falling: true };

// Suites whose dimensions are shown; all of them where they fit beside one another.
const suites = Object.entries(DATA.summary.suites);
const unfolded = new Set(suites.flatMap(([, found]) => found.dimensions).length <= 12 ? suites.map(([name]) => name) : []);

const columns = () => suites.flatMap(([suite, { total, dimensions }]) => [
  { suite, title: total.name, name: "Overall", mean: total, span: unfolded.has(suite) ? dimensions.length + 1 : 1, of: (found) => found },
  ...(unfolded.has(suite) ? dimensions : []).map((mean) => ({
    suite, name: mean.name, mean, of: (found) => found?.dimensions.find((dimension) => dimension.id === mean.id),
  })),
]);

const fold = (suite) => {
  if (!unfolded.delete(suite)) unfolded.add(suite);
  order.key = null;
  drawTable();
  document.querySelector(`[data-suite="${CSS.escape(suite)}"]`).focus();
};

const resultIn = (column, clip) => column.of(clip.suites.find((suite) => suite.name === column.suite));

const cell = (result, column) => {
  const first = column.span ? "overall first-of-suite" : "";
  if (!result) return el("td", { class: first }, "–");
  if (result.status !== "scored") return el("td", { class: first }, chip(result.status));
  return el("td", { class: first }, el("span", { class: "num" }, score(result.score)), wedge(result.score, result.coverage),
    el("small", null, `${percent(result.coverage)} judged`));
};

const sortBy = (key) => {
  order.falling = order.key === key ? !order.falling : true;
  order.key = key;
  drawTable();
};

const sorted = (all) => {
  if (order.key === null) return DATA.clips;
  const value = (clip) => order.key === "name" ? clip.name : resultIn(all[order.key], clip)?.score ?? null;
  return [...DATA.clips].sort((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === right) return 0;
    if (left === null || right === null) return left === null ? 1 : -1; // what has no score stands last
    return (left < right ? -1 : 1) * (order.falling ? -1 : 1);
  });
};

const header = (name, key, attributes) => el("th", {
  scope: "col", ...attributes, "aria-sort": order.key !== key ? "none" : order.falling ? "descending" : "ascending",
}, el("button", { type: "button", onclick: () => sortBy(key) }, name));

const drawTable = () => {
  const all = columns();
  const rows = sorted(all).map((clip) => el("tr", { class: clip.id === state.clip?.id ? "current" : null },
    el("th", { scope: "row" },
      el("a", { href: address({ clip: clip.id, with: null }), "aria-current": clip.id === state.clip?.id ? "true" : null }, said(clip.name)),
      el("small", { class: "dim" }, [
        seconds(clip.seconds), count(clip.shots, "shot"), count(clip.findings, "finding"),
        clip.status === "partial" && "partial",
      ].filter(Boolean).join(" · ")),
      SEVERAL_MODELS && el("small", { class: "dim" }, "by ", said(clip.model))),
    all.map((column) => cell(resultIn(column, clip), column))));
  const mean = DATA.clips.length > 1 && el("tr", { class: "mean" },
    el("th", { scope: "row" }, "Mean over scored clips"),
    all.map(({ mean: found, span }) => el("td", { class: span ? "overall first-of-suite" : null },
      el("span", { class: "num" }, score(found.score)),
      el("small", null, `${found.n} of ${DATA.clips.length}`))));
  const broken = DATA.summary.failures.map((failure) => el("tr", { class: "broken" },
    el("th", { scope: "row" }, said(failure.name)),
    el("td", { colspan: all.length || 1 }, chip("failed", "not judged"), " ", said(failure.message))));
  document.getElementById("clips").replaceChildren(
    el("h2", { id: "clips-title" }, DATA.clips.length > 1 ? "Clips compared" : "Scores"),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "clips-title" }, el("table", null,
      el("thead", null,
        el("tr", null, el("td"), all.filter((column) => column.span).map((column) =>
          el("th", { scope: "colgroup", colspan: column.span, class: "suite first-of-suite" }, el("button", {
            type: "button", "data-suite": column.suite, "aria-expanded": String(unfolded.has(column.suite)), onclick: () => fold(column.suite),
          }, said(column.title), el("small", { class: "dim" }, unfolded.has(column.suite) ? " hide dimensions" : " show dimensions"))))),
        el("tr", null, header("Clip", "name"), all.map((column, index) =>
          header(said(column.name), index, { class: column.span ? "first-of-suite" : null })))),
      el("tbody", null, rows, broken, mean))));
};
