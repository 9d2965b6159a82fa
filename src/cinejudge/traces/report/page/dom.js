// Elements and words. Whatever comes from a verdict goes in as a text node or an attribute value, never as markup.
const el = (tag, props, ...children) => {
  const node = tag === "svg" || tag === "path" || tag === "circle" || tag === "text"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, part] of Object.entries(value)) node.style.setProperty(key, part);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};

// Words that are not ours: kept apart from their surroundings, broken anywhere, and with the marks that turn the
// direction of writing made visible, since they can make a name read as another.
const TURNS = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;
const unturned = (words) => String(words ?? "").replace(TURNS, (mark) => `⟨U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
const said = (words) => el("bdi", { class: "said" }, unturned(words));

const NAMES = {
  scored: "scored", not_applicable: "not applicable", not_judged: "not judged", failed: "failed",
  hard_cut: "hard cut", cut_to_black: "cut to black",
};
const plain = (word) => NAMES[word] ?? String(word).replaceAll("_", " ");
const score = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));
const percent = (share) => `${Math.round(share * 100)} %`;
const number = (value) => (Number.isInteger(value) ? value.toLocaleString("en") : Number(value.toPrecision(4)).toString());
const seconds = (value) => (value >= 90 ? `${Math.floor(value / 60)} min ${Math.round(value % 60)} s` : `${value.toFixed(value < 10 ? 2 : 1)} s`);
const clock = (value) => {
  const minutes = Math.floor(value / 60);
  return `${minutes}:${(value - minutes * 60).toFixed(2).padStart(5, "0")}`;
};
const count = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many ?? `${one}s`}`;

// Full fields for a score that rests on at least half of what applies, hatched ones below.
const wedge = (value, coverage) => el("span", {
  class: `wedge ${value < 0.5 ? "low" : ""} ${coverage < 0.5 ? "thin" : ""}`, "aria-hidden": "true", style: { "--v": value },
}, el("i"));
const chip = (kind, words) => el("span", { class: `chip ${kind}` }, words ?? plain(kind));
const SEVERITIES = ["critical", "major", "moderate", "minor"];
const severity = (name) => el("span", { class: "severity" }, el("i", { style: { "--n": 4 - SEVERITIES.indexOf(name) } }), name);
const pair = (term, ...value) => el("div", null, el("dt", null, term), el("dd", null, ...value));
