"""What a judge is shown at the beginning, and what it may fetch: pictures, sound and tool results as message parts."""

from __future__ import annotations

import json
from typing import Any

from cinejudge import prompts
from cinejudge.agent.case import Case
from cinejudge.llm.converse import RunTool, ToolOutput
from cinejudge.schema import Artifact, Asked, Evidence, Shot
from cinejudge.schema.chat import AudioPart, ImagePart, Message, Part, TextPart, ToolSpec, VideoPart
from cinejudge.schema.errors import ToolError
from cinejudge.tools.registry import all_tools, choose

ALWAYS = ("look",)
"""Tools that every judge may call."""
MAX_RESULT = 4000
"""Characters of a tool's result that a model gets."""
MAX_NATIVE_BYTES = 18_000_000
"""Largest file sent as native video: inline requests end at about 20 MB."""


def offer(case: Case, asked: tuple[Asked, ...]) -> tuple[ToolSpec, ...]:
    """The tools that these questions need, as far as a provider of each is ready."""
    wanted = list(dict.fromkeys([*ALWAYS, *(t for q in asked for t in q.tools)]))
    if case.session.model.capabilities.audio and case.footage.clip.has_audio:
        wanted.append("listen")
    if not case.session.model.capabilities.tools:
        return ()
    known = all_tools()
    ready = [known[name] for name in wanted if name in known and choose(known[name], case.perception.device)[0]]
    return tuple(
        ToolSpec(
            name=tool.name,
            description=f"{tool.description} Valid for: {tool.validity}",
            parameters=tool.args.model_json_schema(),
        )
        for tool in ready
        if tool.for_models
    )


def runner(case: Case, judge: str, asked: tuple[Asked, ...]) -> RunTool:
    """Carries out a model's tool calls and records each."""

    async def run(name: str, args: dict[str, Any]) -> ToolOutput:
        called = {"tool": name, "args": args, "judge": judge, "asked": tuple(q.id for q in asked)}
        try:
            evidence = await case.perception.look(name, **args)
        except ToolError as error:
            case.trace.event("tool_call", **called, error=str(error))
            raise
        case.trace.event("tool_call", **called, evidence=evidence.id)
        return ToolOutput(heading=f"`{evidence.id}`", text=_result(evidence), media=_media(case, evidence.artifacts))

    return run


async def opening(case: Case, fence: str, tools: tuple[ToolSpec, ...], final: str, turns: int) -> tuple[Message, ...]:
    """System message and the clip: facts, brief, shots, evidence, contact sheets, and sound or video if it can be."""
    can = case.session.model.capabilities
    sheets = await case.perception.look("keyframes")
    senses = "video-and-sound" if can.video else "frames-and-sound" if can.audio else "frames-only"
    system = prompts.render(
        "judge-system",
        fence=fence,
        senses=prompts.render(senses),
        tools=prompts.render("tools-preface", turns=str(turns), final=final) if tools else "You have no tools.",
    )
    about = prompts.render(
        "judge-clip",
        clip=describe_clip(case, fence),
        evidence=prompts.describe_evidence([e for e in case.base_evidence if e.id != sheets.id], fence),
    )
    parts: list[Part] = [TextPart(text=about)]
    if can.video:
        parts += _native_video(case)
    if can.images:
        wanted = set(case.perception.result(sheets).sheets)
        shown = tuple(a for a in sheets.artifacts if a.sha256 in wanted)
        parts += [TextPart(text=f"Contact sheets, evidence `{sheets.id}`:"), *_media(case, shown)]
    if can.audio and not can.video and case.footage.clip.has_audio:
        heard = await case.perception.look("listen", start_s=0.0, end_s=min(30.0, case.footage.clip.duration_s))
        parts += _media(case, heard.artifacts)
    return Message(role="system", parts=(TextPart(text=system),)), Message(role="user", parts=tuple(parts))


def describe_clip(case: Case, fence: str) -> str:
    """Facts of the clip, its brief as quoted data and its shots."""
    clip = case.footage.clip
    sound = f"sound {clip.sample_rate} Hz, {clip.channels} channels" if clip.has_audio else "no sound"
    lines = [
        f"{clip.duration_s:.2f} s, {clip.frames} frames, {clip.fps:.3g} a second, {clip.width}x{clip.height}, {sound}.",
    ]
    if case.brief:
        lines += ["The brief, what the video was meant to be:", prompts.quote(_brief_text(case), fence, max_chars=8000)]
    else:
        lines.append("There is no brief: judge what is there, not what might have been meant.")
    lines.append("Shots:")
    lines += [_shot_line(shot) for shot in case.perception.shots]
    return "\n".join(lines)


def _brief_text(case: Case) -> str:
    assert case.brief is not None
    brief = case.brief.model_dump(mode="json", exclude_defaults=True, exclude={"source", "references"})
    prompt = brief.pop("prompt", "")
    return f"{prompt}\n{json.dumps(brief, ensure_ascii=False)}" if brief else prompt


def _shot_line(shot: Shot) -> str:
    begins = f", begins with a {shot.transition_in.type.replace('_', ' ')}" if shot.transition_in else ""
    meant = f", realises shot {shot.spec + 1} of the brief" if shot.spec is not None else ""
    unmatched = "" if shot.valid else ", matches nothing in the brief"
    named = f"shot {shot.index + 1} (index {shot.index} in tools)"
    return f"- {named}: {shot.start_s:.2f} to {shot.end_s:.2f} s{begins}{meant}{unmatched}"


def _result(evidence: Evidence) -> str:
    if not evidence.found:
        return f"{evidence.status}: {evidence.reason}"
    text = f"{evidence.summary}\n{json.dumps(evidence.data, ensure_ascii=False)}"
    return text if len(text) <= MAX_RESULT else f"{text[:MAX_RESULT]} … cut; ask for a shorter span"


def _media(case: Case, artifacts: tuple[Artifact, ...]) -> tuple[Part, ...]:
    can = case.session.model.capabilities
    parts: list[Part] = []
    for artifact in artifacts:
        if artifact.media_type in ("image/jpeg", "image/png") and can.images:
            picture = ImagePart.model_validate(
                {
                    "artifact": artifact.sha256,
                    "media_type": artifact.media_type,
                    "width": artifact.width or 0,
                    "height": artifact.height or 0,
                }
            )
            parts += [TextPart(text=f"{artifact.caption}:"), picture]
        elif artifact.media_type == "audio/wav" and can.audio:
            parts += [TextPart(text=f"{artifact.caption}:"), AudioPart(artifact=artifact.sha256)]
    return tuple(parts)


def _native_video(case: Case) -> list[Part]:
    clip = case.footage.clip
    if clip.container != "mp4" or clip.size_bytes > MAX_NATIVE_BYTES:
        return [TextPart(text="The moving picture is too large to be sent: you get contact sheets instead.")]
    sha256 = case.perception.store.put(case.footage.path.read_bytes(), "video/mp4")
    return [TextPart(text="The clip itself:"), VideoPart(artifact=sha256, seconds=clip.duration_s)]
