// Puts the page together and listens to the address and the keys.
const drawMasthead = () => {
  const { run, summary, clips } = DATA;
  const failed = summary.failures.length;
  const headline = `${count(clips.length, "clip")} judged${failed ? `, ${failed} could not be` : ""}`;
  const themes = ["auto", "light", "dark"];
  const theme = el("button", { type: "button" });
  const apply = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.textContent = `Theme: ${name}`;
    theme.dataset.next = themes[(themes.indexOf(name) + 1) % themes.length];
  };
  theme.addEventListener("click", () => { apply(theme.dataset.next); });
  apply("auto");
  const { usage } = summary;
  const spent = Object.values(usage.seconds).reduce((sum, one) => sum + one, 0);
  document.title = `${headline} · cinejudge`;
  document.getElementById("masthead").replaceChildren(el("div", { class: "masthead" },
    el("svg", { viewBox: "0 0 100 100", "aria-hidden": "true" },
      el("circle", { cx: 50, cy: 50, r: 47, fill: "none", stroke: "currentcolor", "stroke-width": 2 }),
      el("circle", { cx: 50, cy: 50, r: 38, fill: "none", stroke: "currentcolor", "stroke-width": 2 }),
      el("path", { d: "M0 50H100M50 0V100", stroke: "currentcolor", "stroke-width": 1 }),
      el("path", { d: "M50 50V3A47 47 0 0 1 97 50Z", fill: "currentcolor", opacity: 0.22 }),
      el("text", { x: 50, y: 67, "text-anchor": "middle", "font-size": clips.length > 99 ? 32 : 48, "font-weight": 700, fill: "currentcolor" }, String(clips.length))),
    el("h1", null, headline), theme,
    el("p", { class: "run num" }, `cinejudge ${run.versions.cinejudge} · run ${run.id}`),
    el("dl", { class: "facts" },
      pair("Model", run.versions.model === "offline" ? "offline: rules on measured evidence only" : run.versions.model),
      pair("Suites", Object.values(summary.suites).map((suite) => suite.total.name).join(", ") || Object.keys(run.versions.suites).join(", ")),
      pair("Begun", new Date(run.created_at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })),
      usage.calls + usage.cached_calls > 0 && pair("Model calls", `${number(usage.calls)} (${number(usage.cached_calls)} cached), ${number(usage.input_tokens + usage.output_tokens)} tokens`),
      usage.calls > 0 && pair("Cost", usage.cost === null ? "price not known" : number(usage.cost)),
      pair("Time", seconds(spent)))));
};

const drawFilters = () => {
  const redraw = () => { drawParts(); };
  const toggles = (legend, all, chosen) => el("fieldset", null, el("legend", null, legend), all.map((name) =>
    el("label", { class: "toggle" }, el("input", {
      type: "checkbox", checked: chosen.has(name), onchange: (event) => { event.target.checked ? chosen.add(name) : chosen.delete(name); redraw(); },
    }), plain(name))));
  const { filter } = state;
  const search = el("input", { type: "search", placeholder: "Find in findings and metrics", "aria-label": "Find in findings and metrics", value: filter.words });
  search.addEventListener("input", () => { filter.words = search.value; redraw(); });
  const form = el("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    state.clip.suites.length > 1 && el("select", { "aria-label": "Suite", onchange: (event) => { filter.suite = event.target.value; redraw(); } },
      el("option", { value: "" }, "All suites"),
      state.clip.suites.map((suite) => el("option", { value: suite.name, selected: filter.suite === suite.name }, suite.title))),
    toggles("Severity", SEVERITIES, filter.severities), toggles("Metrics", STATUSES, filter.statuses), search);
  return innerWidth > 640 ? form : el("details", { class: "folded" }, el("summary", null, "Filter findings and metrics"), form);
};

// Parts that a filter changes; the viewer stays, so that a playing video plays on.
const drawParts = () => {
  document.getElementById("findings").replaceWith(drawFindings());
  document.getElementById("timeline").replaceWith(drawTimeline());
  document.getElementById("scores").replaceWith(drawScores());
  showTime();
};

