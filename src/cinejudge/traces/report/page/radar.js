// One line per model over the dimensions of a suite; the table beside it holds the numbers.
const STROKES = [["var(--ink)", ""], ["var(--blue)", ""], ["var(--red)", ""], ["var(--ink)", "5 3"], ["var(--blue)", "5 3"]];

const drawRadar = (suite) => {
  const rows = DATA.summary.models.slice(0, STROKES.length);
  const axes = dimensionsOf(suite).filter((dimension) => rows.every((row) => row.suites[suite]?.dimensions[dimension.id]?.n));
  if (axes.length < 3) return false;
  const point = (index, radius) => {
    const angle = (index / axes.length) * 2 * Math.PI - Math.PI / 2;
    return [200 + Math.cos(angle) * radius, 150 + Math.sin(angle) * radius];
  };
  const ring = (radii) => `${radii.map((radius, index) => `${index ? "L" : "M"}${point(index, radius).map((value) => value.toFixed(1)).join(" ")}`).join("")}Z`;
  const web = [0.25, 0.5, 0.75, 1].map((share) => el("path", { class: "web", d: ring(axes.map(() => share * 110)) }));
  const words = axes.map((dimension, index) => {
    const [x, y] = point(index, 122);
    const name = dimension.name.length > 18 ? `${dimension.name.slice(0, 17)}…` : dimension.name;
    return el("text", { x, y: y + 3, "text-anchor": x < 190 ? "end" : x > 210 ? "start" : "middle" }, name);
  });
  const lines = rows.map((row, index) => el("path", {
    class: "line", stroke: STROKES[index][0], "stroke-dasharray": STROKES[index][1],
    d: ring(axes.map((dimension) => row.suites[suite].dimensions[dimension.id].mean * 110)),
  }));
  return el("figure", { class: "radar" },
    el("svg", { viewBox: "0 0 400 300", role: "img", "aria-label": "Scores by dimension, one line per model; the table holds the numbers" }, web, words, lines),
    el("figcaption", null, rows.map((row, index) => el("span", null,
      el("svg", { viewBox: "0 0 24 8", "aria-hidden": "true" }, el("path", { class: "line", d: "M0 4H24", stroke: STROKES[index][0], "stroke-dasharray": STROKES[index][1] })),
      said(row.model)))));
};
