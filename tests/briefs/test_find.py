"""Briefs are found beside their video or in a file of many; what is wrong with one is told in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cinejudge.briefs import find_brief, parse_brief, read_brief
from cinejudge.briefs.record import brief_from
from cinejudge.schema import Brief, Line, Span
from cinejudge.schema.errors import ConfigError

OWN: dict[str, Any] = {
    "prompt": "A walk",
    "style": "anime",
    "texts": "THE END",
    "shots": [
        "A door opens.",
        {
            "description": "Rain.",
            "span": [2, 4.5],
            "lines": ["Go!", {"text": "No.", "speaker": "Ann"}],
            "scale": "long",
        },
    ],
}
MSAV: dict[str, Any] = {
    "prompt": 'Two shots. Shot 1 [0-4s] A man says, "Buy it." Shot 2 [4-9s] Close-up. The title WOW appears.',
    "dimensions": {
        "video_content": "Advertising",
        "video_style": "photo-realistic",
        "video_subject": "humans",
        "video_tone": "joyful",
        "audio_content": "speech",
        "num_persons": 1,
        "num_animals": 0,
        "per_shot": [
            {"shot_id": 1, "scene": "shop", "lighting": "soft", "audio_emotion": "joy", "language": "en",
             "shot_scale": "mid", "shot_angle": "eye-level", "camera_motion": "push-pull", "transition": "none"},
            {"shot_id": 2, "scene": "street", "shot_scale": "mid-close", "transition": "hard cut", "new_field": 1},
        ],
    },
}  # fmt: skip


def write(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def test_our_own_shape_with_its_shorthands(tmp_path: Path) -> None:
    brief = read_brief(write(tmp_path / "a.json", OWN))
    assert (brief.prompt, brief.style, brief.texts, brief.source) == ("A walk", "anime", ("THE END",), "cinejudge")
    assert [shot.description for shot in brief.shots] == ["A door opens.", "Rain."]
    assert brief.shots[1].span == Span(start_s=2, end_s=4.5)
    assert brief.shots[1].lines == (Line(text="Go!"), Line(text="No.", speaker="Ann"))


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    yaml = 'prompt: A walk\nshots:\n  - A door opens.\n  - {description: "no", span: [2, 4.5]}\n'
    brief = read_brief(write(tmp_path / "a.yaml", yaml))
    assert [shot.description for shot in brief.shots] == ["A door opens.", "no"]


def test_a_prompt_is_read_for_shots_and_what_is_given_beside_it_stands(tmp_path: Path) -> None:
    prompt = 'An anime. Shot 1: A sign reads "NO". Shot 2: Rain.'
    brief = read_brief(write(tmp_path / "a.json", {"prompt": prompt, "style": "pixel art"}))
    assert (len(brief.shots), brief.style, brief.all_texts) == (2, "pixel art", ("NO",))
    given_shots = read_brief(write(tmp_path / "a.json", {"prompt": prompt, "shots": ["One."]}))
    assert (len(given_shots.shots), given_shots.all_texts) == (1, ())


def test_msavbenchs_shape(tmp_path: Path) -> None:
    brief = read_brief(write(tmp_path / "a.json", MSAV))
    assert (brief.source, brief.genre, brief.style, brief.tone) == (
        "msavbench",
        "Advertising",
        "photo-realistic",
        "joyful",
    )
    assert (brief.persons, brief.sounds) == (1, ("speech",))
    first, second = brief.shots
    assert first.span == Span(start_s=0, end_s=4)
    assert (first.scene, first.lighting, first.scale, first.angle) == ("shop", "soft", "mid", "eye-level")
    assert (first.camera_motion, first.transition, first.emotion) == ("push-pull", None, "joy")
    assert first.lines == (Line(text="Buy it.", speaker="man", language="en"),)
    # The entry's own slot comes before the prompt's words, which fill what it leaves out.
    assert (second.scale, second.texts, second.transition) == ("mid-close", ("WOW",), "hard cut")


def test_msavbench_in_chinese_and_as_enhanced_prompt(tmp_path: Path) -> None:
    chinese = {
        "提示词": "镜头1 [0-3秒]：女孩说：“走吧”。",
        "维度": {"视频风格": "水彩", "分镜": [{"景别": "特写", "运镜": "推拉", "转场": "无"}]},
    }
    brief = read_brief(write(tmp_path / "a.json", chinese))
    assert (brief.style, brief.shots[0].scale, brief.shots[0].transition) == ("水彩", "特写", None)
    assert brief.all_lines[0].text == "走吧"
    enhanced = {"is_safe": True, "reasoning": "…", "caption": "Shot 1: A. Shot 2: B.", "category": "Action"}
    brief = read_brief(write(tmp_path / "b.json", enhanced))
    assert (len(brief.shots), brief.genre) == (2, "Action")


@pytest.mark.parametrize("name", ["clip.json", "clip.yaml", "clip.yml", "clip.txt"])
def test_a_brief_beside_its_video(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "Rain." if name.endswith("txt") else {"prompt": "Rain."})
    write(tmp_path / "other.txt", "Not this.")
    brief = find_brief(tmp_path / "clip.mp4")
    assert brief is not None
    assert brief.prompt == "Rain."


def test_no_brief_is_none(tmp_path: Path) -> None:
    assert find_brief(tmp_path / "clip.mp4") is None
    assert find_brief(tmp_path / "clip.mp4", write(tmp_path / "b.json", {"other.mp4": "Rain."})) is None
    assert find_brief(tmp_path / "clip.mp4", write(tmp_path / "b.json", {"clip.mp4": {"prompt": None}})) is None


COLLECTIONS = {
    "keyed by name": ("b.json", {"clip.mp4": "Rain.", "x.mp4": "Sun."}),
    "keyed by stem": ("b.json", {"clip": {"prompt": "Rain."}, "x": {"prompt": "Sun."}}),
    "list with video": ("b.json", [{"video": "clip.mp4", "prompt": "Rain."}, {"video": "x.mp4", "prompt": "Sun."}]),
    "list with path": ("b.json", [{"file": "out\\model\\clip.mp4", "prompt": "Rain."}, {"file": "x", "prompt": "S"}]),
    "list with id": ("b.json", [{"id": "clip", "prompt": "Rain."}, {"id": 7, "prompt": "Sun."}]),
    "lines": ("b.jsonl", '{"id": "x", "prompt": "Sun."}\n\n{"id": "clip", "prompt": "Rain."}\n'),
    "yaml": ("b.yaml", "x.mp4: {prompt: Sun.}\nclip.mp4: {prompt: Rain.}\n"),
    "one for all": ("b.json", {"prompt": "Rain."}),
    "one text for all": ("b.txt", "Rain."),
}


@pytest.mark.parametrize("kind", COLLECTIONS)
def test_files_of_many_briefs(tmp_path: Path, kind: str) -> None:
    name, data = COLLECTIONS[kind]
    write(tmp_path / "clip.txt", "The one beside the video comes second.")
    brief = find_brief(tmp_path / "clip.mp4", write(tmp_path / name, data))
    assert brief is not None
    assert brief.prompt == "Rain."


def test_numbers_match_with_and_without_zeros(tmp_path: Path) -> None:
    path = write(tmp_path / "b.json", [{"id": 7, "prompt": "Rain."}, {"id": 70, "prompt": "Sun."}])
    for name, prompt in (("0007.mp4", "Rain."), ("70.mp4", "Sun.")):
        brief = find_brief(tmp_path / name, path)
        assert brief is not None
        assert brief.prompt == prompt


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "b.json", {"clip.mp4": "Rain."})
    find_brief(tmp_path / "clip.mp4", path)
    brief = find_brief(tmp_path / "clip.mp4", write(path, {"clip.mp4": "Sunshine."}))
    assert brief is not None
    assert brief.prompt == "Sunshine."


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        (
            "a.json",
            {"prompt": "x", "lightning": "soft"},
            "`lightning` is no field of a brief; did you mean `lighting`?",
        ),
        ("a.json", {"shots": [{"scael": "long"}]}, "`shots[0].scael` is no field of a brief; did you mean `scale`?"),
        ("a.json", {"shots": [{"span": [4, 2]}]}, "shots[0].span: Value error, a span ends before it starts"),
        ("a.json", {"prompt": 7}, "prompt: Input should be a valid string"),
        ("a.json", {"prompt": "x" * 20_001}, "at most 20000"),
        ("a.json", '{"prompt": "\\ud800"}', "half a Unicode character"),
        ("a.json", '{"prompt":\n oops}', "line 2, column 2: not valid JSON"),
        ("a.json", {"prompt": ""}, "holds no brief"),
        ("a.json", {}, "holds no brief"),
        ("a.json", [1], "a brief is a text or a set of fields, not list"),
        ("a.json", {"shots": [{}] * 201}, "more than 200 shots"),
        ("a.json", {"dimensions": [1]}, "`dimensions` should be a set of fields"),
        ("a.json", {"dimensions": {"per_shot": [1]}}, "`per_shot` should be a list of shots"),
        ("a.json", {"dimensions": {"num_persons": "many"}, "prompt": "x"}, "persons"),
        ("a.yaml", "prompt: a\nprompt: b\n", "line 2, column 1: not valid YAML: 'prompt' is given twice"),
        ("a.txt", " \n", "is empty"),
        ("a.csv", "x", "a brief is a file that ends in .json"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, name: str, data: Any, told: str) -> None:
    path = write(tmp_path / name, data)
    with pytest.raises(ConfigError) as caught:
        read_brief(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert told in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        (
            "b.json",
            [{"id": "clip", "prompt": "a"}, {"id": "clip", "prompt": "b"}],
            "entry 2: a second brief for 'clip'",
        ),
        ("b.json", [{"prompt": "a"}, {"prompt": "b"}], "entry 1: does not say which video it is for"),
        ("b.jsonl", '{"id": "x"}\n{"id":\n', "line 2"),
        ("b.jsonl", '{"id": "x"}\n{"id": "clip", "promt": "x"}\n', "line 2: `promt` is no field"),
        ("b.json", {"clip.mp4": 7}, "'clip.mp4': a brief is a text"),
        ("b.csv", "a,b", "briefs come as .jsonl"),
    ],
)
def test_what_is_wrong_in_a_file_of_many(tmp_path: Path, name: str, data: Any, told: str) -> None:
    path = write(tmp_path / name, data)
    with pytest.raises(ConfigError) as caught:
        find_brief(tmp_path / "clip.mp4", path)
    assert str(path) in str(caught.value)
    assert told in str(caught.value)


def test_a_missing_file_of_briefs_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        find_brief(tmp_path / "clip.mp4", tmp_path / "absent.json")


def test_references_lie_below_the_brief(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    data = {"prompt": "x", "references": [{"kind": "subject_image", "path": "refs/hero.png", "subject": "hero"}]}
    brief = read_brief(write(folder / "a.json", data))
    assert brief.references[0].path == str(folder.resolve() / "refs" / "hero.png")
    (tmp_path / "secret.png").write_bytes(b"")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    for path in ("../secret.png", "/etc/passwd", "link.png", "refs/../../secret.png"):
        data["references"][0]["path"] = path  # type: ignore[index]
        with pytest.raises(ConfigError, match="lies outside the brief's folder"):
            read_brief(write(folder / "a.json", data))


def test_a_link_out_of_the_folder_is_no_brief(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    write(tmp_path / "secret", "password")
    (folder / "clip.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="leads out of the video's folder"):
        find_brief(folder / "clip.mp4")


def test_briefs_from_python() -> None:
    assert parse_brief("Shot 1: A.").shots[0].description == "A."
    assert parse_brief(OWN).style == "anime"
    for wrong in ("", {"prompt": None}, "x" * 30_000):
        with pytest.raises(ConfigError):
            parse_brief(wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from([*Brief.model_fields, "dimensions", "per_shot", "caption", "提示词", "id", "shots", "scale"])


@given(st.dictionaries(FIELDS, JSON, max_size=6) | JSON)
@example({"prompt": "x", "\n\x1b[2J": 1})
def test_any_data_is_a_brief_or_a_plain_error(data: Any) -> None:
    try:
        brief = brief_from(data, Path("/nowhere"), "file")
    except ConfigError as error:
        assert str(error).startswith("file: ")
        assert str(error).isprintable()
        return
    assert Brief.model_validate_json(brief.model_dump_json()) == brief


@given(st.binary(max_size=200), st.sampled_from([".json", ".jsonl", ".yaml", ".txt"]))
def test_any_bytes_are_a_brief_or_a_plain_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, suffix: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = folder / f"b{suffix}"
    path.write_bytes(raw)
    try:
        find_brief(folder / "clip.mp4", path)
    except ConfigError as error:
        assert str(path) in str(error)


def test_a_name_too_long_for_a_suffix_has_no_brief(tmp_path: Path) -> None:
    video = tmp_path / ("n" * 251 + ".mp4")
    video.write_bytes(b"")
    assert find_brief(video, None) is None
