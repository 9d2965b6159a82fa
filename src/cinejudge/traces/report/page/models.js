// Over all clips: the models' scores with their intervals, by dimension, and how often each fails.
const chosen = { suite: null, shown: "scores" };

const suiteNames = () => Object.keys(DATA.summary.suites).filter((name) => DATA.summary.models.some((one) => one.suites[name]?.total.n));
const dimensionsOf = (suite) => DATA.summary.suites[suite].dimensions;

const whisker = ({ mean, low, high }) => el("span", { class: "range", "aria-hidden": "true", style: { "--v": mean, "--low": low ?? mean, "--high": high ?? mean } },
  el("i"), el("b"));
const intervalWords = ({ mean, low, high, n }) => mean === null ? "no score"
  : low === null ? `${score(mean)}, one clip: no interval` : `${score(mean)} (${score(low)} to ${score(high)}), ${count(n, "clip")}`;

const ranked = (suite) => [...DATA.summary.models].sort((a, b) => (b.suites[suite]?.total.mean ?? -1) - (a.suites[suite]?.total.mean ?? -1));

const drawStandings = (suite) => {
  const lost = DATA.summary.models.some((row) => row.failed);
  return el("div", { class: "scroll" }, el("table", { class: "standings" },
  el("thead", null, el("tr", null, ["Model", "Clips", ...(lost ? ["Failed"] : []), "Score", "95 % interval"].map((name) => el("th", { scope: "col" }, name)))),
  el("tbody", null, ranked(suite).map((row) => {
    const total = row.suites[suite]?.total;
    return el("tr", null, el("th", { scope: "row" }, said(row.model)), el("td", { class: "num" }, row.clips),
      lost && el("td", { class: `num ${row.failed ? "lost" : "dim"}` }, row.failed),
      el("td", { class: "num" }, el("strong", null, score(total?.mean))),
      el("td", null, total && total.mean !== null ? [whisker(total), " ", el("span", { class: "num dim" }, total.low === null ? "one clip: none" : `${score(total.low)}–${score(total.high)}`)] : chip("not_judged")));
  }))));
};

// Darker is worse, in both: a low score, a high rate of failures.
const heat = (share) => ({ "--heat": `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%` });

const heatCell = (standing, dimension, most) => {
  if (chosen.shown === "scores") {
    const found = standing?.dimensions[dimension];
    if (!found || found.mean === null) return el("td", { class: "none" }, "–");
    return el("td", { class: "num", style: heat(1 - found.mean), title: intervalWords(found) }, score(found.mean));
  }
  const rate = standing?.failures[dimension];
  if (rate === null || rate === undefined) return el("td", { class: "none" }, "–");
  return el("td", { class: "num", style: heat(rate / (most || 1)), title: `${number(rate)} failed segments per video` }, rate.toFixed(2));
};

const drawHeat = (suite) => {
  const models = ranked(suite);
  const rates = models.flatMap((row) => Object.values(row.suites[suite]?.failures ?? {})).filter((rate) => rate !== null);
  const most = Math.max(0, ...rates);
  const shown = dimensionsOf(suite).filter((dimension) => models.some((row) => row.suites[suite]?.dimensions[dimension.id]?.n));
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "dimensions by model" }, el("table", { class: "heat" },
    el("thead", null, el("tr", null, el("th", { scope: "col" }, "Dimension"), models.map((row) => el("th", { scope: "col" }, said(row.model))))),
    el("tbody", null, shown.map((dimension) => el("tr", null, el("th", { scope: "row" }, said(dimension.name)),
      models.map((row) => heatCell(row.suites[suite], dimension.id, most)))))));
};

const drawModels = () => {
  const section = document.getElementById("models");
  const names = suiteNames();
  if (DATA.clips.length < 2 || !names.length) return section.replaceChildren();
  chosen.suite ??= names[0];
  const pick = (label, field, options) => el("select", { "aria-label": label, onchange: (event) => { chosen[field] = event.target.value; drawModels(); section.querySelector(`[aria-label="${label}"]`).focus(); } },
    options.map(([value, words]) => el("option", { value, selected: chosen[field] === value }, words)));
  section.replaceChildren(
    el("header", null, el("h2", { id: "models-title" }, SEVERAL_MODELS ? "Models compared" : "All clips together"),
      pick("Suite of the comparison", "suite", names.map((name) => [name, DATA.summary.suites[name].total.name])),
      pick("What the dimensions show", "shown", [["scores", "Scores"], ["failures", "Failed segments per video"]])),
    el("p", { class: "dim" }, SEVERAL_MODELS && "A clip's model is its folder inside the input. ", "Intervals: bootstrap over clips, all questions of a clip kept together.",
      DATA.summary.models.some((row) => row.failed) && " Clips that could not be judged are counted as failed and are no part of a score."),
    el("div", { class: "models" }, el("div", null, drawStandings(chosen.suite), drawHeat(chosen.suite)), drawRadar(chosen.suite)));
};
