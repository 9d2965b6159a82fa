// Every number down to the answers and the evidence it rests on.
// The words of a question or option, with the brief's own words quoted where it has a slot for them.
const filled = (words, asked) => words.split(/(\{[a-z_.]+\})/).map((part) => {
  const slot = part.startsWith("{") ? part.slice(1, -1) : null;
  if (slot === null) return said(part);
  return slot in asked.slots ? ["“", said(asked.slots[slot]), "”"] : "(not specified)";
});

// Shots, or what else it is about; people count from 1.
const placeName = (name) => name.replace(/^spec(\d+)$/, (_, index) => `shot ${+index + 1} of the brief`)
  .replace(/^(line|speaker)(\d+)$/, (_, kind, index) => `${kind} ${+index + 1}`);
const target = (asked) => [
  asked.shots.map((index) => [shotLink(index), " "]),
  !asked.shots.length && asked.target !== "clip" && `${placeName(asked.target)} `,
  asked.span && spanLink(asked.span),
];

const drawOptions = (asked, answer) => answer.option !== null && el("ul", { class: "options" }, asked.options.map((option) => {
  const chosen = option.id === answer.option;
  return el("li", { class: chosen ? "chosen" : null }, chosen && el("span", { "aria-label": "chosen" }, "✓ "), filled(option.text, asked),
    option.score !== null && el("span", { class: "num" }, ` ${score(option.score)}`));
}));

const by = (answer) => el("p", { class: "by" },
  answer.by && el("span", null, answer.by === "rule" ? "decided by rule" : `answered by ${answer.by}`),
  answer.score !== null && el("span", null, `score ${score(answer.score)}`),
  answer.confidence !== null && el("span", null, `confidence ${percent(answer.confidence)}`),
  answer.agreement !== null && el("span", null, `${percent(answer.agreement)} of samples agree`),
  answer.spans.length > 0 && el("span", null, "points at ", answer.spans.map((span) => [spanLink(span), " "])));

const drawRule = (rule) => rule && el("p", { class: "dim" }, "Rule: ", el("span", { class: "num" }, rule.measure.name), " ",
  rule.bands.map((band) => `${band.option}${band.min === null ? "" : ` from ${band.min}`}${band.max === null ? "" : ` below ${band.max}`}`).join(", "));

const drawLog = (asked) => {
  const steps = state.clip.log.filter((event) => event.asked === asked || event.asked?.includes?.(asked));
  const words = (event) => ({
    tool_call: () => [`called ${event.tool} `, said(JSON.stringify(event.args)), event.error && [": ", said(event.error)]],
    model_call: () => `asked ${event.model}: ${number(event.input_tokens)} tokens in, ${number(event.output_tokens)} out, ${event.cached ? "from the cache" : seconds(event.seconds)}`,
    reflection: () => [`reflection, ${plain(event.action)}: `, said(event.reason)],
  })[event.kind]?.();
  const shown = steps.map(words).filter(Boolean);
  return shown.length > 0 && el("details", null, el("summary", { class: "dim" }, `How it was answered: ${count(shown.length, "step")}`),
    el("ol", null, shown.map((one) => el("li", null, one))));
};

const drawAnswer = (answer) => {
  const asked = state.clip.questions[answer.asked];
  return el("section", { class: `answer ${answer.status}` },
    el("h4", null, asked ? filled(asked.text, asked) : said(answer.asked), " ", asked && el("span", { class: "dim" }, target(asked))),
    answer.status !== "answered" && el("p", null, chip(answer.status), " ", said(answer.reason)),
    asked && drawOptions(asked, answer),
    answer.reasoning && el("p", { class: "reasoning" }, said(answer.reasoning)),
    answer.uncertain && el("p", null, chip("not_judged", "in doubt"), " ", said(answer.uncertain)),
    by(answer), asked && drawRule(asked.rule), drawCited(answer.evidence), drawLog(answer.asked),
    answer.before.map((earlier) => el("div", { class: "before" },
      el("p", null, answer.by === "rule" ? [said(earlier.by), " first: "] : "Before reflection: ", said(asked?.options.find((option) => option.id === earlier.option)?.text ?? earlier.option ?? plain(earlier.status))),
      earlier.reasoning && el("p", { class: "reasoning" }, said(earlier.reasoning)), by(earlier))));
};

// Questions without an answer, in short.
const drawOpen = (answers, folded) => answers.length > 0 && el("details", { open: !folded },
  el("summary", { class: "dim" }, `${count(answers.length, "question")} without an answer`),
  el("ul", { class: "open-questions" }, answers.map((answer) => {
    const asked = state.clip.questions[answer.asked];
    return el("li", null, asked ? [filled(asked.text, asked), " ", target(asked)] : said(answer.asked), " ",
      chip(answer.status), " ", el("span", { class: "dim" }, said(answer.reason)));
  })));

