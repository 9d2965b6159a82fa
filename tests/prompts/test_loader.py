from __future__ import annotations

import re

import pytest

from cinejudge import prompts
from cinejudge.prompts import loader


def test_every_template_is_found() -> None:
    assert {"judge-system", "judge-clip", "judge-questions", "reflect", "segment-boundary"} <= set(prompts.names())
    assert {"segment-system", "segment-boundary", "segment-interval"} <= set(prompts.names())
    assert {"frames-only", "frames-and-sound", "video-and-sound", "tools-preface"} <= set(prompts.names())


@pytest.mark.parametrize("name", prompts.names())
def test_every_template_can_be_filled(name: str) -> None:
    slots = set(re.findall(r"\{\{([a-z_]+)\}\}", loader._templates()[name]))
    filled = prompts.render(name, **{slot: f"<{slot}>" for slot in slots})
    assert "{{" not in filled
    assert all(f"<{slot}>" in filled for slot in slots)


def test_a_slot_without_a_value() -> None:
    with pytest.raises(ValueError, match="template judge-clip: no value for heard"):
        prompts.render("judge-clip", clip="?")


def test_a_value_without_a_slot() -> None:
    with pytest.raises(ValueError, match="template frames-only: no slot named extra"):
        prompts.render("frames-only", extra="x")


def test_a_template_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        prompts.render("../quoting")


def test_braces_in_a_value_are_only_braces() -> None:
    filled = prompts.render("judge-clip", clip="{{heard}} {x}", heard="\\1 {{clip}}")
    assert "{{heard}} {x}" in filled
    assert "\\1 {{clip}}" in filled


def test_the_version_changes_with_any_word(monkeypatch: pytest.MonkeyPatch) -> None:
    before = prompts.version()
    assert before == prompts.version()
    changed = {**loader._templates(), "reflect": loader._templates()["reflect"] + " "}
    monkeypatch.setattr(loader, "_templates", lambda: changed)
    assert prompts.version() != before
