"""``cinejudge suites``: which evaluation systems there are, what is in them, and whether a file is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.tree import Tree

    from cinejudge.schema import Metric, Suite

app = typer.Typer(help="Evaluation suites: list them, show one, check a file.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_suites(as_json: AsJson = False) -> None:
    """Every suite that can be named, with what it holds."""
    from cinejudge.rubrics import load_suite, suite_names

    suites = [load_suite(name) for name in suite_names()]
    if as_json:
        typer.echo(json.dumps([_counts(suite) for suite in suites], indent=2))
        return
    for suite in suites:
        typer.echo(f"{suite.name}  {suite.title} {suite.version}: {_told(suite)}")
        typer.echo(f"  {suite.source}")


@app.command("show")
def show_suite(
    name: Annotated[str, typer.Argument(help="A suite's name, or a YAML file.")], as_json: AsJson = False
) -> None:
    """A suite as a tree: dimensions, metrics, how each is judged, and its questions."""
    from rich.console import Console

    from cinejudge.rubrics import load_suite

    suite = load_suite(name)
    if as_json:
        typer.echo(suite.model_dump_json(indent=2))
    else:
        Console(highlight=False, emoji=False).print(_tree(suite))


@app.command("check")
def check_suite(
    file: Annotated[str, typer.Argument(help="A YAML file, or a suite's name.")], as_json: AsJson = False
) -> None:
    """Says everything that is wrong with a suite, and where. Exit code 2 when something is."""
    from cinejudge.agent.measures import measure_names
    from cinejudge.rubrics import load_suite, suite_problems
    from cinejudge.tools.registry import all_tools

    problems = suite_problems(file, measures=measure_names())
    suite = None if problems else load_suite(file)
    absent = sorted(_tools(suite) - all_tools().keys()) if suite else []
    if as_json:
        typer.echo(json.dumps({"suite": file, "problems": problems, "absent_tools": absent}, indent=2))
    elif suite:
        typer.echo(f"{file}: right. {_told(suite)}")
        if absent:
            typer.echo(f"Names tools that are not part of this version, so no judge can call them: {', '.join(absent)}")
    else:
        typer.echo("\n".join(problems))
    if problems:
        raise typer.Exit(2)


def _tools(suite: Suite) -> set[str]:
    metrics = [metric for dimension in suite.dimensions for metric in dimension.metrics]
    return {tool for metric in metrics for question in metric.questions for tool in question.tools}


def _counts(suite: Suite) -> dict[str, str | int]:
    metrics = [metric for dimension in suite.dimensions for metric in dimension.metrics]
    questions = [question for metric in metrics for question in metric.questions]
    return {
        "name": suite.name,
        "title": suite.title,
        "version": suite.version,
        "source": suite.source,
        "dimensions": sum(dimension.counts for dimension in suite.dimensions),
        "beside_the_score": sum(not dimension.counts for dimension in suite.dimensions),
        "metrics": len(metrics),
        "questions": len(questions),
        "rules": sum(question.rule is not None for question in questions),
        "hash": suite.hash,
    }


def _told(suite: Suite) -> str:
    counts = _counts(suite)
    aside = f" and {counts['beside_the_score']} beside the score" if counts["beside_the_score"] else ""
    return (
        f"{counts['metrics']} metrics in {counts['dimensions']} dimensions{aside}, "
        f"{counts['questions']} questions, {counts['rules']} of them with an evidence rule"
    )


def _tree(suite: Suite) -> Tree:
    from rich.markup import escape
    from rich.tree import Tree

    tree = Tree(f"[bold]{escape(suite.title)}[/] {escape(suite.version)}: {_told(suite)}")
    tree.add(f"[dim]{escape(suite.source)}[/]")
    for dimension in suite.dimensions:
        aside = "" if dimension.counts else ", beside the score"
        group = f"{dimension.group}/" if dimension.group else ""
        branch = tree.add(f"[bold]{escape(group + dimension.name)}[/] ({len(dimension.metrics)}{aside})")
        for metric in dimension.metrics:
            _add_metric(branch, metric)
    notes = tree.add("[bold]Notes[/]")
    for note in suite.notes:
        notes.add(escape(note))
    return tree


def _add_metric(branch: Tree, metric: Metric) -> None:
    from rich.markup import escape

    level = f", {metric.level}" if metric.level else ""
    leaf = branch.add(f"{escape(metric.name)} [dim]{metric.paradigm}{escape(level)}[/]")
    if metric.measure and metric.mapping:
        unit = f" {metric.unit}" if metric.unit else ""
        ends = f"{metric.mapping.zero_at:g} → 0, {metric.mapping.one_at:g} → 1"
        leaf.add(f"[dim]measures {metric.measure.name}{escape(unit)}: {ends}[/]")
    if metric.gate:
        leaf.add(f"[dim]only if {', '.join(metric.gate)}[/]")
    for question in metric.questions:
        rule = f" [dim]rule: {question.rule.measure.name}[/]" if question.rule else ""
        leaf.add(f"[dim]{question.scope}[/] {escape(question.text)}{rule}")