const drawMeasured = (measured) => measured && el("div", { class: "measure answer answered" },
  el("h4", null, "Measured: ", el("span", { class: "num" }, measured.name)),
  measured.note && el("p", null, said(measured.note)),
  measured.reason && el("p", null, said(measured.reason)),
  el("dl", null,
    measured.value !== null && pair("value", el("span", { class: "num" }, `${number(measured.value)} ${measured.unit}`)),
    measured.spans.slice(0, 8).map((span) => pair("at", spanLink(span))),
    Object.entries(measured.parts).slice(0, 24).map(([name, value]) => pair(said(name), el("span", { class: "num" }, value === null ? "–" : number(value))))),
  drawCited(measured.evidence));

const drawMetric = (suite, metric) => {
  const details = el("details", { class: "metric", "data-metric": `${suite.name}/${metric.id}` }, el("summary", null,
    el("span", { class: "name" }, said(metric.name), " ",
      metric.fidelity === "substitute" && chip("substitute"),
      el("small", null, [plain(metric.level), metric.providers.join(", "), metric.status === "scored" && metric.coverage < 1 && `${percent(metric.coverage)} judged`].filter(Boolean).join(" · ")),
      metric.status !== "scored" && metric.reason && el("small", null, said(metric.reason))),
    el("span", { class: "raw dim num" }, metric.raw === null ? "" : `${number(metric.raw)} ${metric.unit}`),
    metric.status === "scored" ? [el("span", { class: "num" }, score(metric.score)), wedge(metric.score, metric.coverage)] : [el("span"), chip(metric.status)]));
  details.addEventListener("toggle", () => {
    if (details.childElementCount > 1) return;
    const told = metric.answers.filter((answer) => answer.option !== null || answer.status === "failed");
    const inside = [metric.reason && metric.status === "scored" && el("p", null, said(metric.reason)),
      metric.fidelity === "substitute" && el("p", { class: "dim" }, "Another model stands in for the paper's: not comparable with published numbers."),
      drawMeasured(metric.measured), told.map(drawAnswer),
      drawOpen(metric.answers.filter((answer) => !told.includes(answer)), told.length > 0)];
    const empty = !metric.measured && !metric.answers.length;
    details.append(el("div", { class: "body" }, inside, empty && el("p", { class: "dim" }, said(metric.reason ?? "Nothing was asked."))));
  });
  return details;
};

const drawDimension = (suite, dimension) => {
  const shown = dimension.metrics.filter((metric) => state.filter.statuses.has(metric.status)
    && matches(metric.name, metric.id, metric.reason, dimension.name, ...metric.answers.map((answer) => answer.reasoning)));
  return shown.length > 0 && el("section", { class: "dimension" }, el("header", null,
    el("h3", null, said(dimension.name), " ", el("small", { class: "dim" }, dimension.group)),
    el("span", { class: "dim" }, [dimension.status === "scored" && `${percent(dimension.coverage)} judged`, !dimension.counts && "not in the total"].filter(Boolean).join(" · ")),
    dimension.status === "scored" ? [el("strong", { class: "num" }, score(dimension.score)), wedge(dimension.score, dimension.coverage)] : [el("span"), chip(dimension.status)]),
    shown.map((metric) => drawMetric(suite, metric)));
};

// How many metrics the filter leaves out because they do not apply.
const drawIdle = (suite) => {
  const idle = suite.dimensions.flatMap((dimension) => dimension.metrics).filter((metric) => metric.status === "not_applicable").length;
  return idle > 0 && !state.filter.statuses.has("not_applicable") && el("span", { class: "dim" }, `${count(idle, "metric")} not applicable, not shown`);
};

const drawScores = () => el("section", { id: "scores", "aria-label": "Scores" }, state.clip.suites
  .filter((suite) => !state.filter.suite || suite.name === state.filter.suite)
  .map((suite) => el("section", { class: "suite-block" },
    el("header", null, el("h2", null, said(suite.title)),
      suite.status === "scored" ? [el("span", { class: "num" }, score(suite.score)), wedge(suite.score, suite.coverage)] : chip(suite.status),
      el("span", { class: "dim" }, `${percent(suite.coverage)} of what applies was judged`),
      suite.completion !== null && el("span", { class: "dim" }, `times shot completion ${score(suite.completion)}`),
      drawIdle(suite)),
    suite.dimensions.map((dimension) => drawDimension(suite, dimension)))));

const showMetric = (name) => {
  const find = () => document.querySelector(`[data-metric="${CSS.escape(name)}"]`);
  if (!find()) {
    Object.assign(state.filter, { suite: "", words: "", statuses: new Set(STATUSES) });
    drawClip();
  }
  const found = find();
  if (!found) return;
  found.open = true;
  found.scrollIntoView({ block: "start" });
  found.querySelector("summary").focus({ preventScroll: true });
};