const drawClip = () => {
  const { clip, status, reason, shots, expected } = state.clip;
  const index = rowIndex();
  document.getElementById("clip").replaceChildren(
    el("header", { class: "clip-head" },
      el("h2", { id: "clip-title" }, said(clip.name)),
      el("span", { class: "dim" }, `${seconds(clip.duration_s)}, ${count(shots.length, "shot")}${expected === null ? "" : ` of ${expected} specified`}`),
      DATA.clips.length > 1 && el("span", { class: "turn" },
        el("button", { type: "button", onclick: () => turnClip(-1) }, "Previous"),
        el("button", { type: "button", onclick: () => turnClip(1) }, "Next"), el("span", { class: "dim" }, `${index + 1} of ${DATA.clips.length}`)),
      drawRivals(),
      status === "partial" && el("p", { class: "warn" }, "Partial: ", said(reason))),
    ...(state.other ? [drawCompare()] : []),
    drawFilters(),
    el("div", { class: "stage" }, drawViewer(), drawFindings()),
    drawTimeline(), drawScores(), drawStory());
  seek(state.at);
};
const rowIndex = () => DATA.clips.findIndex((row) => row.id === state.clip?.id);
const turnClip = (by) => {
  const next = DATA.clips[(rowIndex() + by + DATA.clips.length) % DATA.clips.length];
  go(address({ clip: next.id, with: null }));
};

// Where a clip's details are neither in the page nor to be had.
const drawElsewhere = () => {
  document.getElementById("clip").replaceChildren(
    el("h2", { id: "clip-title" }, "Each clip"),
    el("p", null, `With ${count(DATA.clips.length, "clip")} this run is too large for one file. To see each of them: `,
      el("kbd", null, `cinejudge view ${DATA.folder}`)));
};

const follow = () => {
  const to = readAddress();
  const wanted = DATA.clips.some((row) => row.id === to.clip) ? to.clip : state.clip?.id ?? DATA.clips[0].id;
  const rival = DATA.clips.some((row) => row.id === to.with) && to.with !== wanted ? to.with : null;
  const lacking = [wanted, rival].filter((id) => id && !DATA.whole[id]);
  if (lacking.length) {
    if (DATA.served) Promise.all(lacking.map(fetchClip)).then(follow, (error) => { document.getElementById("clip").replaceChildren(el("p", { class: "warn" }, said(error.message))); });
    else drawElsewhere();
    return;
  }
  const [clip, other] = [DATA.whole[wanted], rival ? DATA.whole[rival] : null];
  if (clip !== state.clip || other !== state.other) {
    const another = state.clip && clip !== state.clip;
    Object.assign(state, { clip, other, at: clip === state.clip ? state.at : 0, finding: null });
    drawTable();
    drawClip();
    if (another && !to.at && !to.metric) document.getElementById("clip").scrollIntoView();
    if (other) document.getElementById("compare").scrollIntoView({ block: "nearest" });
  }
  if (to.finding) showFinding(to.finding);
  if (to.metric) showMetric(to.metric);
  const at = Number.parseFloat(to.at);
  if (Number.isFinite(at)) {
    seek(at);
    document.querySelector(".viewer").scrollIntoView({ block: "nearest" });
  }
};

// Goes to an address at once: what is typed next must find the page already there.
const go = (to) => {
  history.pushState(null, "", to);
  follow();
};

const KEYS = {
  j: ["next finding", () => turnFinding(1)], k: ["previous finding", () => turnFinding(-1)],
  n: ["next clip", () => turnClip(1)], p: ["previous clip", () => turnClip(-1)],
  " ": ["play or pause", toggle], ArrowLeft: ["one frame back", () => step(-1)], ArrowRight: ["one frame on", () => step(1)],
};
const KEY_NAMES = { " ": "space", ArrowLeft: "←", ArrowRight: "→" };

const start = () => {
  drawMasthead();
  drawTable();
  drawModels();
  if (!DATA.clips.length) return;
  follow();
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    const known = KEYS[event.key];
    const typing = event.target.closest("input, select, audio, dialog, [role=slider]");
    const pressed = event.key === " " && event.target.closest("button, summary, video");
    if (!known || typing || pressed || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (state.clip) known[1]();
  });
  document.getElementById("keys").replaceChildren(el("p", null, "Nothing on this page was loaded from elsewhere."),
    el("dl", null, Object.entries(KEYS).map(([key, [words]]) => el("div", null, el("dt", null, el("kbd", null, KEY_NAMES[key] ?? key)), " ", el("dd", null, words)))));
};
start();
