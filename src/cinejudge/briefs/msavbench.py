"""MSAVBench's prompt entries, English and Chinese.

The exact schema of the released files is not known here, so this reader knows the fields that the paper's generator
template defines, under the names it can think of, and passes over the rest.
"""

from __future__ import annotations

from typing import Any

from cinejudge.briefs.text import parse_text
from cinejudge.schema import ShotSpec
from cinejudge.schema.errors import ConfigError

_PROMPT = ("prompt", "caption", "enhanced_prompt", "multi_shot_prompt", "text", "提示词")
_DIMENSIONS = ("dimensions", "维度")
_PER_SHOT = ("per_shot", "shots", "分镜")
SHAPE = (*_DIMENSIONS, "per_shot", "caption", "提示词")
"""Fields that only this shape has."""
_NOTHING = frozenset(("", "none", "n/a", "na", "null", "unspecified", "无", "没有"))

_WHOLE = {
    "genre": ("video_content", "category", "视频内容"),
    "style": ("video_style", "视频风格", "风格"),
    "tone": ("video_tone", "视频基调", "基调"),
    "sounds": ("audio_content", "音频内容"),
    "persons": ("num_persons", "人数"),
}
_SHOT = {
    "scene": ("scene", "场景"),
    "lighting": ("lighting", "光照", "光线", "灯光"),
    "scale": ("shot_scale", "shot_size", "scale", "景别"),
    "angle": ("shot_angle", "camera_angle", "angle", "机位", "角度", "拍摄角度"),
    "camera_motion": ("camera_motion", "camera_movement", "运镜", "镜头运动"),
    "transition": ("transition", "转场"),
    "emotion": ("audio_emotion", "emotion", "音频情绪", "情绪"),
}
_LANGUAGE = ("language", "语言")


def is_msavbench(data: dict[str, Any]) -> bool:
    """Whether an entry has MSAVBench's shape."""
    return any(name in data for name in SHAPE)


def to_brief(data: dict[str, Any], where: str) -> dict[str, Any]:
    """The fields of a brief that an MSAVBench entry amounts to.

    Shots come from ``per_shot``, their descriptions, times, lines and on-screen words from the prompt's shot blocks.

    Raises:
        ConfigError: a part has another type than it must have.
    """
    dimensions = _first(data, _DIMENSIONS) or data
    if not isinstance(dimensions, dict):
        raise ConfigError(f"{where}: `dimensions` should be a set of fields")
    per_shot = _first(dimensions, _PER_SHOT) or _first(data, _PER_SHOT) or []
    if not isinstance(per_shot, list) or not all(isinstance(shot, dict) for shot in per_shot):
        raise ConfigError(f"{where}: `per_shot` should be a list of shots, each a set of fields")
    prompt = _first(data, _PROMPT) or ""
    if not isinstance(prompt, str):
        raise ConfigError(f"{where}: `prompt` should be text")
    try:
        parsed = parse_text(prompt)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
    fields: dict[str, Any] = {
        "prompt": prompt,
        "source": "msavbench",
        "texts": parsed.texts,
        "lines": parsed.lines,
        "shots": [
            _shot(index, spec, parsed.shots[index] if index < len(parsed.shots) else ShotSpec(index=index))
            for index, spec in enumerate(per_shot)
        ]
        or parsed.shots,
        "language": _value(dimensions, _LANGUAGE),
        "references": data.get("references"),
    }
    for name, keys in _WHOLE.items():
        fields[name] = _value(dimensions, keys) or _value(data, keys)
    fields["sounds"] = [fields["sounds"]] if fields["sounds"] else parsed.sounds
    return fields


def _shot(index: int, given: dict[str, Any], parsed: ShotSpec) -> dict[str, Any]:
    fields = {name: getattr(parsed, name) for name in ShotSpec.model_fields} | {"index": index}
    for name, keys in _SHOT.items():
        if any(key in given for key in keys):
            fields[name] = _value(given, keys)
    language = _value(given, _LANGUAGE)
    if language:
        fields["lines"] = [line.model_copy(update={"language": language}) for line in parsed.lines]
    return fields


def _first(data: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((data[name] for name in names if data.get(name) is not None), None)


def _value(data: dict[str, Any], names: tuple[str, ...]) -> str | None:
    """The value as text; None where it says that there is none."""
    found = _first(data, names)
    if isinstance(found, list):
        found = ", ".join(str(part) for part in found)
    if isinstance(found, dict) or found is None:
        return None
    text = str(found).strip()
    return None if text.lower() in _NOTHING else text
