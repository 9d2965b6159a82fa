"""Finding tools, and what every tool of this package must keep."""

import subprocess
import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import pytest

from cinejudge import weights
from cinejudge.schema.errors import ConfigError
from cinejudge.tools import registry
from cinejudge.tools.contract import Tool, ToolArgs, ToolResult

TOOLS = registry.all_tools()


@pytest.mark.parametrize("name", TOOLS)
class TestEveryTool:
    def test_says_what_it_tells_and_where_it_holds(self, name):
        tool = TOOLS[name]
        assert tool.name == name and len(tool.description) > 40 and tool.validity
        assert tool.args.__doc__ and tool.result.__doc__

    def test_takes_no_path_and_no_address(self, name):
        fields = " ".join(TOOLS[name].args.model_fields)
        assert not any(word in fields for word in ("path", "file", "url", "uri", "code", "command"))

    def test_has_distinct_providers_that_know_their_weights(self, name):
        providers = TOOLS[name].providers
        assert providers and len({p.name for p in providers}) == len(providers)
        for provider in providers:
            assert provider.version
            assert all(weight in weights.catalog() for weight in provider.weights)

    def test_its_result_has_a_summary(self, name):
        result = TOOLS[name].result
        assert result.summary is not ToolResult.summary


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError, match="ocr"):
        registry.get_tool("nonsense")


def test_listing_imports_nothing_heavy():
    heavy = ("torch", "onnxruntime", "rapidocr", "faster_whisper", "whisper", "scipy")
    code = (
        "import sys; from cinejudge.tools.registry import all_tools; all_tools(); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def entry(monkeypatch):
    """Lets an entry point of another package be there."""

    def add(value):
        point = SimpleNamespace(name="theirs", value="their.module:TOOL", load=lambda: value)
        monkeypatch.setattr(registry, "entry_points", lambda group: [point])
        registry.all_tools.cache_clear()
        return registry.all_tools

    yield add
    monkeypatch.undo()
    registry.all_tools.cache_clear()


def tool(name):
    return Tool(name=name, description="", validity="", args=ToolArgs, result=ToolResult, providers=())


def test_tools_of_other_packages_are_found(entry):
    theirs = tool("theirs")
    assert entry(theirs)()["theirs"] is theirs


@pytest.mark.parametrize(("value", "says"), [("no tool", "is not a Tool"), (tool("ocr"), "exists already")])
def test_an_entry_point_that_does_not_fit_is_named(entry, value, says):
    with pytest.raises(ConfigError, match=says):
        entry(value)()


def test_a_result_without_a_summary_is_a_fault():
    with pytest.raises(TypeError, match="defines no summary"):
        _ = ToolResult().summary


def test_weights_that_no_catalogue_lists_leave_a_provider_out():
    tool = TOOLS["objects"]
    foreign = replace(tool.providers[0], packages=(), weights=("nobodys-weights",))
    state = registry.readiness(foreign)
    assert not state.ready
    assert "nobodys-weights" in state.why


@pytest.mark.parametrize("name", ["opencv_setting_up", "opencv_setting_up.part"])
def test_a_package_that_is_being_loaded_is_there(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """While one thread imports OpenCV, others find it without a spec: the tools of another clip must not fail on it."""
    monkeypatch.setitem(sys.modules, "opencv_setting_up", ModuleType("opencv_setting_up"))
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    assert registry.readiness(replace(TOOLS["objects"].providers[0], packages=(name,), weights=())).ready


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.part"])
def test_a_package_that_is_absent_is_named(name: str) -> None:
    state = registry.readiness(replace(TOOLS["objects"].providers[0], packages=(name,), weights=()))
    assert state.why == f"package not installed: {name}"
