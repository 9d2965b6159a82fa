"""What a judge is shown at the beginning, and what it may fetch: pictures, sound and tool results as message parts."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Collection, Iterable
from typing import Any

from cinejudge import prompts
from cinejudge.agent.case import Case
from cinejudge.llm.converse import RunTool, ToolOutput
from cinejudge.llm.lean import lean_schema
from cinejudge.schema import Artifact, Asked, Evidence, Shot
from cinejudge.schema.chat import AudioPart, ImagePart, Message, Part, TextPart, ToolSpec, VideoPart
from cinejudge.schema.errors import ToolError
from cinejudge.tools.contract import AnyTool
from cinejudge.tools.registry import all_tools, choose

ALWAYS = ("look",)
"""Tools that every judge may call."""
HEARD_AND_READ = ("audio_events", "ocr", "sound", "speech")
"""Tools whose summaries every judge gets: what pictures do not tell."""
MAX_RESULT = 2000
"""Characters of a tool's result that a model gets."""
MAX_NATIVE_BYTES = 18_000_000
"""Largest file sent as native video: inline requests end at about 20 MB."""
SHORTEST_S = 0.2
"""A shorter span is not shown as moving picture."""
CLOSE_FPS, CLOSE_FRAMES = 12.0, 24
"""How densely a span is shown as moving picture, and how many frames of it at most: each costs as much as a picture."""
NATIVE = ("mov", "mp4")
"""Containers that are sent as they are; the demuxer calls MP4 by its elder name."""


def offer(case: Case, asked: tuple[Asked, ...]) -> tuple[ToolSpec, ...]:
    """The tools that these questions need, as far as a provider of each is ready."""
    can = case.session.model.capabilities
    if not can.tools:
        return ()
    hears = can.audio and case.footage.clip.has_audio
    names = (*ALWAYS, *(name for question in asked for name in question.tools), *(("listen",) if hears else ()))
    # What a tool is not valid for is left out here: outside its range it abstains and says so.
    return tuple(
        ToolSpec(name=tool.name, description=tool.description, parameters=lean_schema(tool.args.model_json_schema()))
        for tool in _ready(case, names)
    )


def _ready(case: Case, names: Iterable[str]) -> list[AnyTool]:
    """The tools of these names that a model may call and that can run here."""
    known = all_tools()
    tools = (known[name] for name in dict.fromkeys(names) if name in known)
    return [tool for tool in tools if tool.for_models and choose(tool, case.perception.device)[0]]


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
        shown = (*_media(case, evidence.artifacts), *_moving(case, evidence))
        return ToolOutput(heading=f"`{evidence.id}`", text=_result(evidence), media=shown)

    return run


async def findings(case: Case, asked: tuple[Asked, ...], cited: Collection[str], fence: str) -> str:
    """What the tools of these questions find in the whole clip, and what rules about them rest on.

    It is looked up before anybody asks: each round of calls that a model makes costs the whole conversation again.
    """
    tools = _ready(case, (name for question in asked for name in question.tools))
    whole = [tool.name for tool in tools if not any(field.is_required() for field in tool.args.model_fields.values())]
    shown = {e.id: e for e in [await case.perception.look(name) for name in whole]}
    shown |= {e: case.perception.found[e] for e in sorted(cited) if e in case.perception.found}
    return prompts.describe_evidence(shown.values(), fence)


async def opening(case: Case, fence: str, tools: tuple[ToolSpec, ...], final: str, turns: int) -> tuple[Message, ...]:
    """System message and the clip: facts, brief, shots, contact sheets, what is heard, sound or video if it can be.

    It is the same for all judges of a clip but for their tools, so that servers can cache it.
    """
    can = case.session.model.capabilities
    has_audio = case.footage.clip.has_audio
    moving = _watches(case)
    senses = "video-and-sound" if moving else "frames-and-sound" if can.audio and has_audio else "frames-only"
    system = prompts.render(
        "judge-system",
        fence=fence,
        senses=prompts.render(senses),
        tools=prompts.render("tools-preface", turns=str(turns), final=final) if tools else "You have no tools.",
    )
    heard = [await case.perception.look(name) for name in HEARD_AND_READ]
    about = prompts.render(
        "judge-clip",
        clip=describe_clip(case, fence),
        heard=prompts.describe_evidence([e for e in heard if e.found], fence, summary_only=True),
    )
    parts: list[Part] = [TextPart(text=about)]
    if moving:
        parts += [TextPart(text="The clip itself:"), _video(case)]
    if can.images:
        sheets = await case.perception.look("keyframes")
        wanted = set(case.perception.result(sheets).sheets)
        shown = tuple(a for a in sheets.artifacts if a.sha256 in wanted)
        parts += [TextPart(text=f"Contact sheets, evidence `{sheets.id}`:"), *_media(case, shown)]
    if senses == "frames-and-sound":
        sound = await case.perception.look("listen", start_s=0.0, end_s=min(30.0, case.footage.clip.duration_s))
        parts += _media(case, sound.artifacts)
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
    """The prompt, and after it whatever else the brief says."""
    assert case.brief is not None
    brief = case.brief.model_dump(mode="json", exclude_defaults=True, exclude={"source", "references"})
    prompt = brief.pop("prompt", "")
    plain = " ".join(prompt.split())
    for shot in brief.get("shots", ()):
        if " ".join(shot.get("description", "").split()) in plain:
            shot.pop("description", None)
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
    text = f"{evidence.summary}\n{prompts.compact(evidence.data)}"
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
            sound = AudioPart(artifact=artifact.sha256, seconds=_seconds(case.perception.store.read(artifact.sha256)))
            parts += [TextPart(text=f"{artifact.caption}:"), sound]
    return tuple(parts)


def _seconds(wav: bytes) -> float:
    with wave.open(io.BytesIO(wav)) as sound:
        return float(sound.getnframes() / sound.getframerate())


def _watches(case: Case) -> bool:
    """Whether the model gets the moving picture."""
    clip = case.footage.clip
    return case.session.model.capabilities.video and clip.container in NATIVE and clip.size_bytes <= MAX_NATIVE_BYTES


def _video(case: Case, start_s: float | None = None, end_s: float | None = None, fps: float | None = None) -> VideoPart:
    sha256 = case.perception.store.put(case.footage.path.read_bytes(), "video/mp4")
    seconds = case.footage.clip.duration_s
    return VideoPart(artifact=sha256, start_s=start_s, end_s=end_s, fps=fps, seconds=seconds)


def _moving(case: Case, evidence: Evidence) -> list[Part]:
    """The moving picture of a span that was looked at, more densely than the clip itself, where a server cuts it."""
    if evidence.tool != "look" or not evidence.found or evidence.args["region"] is not None or not _watches(case):
        return []
    start_s, end_s = evidence.args["start_s"], min(evidence.args["end_s"], case.footage.clip.duration_s)
    if not case.session.model.capabilities.spans or end_s - start_s < SHORTEST_S:
        return []
    fps = round(min(CLOSE_FPS, CLOSE_FRAMES / (end_s - start_s)), 2)
    caption = f"The moving picture from {start_s:.2f} to {end_s:.2f} s, {fps:g} frames a second:"
    return [TextPart(text=caption), _video(case, start_s, end_s, fps)]
