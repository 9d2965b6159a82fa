// Time from left to right: pictures of the shots with the boundaries marked as an editor marks a workprint, then lanes.
const place = (start, end) => {
  const share = (at) => Math.min(1, Math.max(0, at / (state.clip.clip.duration_s || 1)));
  return { left: `${share(start) * 100}%`, width: `${Math.max(0, share(end) - share(start)) * 100}%` };
};
const frameTime = (frame) => frame / (state.clip.clip.fps || 24);

// How many times as wide as the page the tracks are: a video of many shots scrolls.
const stretch = () => Math.max(1, state.clip.shots.length / 40);

const tickStep = (duration) => [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((wide) => duration / wide <= 14 * stretch()) ?? 1800;

// Moves the playhead, and the tracks under it where it would leave what is seen of them.
const showPlayhead = () => {
  const playhead = document.querySelector(".playhead");
  if (!playhead) return;
  playhead.style.setProperty("--at", Math.min(1, state.at / (state.clip.clip.duration_s || 1)));
  const frame = playhead.closest(".scroll");
  const seen = frame.getBoundingClientRect();
  const { left } = playhead.firstChild.getBoundingClientRect();
  const first = frame.querySelector(".label").getBoundingClientRect().right;
  if (left < first - 2 || left > seen.right) frame.scrollLeft += left - (first + seen.right) / 2;
};

const drawRuler = () => {
  const { duration_s: duration } = state.clip.clip;
  const wide = tickStep(duration);
  const ticks = Array.from({ length: Math.floor(duration / wide) + 1 }, (_, index) => index * wide);
  const ruler = el("div", {
    class: "track ruler", role: "slider", tabindex: "0", "aria-label": "time",
    "aria-valuemin": "0", "aria-valuemax": duration.toFixed(2),
    onclick: (event) => {
      const box = ruler.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * duration);
    },
    onkeydown: (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.shiftKey) seek(state.at + by);
      else step(by);
    },
  }, ticks.map((at) => [
    el("i", { style: { left: place(at, at).left } }),
    at + wide / 3 < duration && el("span", { style: { left: place(at, at).left } }, wide < 1 ? at.toFixed(1) : `${clock(at).slice(0, -3)}`),
  ]));
  return ruler;
};

// Cut: a stroke. Dissolve: crossing strokes. Fade: a wedge that opens. Wipe: a slanting stroke.
const MARKS = {
  hard_cut: (a) => `M${a} -6V106`,
  cut_to_black: (a, b, gap) => `M${a} -6V106M${a + gap} -6V106`,
  dissolve: (a, b) => `M${a} 0L${b} 100M${a} 100L${b} 0`,
  fade: (a, b) => `M${b} 0L${a} 50L${b} 100`,
  wipe: (a, b) => `M${a} 0L${b} 100`,
};

const drawStrip = () => {
  const { clip, shots } = state.clip;
  const kept = frames();
  const marks = shots.filter((shot) => shot.transition_in).map(({ transition_in: { type, start_frame, end_frame } }) => {
    const x = (frame) => (frameTime(frame) / (clip.duration_s || 1)) * 1000;
    const [start, end] = [x(start_frame), x(end_frame)];
    const least = 6 / stretch();
    return el("path", { d: (MARKS[type] ?? MARKS.hard_cut)(start, Math.max(end, start + least), least * 2 / 3) });
  });
  return el("div", { class: "track strip" },
    shots.map((shot) => {
      const inside = kept.filter((found) => found.time >= shot.start_s && found.time < shot.end_s && found.src);
      const fit = Math.max(1, Math.min(inside.length, Math.round(((shot.end_s - shot.start_s) / (clip.duration_s || 1)) * 9)));
      const shown = Array.from({ length: Math.min(fit, inside.length) }, (_, index) => inside[Math.floor(((index + 0.5) * inside.length) / fit)]);
      return el("button", {
        type: "button", class: shot.valid ? "shot" : "shot extra", style: place(shot.start_s, shot.end_s),
        onclick: () => seek(shot.start_s), title: shotWords(shot),
        "aria-label": shotWords(shot),
      }, shown.map((found) => picture(found, "")), el("b", null, shot.index + 1));
    }),
    el("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" }, marks));
};

const shotWords = (shot) => [
  `${shotName(shot.index)}, ${shot.start_s.toFixed(2)} to ${shot.end_s.toFixed(2)} s`,
  shot.transition_in && `begins with ${plain(shot.transition_in.type)}`,
  shot.spec !== null && `realises ${shotName(shot.spec)} of the brief${shot.match === null ? "" : ` (match ${score(shot.match)})`}`,
  !shot.valid && "matches nothing in the brief",
].filter(Boolean).join("; ");

// Items that overlap go below one another, the first ones on top; what finds no room in five rows is left out.
const stack = (items) => {
  const rows = [[]];
  for (const item of items) {
    let free = rows.find((row) => row.every((other) => other.end <= item.start || other.start >= item.end));
    if (!free && rows.length < 5) rows.push(free = []);
    free?.push(item);
  }
  return rows;
};

const drawLane = (name, items, kind, more = 0) => {
  const rows = stack(items);
  const left = items.length + more - rows.flat().length;
  return [
    el("div", { class: "label" }, name, left > 0 && el("small", { title: `${left} more have no room here` }, `+ ${number(left)}`)),
    el("div", { class: `track lane ${kind ?? ""}`, style: { height: `${rows.length * 1.45 + 0.3}rem` } }, rows.map((row, index) => row.map((item) =>
      el("button", {
        type: "button", class: item.kind, tabindex: item.quiet ? "-1" : null, title: item.title ?? item.label, "aria-label": `${name}: ${item.title ?? item.label}`,
        style: { ...place(item.start, item.end), top: `${index * 1.45 + 0.22}rem`, ...(kind === "boundaries" ? { width: "auto" } : {}) },
        onclick: item.go ?? (() => seek(item.start)),
      }, said(item.label))))),
  ];
};

