// What is shown, and the address that leads there: #clip=ID&with=ID&at=SECONDS&finding=ID&metric=SUITE/METRIC
const DATA = JSON.parse(document.getElementById("data").textContent);
// Whose clips they are is worth telling where there are several models.
const SEVERAL_MODELS = DATA.summary.models.length > 1;
const STATUSES = ["scored", "not_applicable", "not_judged", "failed"];
const state = {
  clip: null,
  other: null,
  at: 0,
  finding: null,
  // What does not apply to a clip is folded away until it is asked for: without a brief it is most of a suite.
  filter: { suite: "", words: "", statuses: new Set(STATUSES.filter((status) => status !== "not_applicable")), severities: new Set(SEVERITIES) },
};

const address = (parts) => {
  const known = Object.entries({ clip: state.clip?.id, with: state.other?.id, ...parts }).filter(([, value]) => value !== null && value !== undefined);
  return `#${known.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`;
};
const moment = (at, parts) => address({ at: Math.max(0, at).toFixed(2), ...parts });
const readAddress = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

const shotAt = (at) => state.clip.shots.find((shot) => at >= shot.start_s && at < shot.end_s) ?? null;
// Records count shots from 0, people from 1.
const shotName = (index) => `shot ${index + 1}`;
const shotLink = (index) => {
  const shot = state.clip.shots[index];
  return shot ? el("a", { href: moment(shot.start_s) }, shotName(index)) : shotName(index);
};
const spanLink = (span) => el("a", { href: moment(span.start_s), class: "time" }, `${span.start_s.toFixed(2)}–${span.end_s.toFixed(2)} s`);

const matches = (...words) => {
  const wanted = state.filter.words.trim().toLowerCase();
  return !wanted || words.some((text) => String(text ?? "").toLowerCase().includes(wanted));
};

// Clips that are not in the page come from the server that gave the page.
const fetchClip = async (id) => {
  const reply = await fetch(`clips/${id}.json`);
  if (!reply.ok) throw new Error(`clip ${id} could not be fetched: ${reply.status} ${reply.statusText}`);
  DATA.whole[id] = await reply.json();
};
