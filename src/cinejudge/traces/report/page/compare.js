// Two clips of one brief side by side: the same moment, the same metrics, and the answers that differ.
const rivals = () => {
  const own = DATA.clips[rowIndex()];
  return DATA.clips.filter((row) => row.id !== own.id && row.brief !== null && row.brief === own.brief);
};

const drawRivals = () => {
  const found = rivals();
  if (!found.length) return false;
  const name = (row) => `${unturned(row.name)}${SEVERAL_MODELS ? ` (${unturned(row.model)})` : ""}`;
  return el("label", { class: "rivals" }, "Compare with ",
    el("select", { "aria-label": "Compare with", onchange: (event) => go(address({ with: event.target.value || null })) },
      el("option", { value: "" }, `another clip of this brief (${found.length})`),
      found.map((row) => el("option", { value: row.id, selected: row.id === state.other?.id }, name(row)))));
};

// The picture of a clip at a share of its length: the video where it can be reached, else the nearest picture kept.
const screenOf = (whole) => {
  const box = el("div", { class: "screen", style: { "--shape": `${whole.clip.width || 16} / ${whole.clip.height || 9}` } });
  const kept = framesOf(whole);
  let video = null;
  let share = 0;
  const show = (to) => {
    share = to;
    const at = share * whole.clip.duration_s;
    if (video) video.currentTime = at;
    else {
      const found = kept.reduce((best, one) => (!best || Math.abs(one.time - at) < Math.abs(best.time - at) ? one : best), null);
      box.replaceChildren(found ? picture(found, found.caption, true) : "No picture was kept.");
    }
  };
  if (whole.video) {
    const player = el("video", { preload: "auto", playsinline: true, muted: true, "aria-label": `video ${whole.clip.name}` });
    player.addEventListener("loadedmetadata", () => { video = player; box.replaceChildren(player); show(share); });
    player.src = whole.video;
  }
  return { box, show, playOrPause: () => video && (video.paused ? video.play() : video.pause()) };
};

const metricsOf = (whole) => new Map(whole.suites.flatMap((suite) => suite.dimensions.flatMap((dimension) =>
  dimension.metrics.map((metric) => [`${suite.name}/${metric.id}`, { suite, dimension, metric }]))));

// What was answered, in the words of the option, and of which shots; they may be others than in the other clip.
const optionsOf = (whole, metric) => {
  const chosen = new Map();
  for (const answer of metric.answers.filter((one) => one.option !== null)) {
    const asked = whole.questions[answer.asked];
    const option = asked?.options.find((one) => one.id === answer.option);
    const words = el("li", null, option ? filled(option.text, asked) : said(answer.option));
    const key = words.textContent;
    if (!chosen.has(key)) chosen.set(key, { words, places: new Set() });
    if (asked?.shots.length) chosen.get(key).places.add(asked.shots.map(shotName).join(" and "));
  }
  return [...chosen.values()].map(({ words, places }) => {
    if (places.size) words.append(" ", el("span", { class: "dim" }, [...places].join(", ")));
    return words;
  });
};

const comparedRows = () => {
  const [left, right] = [metricsOf(state.clip), metricsOf(state.other)];
  return [...left].filter(([name]) => right.has(name)).map(([name, one]) => ({ name, one: one.metric, other: right.get(name).metric, dimension: one.dimension }))
    .filter(({ one, other }) => one.score !== null || other.score !== null)
    .map((row) => ({ ...row, apart: row.one.score === null || row.other.score === null ? null : row.other.score - row.one.score }))
    .sort((a, b) => Math.abs(b.apart ?? 0) - Math.abs(a.apart ?? 0));
};

const sideCell = (whole, metric) => el("td", null,
  metric.score === null ? chip(metric.status) : [el("span", { class: "num" }, score(metric.score)), " ", wedge(metric.score, metric.coverage)],
  metric.answers.some((answer) => answer.option !== null) && el("ul", { class: "dim" }, optionsOf(whole, metric).slice(0, 4)));

const sideFindings = (whole, other) => el("ul", null, whole.findings.slice(0, 12).map((finding) => el("li", null, severity(finding.severity), " ",
  el("a", { href: address({ clip: whole.id, with: other.id, finding: finding.id, at: finding.spans[0]?.start_s.toFixed(2) }) }, said(finding.title)))),
  whole.findings.length > 12 && el("li", { class: "dim" }, `and ${whole.findings.length - 12} more`));

const drawCompare = () => {
  const both = [state.clip, state.other];
  const screens = both.map(screenOf);
  const slider = el("input", { type: "range", min: "0", max: "1", step: "0.005", value: "0", "aria-label": "moment in both clips" });
  slider.addEventListener("input", () => screens.forEach((one) => one.show(Number(slider.value))));
  screens.forEach((one) => one.show(0));
  const rows = comparedRows();
  return el("section", { id: "compare", "aria-label": "Two clips side by side" },
    el("div", { class: "pair" }, both.map((whole, index) => el("figure", null, el("figcaption", null,
      el("strong", null, said(whole.clip.name)), " ", el("span", { class: "dim" }, `${seconds(whole.clip.duration_s)}, ${count(whole.shots.length, "shot")} `),
      index === 1 && el("a", { href: address({ clip: whole.id, with: state.clip.id }) }, "open")), screens[index].box))),
    el("div", { class: "bar" }, slider, both.some((whole) => whole.video) && el("button", { type: "button", onclick: () => screens.forEach((one) => one.playOrPause()) }, "Play or pause both"),
      el("a", { href: address({ with: null }) }, "Close the comparison")),
    el("div", { class: "scroll" }, el("table", null,
      el("thead", null, el("tr", null, el("th", { scope: "col" }, `${count(rows.length, "metric")}, the furthest apart first`),
        both.map((whole) => el("th", { scope: "col" }, said(whole.clip.name))), el("th", { scope: "col" }, "Difference"))),
      el("tbody", null, rows.map((row) => el("tr", { "data-compared": row.name },
        el("th", { scope: "row" }, el("a", { href: address({ metric: row.name }) }, said(row.one.name)), el("small", { class: "dim" }, row.dimension.name)),
        sideCell(state.clip, row.one), sideCell(state.other, row.other),
        el("td", { class: "num" }, row.apart === null ? "–" : `${row.apart > 0 ? "+" : ""}${row.apart.toFixed(2)}`)))))),
    el("div", { class: "pair" }, both.map((whole, index) => el("div", null, el("h3", null, count(whole.findings.length, "finding")), sideFindings(whole, both[1 - index])))));
};