// Every decision about one place, in order: a boundary that stands, or a candidate that was dropped.
const boundaries = () => {
  const shots = state.clip.shots.filter((shot) => shot.transition_in);
  const used = new Set(shots.flatMap((shot) => shot.history.map((fix) => JSON.stringify(fix))));
  const standing = shots.map((shot) => ({
    at: shot.start_s, frame: shot.start_frame, title: plain(shot.transition_in.type), history: shot.history,
    corrected: shot.history.some((fix) => !["propose", "keep"].includes(fix.action)),
  }));
  const rest = new Map();
  for (const fix of state.clip.corrections) {
    if (!used.has(JSON.stringify(fix))) rest.set(fix.frame, [...(rest.get(fix.frame) ?? []), fix]);
  }
  const dropped = [...rest].map(([frame, history]) => ({
    at: frameTime(frame), frame, title: history.at(-1).action === "merge" ? "no boundary" : plain(history.at(-1).action),
    history, dropped: true,
  }));
  return [...standing, ...dropped].sort((a, b) => a.at - b.at);
};

const LETTERS = { "hard cut": "C", dissolve: "D", fade: "F", wipe: "W", "cut to black": "B" };
const DONE = { propose: "proposed", keep: "kept", merge: "merged", split: "split", move: "moved", retype: "retyped" };

// What the second round decided as the first did is told once.
const alike = (history) => {
  const same = new Map();
  for (const fix of history) {
    const key = JSON.stringify([fix.action, fix.by, fix.frame, fix.reason]);
    same.set(key, [...(same.get(key) ?? []), fix]);
  }
  return [...same.values()];
};

const drawFix = (fixes) => {
  const [fix] = fixes;
  const rounds = [...new Set(fixes.map(({ round }) => round))].filter((round) => round > 0);
  const when = rounds.length ? `, ${rounds.length > 1 ? "rounds" : "round"} ${rounds.join(" and ")}` : "";
  const measures = Object.entries(fix.measures).map(([name, value]) => `${plain(name)} ${number(value)}`).join(", ");
  return el("li", null, el("span", { class: "act" }, DONE[fix.action] ?? fix.action), ` by ${fix.by}, frame ${fix.frame}${when}: `, said(fix.reason),
    measures && el("details", null, el("summary", { class: "dim" }, "measures"), el("p", { class: "num dim" }, measures)));
};
const drawPlace = ([one, index]) => el("li", { id: `boundary-${index}` },
  el("a", { href: moment(one.at), class: "time" }, `${one.at.toFixed(2)} s`), ` frame ${one.frame}: ${one.title}`,
  el("ol", null, alike(one.history).map(drawFix)));

const drawDecisions = (found) => {
  const numbered = found.map((one, index) => [one, index]);
  const dropped = numbered.filter(([one]) => one.dropped);
  return el("details", { class: "decisions", id: "decisions" },
    el("summary", null, `How the shots were found: ${count(found.length, "place")} examined in ${count(state.clip.rounds, "round")}, `
      + `${number(dropped.length)} dropped, ${number(found.filter((one) => one.corrected).length)} corrected`),
    el("ol", null, numbered.filter(([one]) => !one.dropped).map(drawPlace)),
    dropped.length > 0 && el("details", { class: "dropped-places" },
      el("summary", { class: "dim" }, `${count(dropped.length, "candidate")} dropped`), el("ol", null, dropped.map(drawPlace))),
    state.clip.notes.length > 0 && el("p", { class: "dim" }, said(state.clip.notes.join("; "))));
};

const drawTimeline = () => {
  const found = boundaries();
  const decisions = drawDecisions(found);
  const open = (index) => () => {
    seek(found[index].at);
    decisions.open = true;
    decisions.querySelectorAll("li.current").forEach((item) => item.classList.remove("current"));
    const item = decisions.querySelector(`#boundary-${index}`);
    if (found[index].dropped) item.closest("details").open = true;
    item.classList.add("current");
    item.scrollIntoView({ block: "nearest" });
  };
  const marks = found.map((one, index) => ({
    start: one.at, end: one.dropped ? one.at : one.at + state.clip.clip.duration_s / 60 / stretch(), label: one.dropped ? "" : LETTERS[one.title] ?? "?", go: open(index), quiet: one.dropped,
    kind: one.dropped ? "dropped" : one.corrected ? "corrected" : null,
    title: `${one.title} at ${one.at.toFixed(2)} s, ${one.dropped ? "dropped" : one.corrected ? "corrected" : "kept as proposed"}`,
  }));
  const failures = shownFindings().flatMap((finding) => finding.spans.map((span) => ({
    start: span.start_s, end: span.end_s, label: finding.title, kind: finding.severity,
    title: `${finding.severity}: ${finding.title}`, go: () => { go(moment(span.start_s, { finding: finding.id })); },
  })));
  return el("section", { class: "timeline", id: "timeline", "aria-label": "Timeline" },
    el("div", { class: "scroll" }, el("div", { class: "grid", style: { "--stretch": stretch() } },
      el("div", { class: "label" }, "Seconds"), drawRuler(),
      el("div", { class: "label" }, "Shots"), drawStrip(),
      marks.length > 0 && drawLane("Boundaries", marks, "boundaries"),
      state.clip.lanes.map((lane) => drawLane(lane.name, lane.items, null, lane.more)),
      failures.length > 0 && drawLane("Findings", failures, "findings-lane"),
      el("div", { class: "playhead" }, el("i")))),
    found.length > 0 && decisions);
};
