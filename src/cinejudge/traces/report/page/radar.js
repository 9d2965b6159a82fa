// One line per model over the dimensions of a suite; the table beside it holds the numbers.
const STROKES = [["var(--ink)", ""], ["var(--blue)", ""], ["var(--red)", ""], ["var(--ink)", "5 3"], ["var(--blue)", "5 3"]];

// A long name in two lines, parted near its middle.
const cutTo = (most, line) => line.length > most ? `${line.slice(0, most - 1)}…` : line;
const twoLines = (name) => {
  if (name.length <= 14) return [name];
  const gaps = [...name.matchAll(/ /g)].map((gap) => gap.index);
  if (!gaps.length) return [cutTo(18, name)];
  const at = gaps.reduce((best, gap) => Math.abs(gap - name.length / 2) < Math.abs(best - name.length / 2) ? gap : best);
  return [name.slice(0, at), name.slice(at + 1)].map((line) => cutTo(22, line));
};

const drawRadar = (suite) => {
  const rows = DATA.summary.models.filter((row) => row.suites[suite]?.total.n).slice(0, STROKES.length);
  const axes = dimensionsOf(suite).filter((dimension) => rows.every((row) => row.suites[suite]?.dimensions[dimension.id]?.n));
  if (axes.length < 3) return false;
  const point = (index, radius) => {
    const angle = (index / axes.length) * 2 * Math.PI - Math.PI / 2;
    return [200 + Math.cos(angle) * radius, 150 + Math.sin(angle) * radius];
  };
  const ring = (radii) => `${radii.map((radius, index) => `${index ? "L" : "M"}${point(index, radius).map((value) => value.toFixed(1)).join(" ")}`).join("")}Z`;
  const web = [0.25, 0.5, 0.75, 1].map((share) => el("path", { class: "web", d: ring(axes.map(() => share * 110)) }));
  const spots = axes.map((dimension, index) => point(index, 120));
  const words = axes.map((dimension, index) => {
    const [x, y] = spots[index];
    const lines = twoLines(dimension.name);
    const top = y + 3 - (lines.length - 1) * (y < 60 ? 11 : y > 240 ? 0 : 5.5);
    return lines.map((line, number) => el("text", { x, y: top + 11 * number, "text-anchor": x < 190 ? "end" : x > 210 ? "start" : "middle" }, line));
  });
  const [top, bottom] = [Math.min(...spots.map(([, y]) => y)) - 24, Math.max(...spots.map(([, y]) => y)) + 24];
  const lines = rows.map((row, index) => el("path", {
    class: "line", stroke: STROKES[index][0], "stroke-dasharray": STROKES[index][1],
    d: ring(axes.map((dimension) => row.suites[suite].dimensions[dimension.id].mean * 110)),
  }));
  return el("figure", { class: "radar" },
    el("svg", { viewBox: `0 ${top} 400 ${bottom - top}`, role: "img", "aria-label": "Scores by dimension, one line per model; the table holds the numbers" }, web, words, lines),
    el("figcaption", null, rows.map((row, index) => el("span", null,
      el("svg", { viewBox: "0 0 24 8", "aria-hidden": "true" }, el("path", { class: "line", d: "M0 4H24", stroke: STROKES[index][0], "stroke-dasharray": STROKES[index][1] })),
      said(row.model)))));
};
