// What went wrong, the worst first; each leads to its moment.
const shownFindings = () => state.clip.findings
  .filter((finding) => (!state.filter.suite || !finding.suite || [finding.suite, ...finding.shared.map((metric) => metric.split("/")[0])].includes(state.filter.suite))
    && state.filter.severities.has(finding.severity)
    && matches(finding.title, finding.detail, finding.mode, finding.suggestion))
  .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));

const findingPicture = (finding) => {
  const cited = finding.evidence.flatMap((id) => state.clip.evidence[id]?.artifacts ?? []).map((sha) => state.clip.pictures[sha]);
  const own = cited.find((found) => found?.src && !found.key);
  return own ?? (finding.spans.length ? nearest(finding.spans[0].start_s) : null);
};

const drawFinding = (finding) => {
  const at = finding.spans[0]?.start_s ?? null;
  const shot = at === null && finding.shots.length ? state.clip.shots[finding.shots[0]] : null;
  const when = at ?? shot?.start_s ?? null;
  const shown = findingPicture(finding);
  const suite = state.clip.suites.find((one) => one.name === finding.suite);
  return el("li", { class: finding.id === state.finding ? "finding current" : "finding", "data-finding": finding.id },
    severity(finding.severity),
    el("h4", null, el("a", { href: when === null ? address({ finding: finding.id }) : moment(when, { finding: finding.id }) }, said(finding.title))),
    finding.detail && el("p", null, said(finding.detail)),
    shown?.src && picture(shown, `${finding.mode}: ${shown.caption}`),
    finding.suggestion && el("p", { class: "change" }, said(finding.suggestion)),
    el("p", { class: "where" },
      finding.spans.length ? finding.spans.slice(0, 4).map((span) => [spanLink(span), " "]) : "whole clip ",
      finding.shots.map((index) => [shotLink(index), " "]), "· ",
      !finding.title.toLowerCase().startsWith(plain(finding.mode).toLowerCase()) && [said(plain(finding.mode)), " · "],
      finding.metric ? el("a", { href: address({ metric: `${finding.suite}/${finding.metric}` }) }, suite?.title ?? finding.suite, " ", finding.metric)
        : suite?.title ?? (finding.suite || "the clip itself"),
      finding.confidence !== null && ` · confidence ${percent(finding.confidence)}`));
};

const drawFindings = () => {
  const shown = shownFindings();
  const all = state.clip.findings.length;
  return el("section", { class: "findings", id: "findings", "aria-label": "Findings", tabindex: "-1" },
    el("h3", null, shown.length === all ? count(all, "finding") : `${shown.length} of ${count(all, "finding")}`),
    shown.length ? el("ol", null, shown.map(drawFinding))
      : el("p", { class: "empty" }, all ? "The filter hides all of them." : "Nothing was found wrong by what could be judged."));
};

const showFinding = (id) => {
  state.finding = id;
  for (const item of document.querySelectorAll(".finding")) {
    const chosen = item.dataset.finding === id;
    item.classList.toggle("current", chosen);
    if (chosen) item.scrollIntoView({ block: "nearest" });
  }
};
const turnFinding = (by) => {
  const shown = shownFindings();
  if (!shown.length) return;
  const index = shown.findIndex((finding) => finding.id === state.finding);
  const next = shown[index < 0 ? (by > 0 ? 0 : shown.length - 1) : (index + by + shown.length) % shown.length];
  go(document.querySelector(`[data-finding="${CSS.escape(next.id)}"] h4 a`).getAttribute("href"));
};
