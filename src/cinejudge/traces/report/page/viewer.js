// The moment: the video where it can be reached, else the nearest picture that the trace keeps.
const viewer = { video: null, screen: null, time: null, note: null };

const framesOf = (clip) => {
  const timed = Object.values(clip.pictures).filter((picture) => picture.time !== null && (picture.src || picture.file));
  const whole = timed.filter((picture) => picture.key);
  return (whole.length ? whole : timed).sort((a, b) => a.time - b.time);
};
const frames = () => framesOf(state.clip);
const nearest = (at) => frames().reduce((best, picture) =>
  !best || Math.abs(picture.time - at) < Math.abs(best.time - at) ? picture : best, null);

// The full picture beside the report when it is there, else the small copy inside it.
const picture = (source, words, full) => {
  const image = el("img", { alt: words ?? source.caption, loading: source.src ? null : "lazy" });
  if (full && source.file) {
    image.addEventListener("error", () => source.src && (image.src = source.src), { once: true });
    image.src = source.file;
  } else image.src = source.src ?? source.file ?? "";
  return image;
};

const showTime = () => {
  const { clip } = state.clip;
  const shot = shotAt(state.at);
  viewer.time.value = `${clock(state.at)}  frame ${Math.round(state.at * clip.fps)}${shot ? `  ${shotName(shot.index)}` : ""}`;
  showPlayhead();
  const ruler = document.querySelector(".ruler");
  ruler?.setAttribute("aria-valuenow", state.at.toFixed(2));
  ruler?.setAttribute("aria-valuetext", viewer.time.value);
};

const seek = (at) => {
  state.at = Math.min(Math.max(0, at), state.clip.clip.duration_s);
  if (viewer.video) viewer.video.currentTime = state.at;
  else {
    const found = nearest(state.at);
    viewer.screen.replaceChildren(found ? picture(found, found.caption, true) : "No picture was kept.");
    viewer.note.textContent = found ? `Nearest picture kept: ${found.time.toFixed(2)} s` : "";
  }
  showTime();
};
const step = (number_of_frames) => seek(state.at + number_of_frames / (state.clip.clip.fps || 24));
const toggle = () => viewer.video && (viewer.video.paused ? viewer.video.play() : viewer.video.pause());

const drawViewer = () => {
  const { clip, video } = state.clip;
  viewer.time = el("output", { "aria-live": "off" });
  viewer.note = el("span", { class: "note" });
  viewer.screen = el("div", { class: "screen", style: { "--shape": `${clip.width || 16} / ${clip.height || 9}` } });
  viewer.video = null;
  const play = el("button", { type: "button", hidden: true, onclick: toggle }, "Play");
  if (video) {
    const player = el("video", { preload: "auto", playsinline: true, "aria-label": `video ${clip.name}` });
    player.addEventListener("loadedmetadata", () => {
      viewer.video = player;
      viewer.note.textContent = "";
      play.hidden = false;
      viewer.screen.replaceChildren(player);
      seek(state.at);
    });
    player.addEventListener("timeupdate", () => { state.at = player.currentTime; showTime(); });
    player.addEventListener("play", () => { play.textContent = "Pause"; });
    player.addEventListener("pause", () => { play.textContent = "Play"; });
    player.addEventListener("click", toggle);
    player.src = video;
  }
  return el("section", { class: "viewer", "aria-label": "Moment" }, viewer.screen, el("div", { class: "bar" }, play,
    el("button", { type: "button", onclick: () => step(-1), "aria-label": "one frame back" }, "−1"),
    el("button", { type: "button", onclick: () => step(1), "aria-label": "one frame on" }, "+1"), viewer.time, viewer.note));
};

// A picture at full size.
const enlarge = (source) => {
  const dialog = el("dialog", { "aria-label": source.caption },
    picture(source, source.caption, true),
    el("form", { method: "dialog" }, el("span", null, source.caption), el("button", null, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
};
