// Beside the scores: the brief, the file, what it cost, all evidence, and what went wrong on the way.
const drawStory = () => {
  const { brief, usage, facts, log, clip } = state.clip;
  const slots = (spec) => ["scale", "angle", "camera_motion", "lighting", "transition", "scene"].filter((name) => spec[name]).map((name) => `${plain(name)}: ${spec[name]}`);
  const words = (spec) => [...spec.texts.map((text) => `text “${text}”`), ...spec.lines.map((line) => `line “${line.text}”`)];
  const errors = log.filter((event) => ["error", "repaired"].includes(event.kind));
  return el("section", { class: "story", "aria-label": "Background" },
    brief && el("details", null, el("summary", null, `The brief: ${count(brief.shots.length, "shot")} specified`),
      brief.prompt && el("p", null, said(brief.prompt)),
      brief.shots.length > 0 && el("div", { class: "scroll" }, el("table", null,
        el("tr", null, ["Asked for", "Realised by", "Specification"].map((name) => el("th", { scope: "col" }, name))),
        brief.shots.map((spec) => {
          const made = state.clip.shots.filter((shot) => shot.spec === spec.index);
          return el("tr", null, el("td", null, shotName(spec.index)),
            el("td", null, made.length ? made.map((shot) => [shotLink(shot.index), " "]) : chip("failed", "nothing")),
            el("td", null, said([spec.description, ...slots(spec), ...words(spec)].filter(Boolean).join(" · "))));
        })))),
    el("details", null, el("summary", null, "The file and what was measured about it"), el("dl", null,
      pair("Picture", `${clip.width} × ${clip.height}, ${number(clip.fps)} fps, ${number(clip.frames)} frames, ${clip.video_codec}`),
      pair("Sound", clip.audio_codec ? `${clip.audio_codec}, ${number(clip.sample_rate)} Hz, ${count(clip.channels, "channel")}` : "none"),
      pair("Size", `${number(Math.round(clip.size_bytes / 1000))} kB in ${clip.container}`), pair("SHA-256", el("span", { class: "num" }, clip.sha256)),
      Object.entries(facts).map(([name, value]) => pair(plain(name), value === null ? "not known" : value ? "yes" : "no")))),
    el("details", null, el("summary", null, `Time and tokens: ${seconds(Object.values(usage.seconds).reduce((sum, one) => sum + one, 0))}`),
      el("dl", null, Object.entries(usage.seconds).map(([stage, spent]) => pair(stage, seconds(spent))),
        pair("model calls", `${usage.calls} (${usage.cached_calls} cached)`), pair("tokens in", number(usage.input_tokens)), pair("tokens out", number(usage.output_tokens)))),
    el("details", null, el("summary", null, `All evidence: ${count(Object.keys(state.clip.evidence).length, "result")}`), Object.keys(state.clip.evidence).map(drawEvidence)),
    errors.length > 0 && el("details", null, el("summary", null, `${count(errors.length, "incident")} on the way`), el("ul", null, errors.map((event) =>
      el("li", null, event.kind === "repaired" ? `a torn last line of ${event.removed_bytes} bytes was removed` : [event.error, ": ", said(event.message), event.where && ` (${event.where})`])))));
};
