"""The graph. The only module that knows LangGraph; the nodes are plain functions of a state and a case.

    START → brief → segment → plan → judge (one per dimension, side by side) → reflect → verdict → END

There is no checkpointer. Whatever costs something is kept where it is made and keyed by what was asked: evidence in
the evidence cache, model replies in the reply cache. A run that is killed replays its clip from the start and pays
nothing twice, down to the single call, where a checkpoint would repeat a whole node.
"""

from __future__ import annotations

import operator
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from cinejudge.agent import free_text, judge, plan, reflect, verdict
from cinejudge.agent.case import Case
from cinejudge.agent.segment import segment_clip
from cinejudge.schema import Answer, Asked, Segmentation, Verdict

RECURSION_LIMIT = 25
"""Supersteps; the graph needs seven. A loop that ran away would end here, not at LangGraph's 10,007."""
JUDGES_AT_ONCE = 8


class State(TypedDict, total=False):
    """What flows. Annotated in full, so that a serializer restores records and not plain dictionaries."""

    segmentation: Segmentation
    facts: dict[str, bool | None]
    asked: tuple[Asked, ...]
    same_as: dict[str, str]
    outcomes: Annotated[list[judge.Outcome], operator.add]
    answers: tuple[Answer, ...]
    verdict: Verdict


class Sent(TypedDict):
    """What one judge is sent."""

    assignment: judge.Assignment


async def _brief(state: State, runtime: Runtime[Case]) -> State:
    runtime.context.brief = await free_text.read_brief(runtime.context)
    return {}


async def _segment(state: State, runtime: Runtime[Case]) -> State:
    return {"segmentation": await segment_clip(runtime.context)}


async def _plan(state: State, runtime: Runtime[Case]) -> State:
    planned = await plan.plan(runtime.context, state["segmentation"])
    return {"facts": planned.facts, "asked": planned.asked, "same_as": planned.same_as, "outcomes": []}


def _send(state: State, runtime: Runtime[Case]) -> list[Send]:
    assignments = judge.assign(runtime.context.suites, state["asked"], state["same_as"])
    return [Send("judge", Sent(assignment=a)) for a in assignments]


async def _judge(state: Sent, runtime: Runtime[Case]) -> State:
    return {"outcomes": [await judge.judge(runtime.context, state["assignment"])]}


async def _reflect(state: State, runtime: Runtime[Case]) -> State:
    return {"answers": await reflect.reflect(runtime.context, state["asked"], state["outcomes"], state["same_as"])}


async def _verdict(state: State, runtime: Runtime[Case]) -> State:
    made = verdict.make_verdict(
        runtime.context, state["segmentation"], state["facts"], state["asked"], state["answers"], state["outcomes"]
    )
    return {"verdict": made}


def _compile() -> CompiledStateGraph[State, Case, State, State]:
    graph = StateGraph(State, context_schema=Case)
    graph.add_node("brief", _brief)
    graph.add_node("segment", _segment)
    graph.add_node("plan", _plan)
    graph.add_node("judge", _judge, input_schema=Sent)
    graph.add_node("reflect", _reflect)
    graph.add_node("verdict", _verdict)
    graph.add_edge(START, "brief")
    graph.add_edge("brief", "segment")
    graph.add_edge("segment", "plan")
    graph.add_conditional_edges("plan", _send, ["judge"])
    graph.add_edge("judge", "reflect")
    graph.add_edge("reflect", "verdict")
    graph.add_edge("verdict", END)
    return graph.compile()


async def run(case: Case) -> Verdict:
    """Judges one clip.

    Raises:
        MediaError: the clip cannot be judged.
    """
    final = await _compile().ainvoke(
        {}, config={"recursion_limit": RECURSION_LIMIT, "max_concurrency": JUDGES_AT_ONCE}, context=case
    )
    made = final["verdict"]
    assert isinstance(made, Verdict)
    return made
