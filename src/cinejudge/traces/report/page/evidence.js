// What a tool found: pictures, sound, numbers, and how it was asked.
const drawPictures = (hashes) => {
  const known = hashes.map((sha) => state.clip.pictures[sha]).filter(Boolean);
  const shown = known.filter((found) => found.type.startsWith("image/") && (found.src || found.file));
  const heard = known.filter((found) => found.type === "audio/wav" && found.file);
  return [
    shown.length > 0 && el("div", { class: "pictures" }, shown.map((found) => el("figure", null,
      el("button", { type: "button", "aria-label": `enlarge: ${found.caption}`, onclick: () => enlarge(found) }, picture(found, "")),
      el("figcaption", null, found.time === null ? found.caption : el("a", { href: moment(found.time) }, found.caption))))),
    heard.map((found) => el("figure", null, el("audio", { controls: true, preload: "none", src: found.file }),
      el("figcaption", { class: "dim" }, found.caption))),
  ];
};

const drawData = (data) => Object.keys(data).length > 0 && el("details", null,
  el("summary", { class: "dim" }, "Result as data"), el("pre", { class: "said" }, JSON.stringify(data, null, 1)));

const drawEvidence = (id) => {
  const found = state.clip.evidence[id];
  if (!found) return el("p", { class: "dim" }, `${id} is not in this verdict`);
  const details = el("details", { class: "evidence", "data-evidence": id }, el("summary", null,
    el("strong", null, found.tool), " ",
    found.status === "found" ? said(found.summary) : [chip(found.status === "failed" ? "failed" : "not_judged", found.status), " ", said(found.reason)],
    found.fidelity === "substitute" && [" ", chip("substitute")]));
  details.addEventListener("toggle", () => {
    if (details.childElementCount > 1) return;
    const args = Object.entries(found.args).filter(([, value]) => value !== null && JSON.stringify(value) !== "[]");
    details.append(el("div", { class: "inside" },
      found.status === "found" && found.reason && el("p", null, said(found.reason)),
      drawPictures(found.artifacts),
      el("dl", null,
        found.provider && pair("provider", found.provider, found.version ? ` ${found.version}` : ""),
        found.fidelity && pair("fidelity", found.fidelity),
        found.span && pair("span", spanLink(found.span)),
        args.length > 0 && pair("asked", said(args.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", "))),
        pair("took", seconds(found.seconds)), pair("id", el("span", { class: "num" }, id))),
      drawData(found.data)));
  });
  return details;
};
const drawCited = (ids) => ids.length > 0 && el("div", null, ids.map(drawEvidence));
