"""Templates: Markdown files with ``{{slots}}``, filled strictly."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from cinejudge.schema import content_hash

_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")


@cache
def _templates() -> dict[str, str]:
    folder = resources.files("cinejudge.prompts") / "templates"
    files = (f for f in folder.iterdir() if f.name.endswith(".md"))
    return {f.name.removesuffix(".md"): f.read_text(encoding="utf-8").strip() for f in files}


def names() -> tuple[str, ...]:
    """Names of all templates."""
    return tuple(sorted(_templates()))


def version() -> str:
    """Hash of the content of all templates; changes whenever a word of any changes."""
    return content_hash(_templates())


def render(name: str, **slots: str) -> str:
    """The template of that name with every slot filled.

    Slots are filled in one pass: braces inside a value stay as they are.

    Args:
        name: File name without ``.md``.
        slots: A value for every slot of the template. Untrusted text goes through :func:`quote` first.

    Raises:
        KeyError: there is no such template.
        ValueError: a slot of the template has no value, or a value has no slot.
    """
    text = _templates()[name]
    wanted = set(_SLOT.findall(text))
    if missing := sorted(wanted - slots.keys()):
        raise ValueError(f"template {name}: no value for {', '.join(missing)}")
    if unknown := sorted(slots.keys() - wanted):
        raise ValueError(f"template {name}: no slot named {', '.join(unknown)}")
    return _SLOT.sub(lambda match: slots[match[1]], text)
