"""``python -m SuperResolveLib.slicer_cli.describe``: write into the modules' XML files what the registries tell.

Slicer reads a module's choices from an XML file, which cannot ask the registries itself. This fills in the methods,
presets, devices and the options of methods with their texts, and leaves all else in the files as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from ..device import DEVICES
from ..estimation import registry as estimation
from ..methods import registry as super_resolution
from ..methods.trainable import TrainableInfo
from ..methods.trainables import TRAINABLES
from ..registry import Info
from ..workflows.training_call import camel_case
from ..workflows.training_options import OPTIONS

#: The folder of the modules' scripts and XML files, in the source tree.
MODULES = Path(__file__).resolve().parents[2]
#: What each module's choices of a method declare, the default first; modules that are not here have none.
CHOICES: Mapping[str, Callable[[], Sequence[Info]]] = {
    "EstimateSliceProfile": lambda: [estimation.automatic(), *estimation.ESTIMATORS.infos()],
    "SuperResolve": lambda: [super_resolution.automatic(), *super_resolution.METHODS.infos()],
    "TrainSuperResolution": TRAINABLES.infos,
}

#: The modules that estimate a profile.
ESTIMATING = ("EstimateSliceProfile", "SuperResolve")


def described(name: str, text: str) -> str:
    """A module's XML with the choices of its methods, presets and devices, and what their options are, filled in.

    Args:
        name: the module's.
        text: of its XML file.
    """
    if name not in CHOICES:
        return text
    infos = CHOICES[name]()
    text = _filled(text, "method", _methods_text(infos), [info.name for info in infos])
    presets = list(dict.fromkeys(preset.name for info in infos for preset in info.presets))
    text = _filled(text, "preset", _presets_text(infos), presets)
    networks = {info.name: info.networks for info in infos if isinstance(info, TrainableInfo)}
    if networks:
        choices = list(dict.fromkeys(network for each in networks.values() for network in each))
        text = _filled(text, "network", _networks_text(networks), choices)
        text = _with_options(text, [info for info in infos if isinstance(info, TrainableInfo)])
    if name in ESTIMATING:
        priors = {
            prior.name: prior for each in estimation.ESTIMATORS for prior in estimation.ESTIMATORS[each].info.priors
        }
        told = " ".join(f"{prior.name}: {prior.summary}" for prior in priors.values())
        text = _filled(text, "prior", f"What is taken for probable before a profile is estimated. {told}", list(priors))
    return _filled(
        text,
        "device",
        "Where torch computes; auto takes the GPU where there is one. mps, Apple's, is untested",
        DEVICES,
    )


def _methods_text(infos: Sequence[Info]) -> str:
    needs = {info.name: f" Needs {info.libraries}." if info.libraries else "" for info in infos}
    return " ".join(f"{info.name}: {info.summary}{needs[info.name]}" for info in infos)


def _presets_text(infos: Sequence[Info]) -> str:
    told = [
        f"{info.name}, {preset.name}: {preset.summary}{' Needs torch.' if preset.needs_torch else ''}"
        for info in infos
        for preset in info.presets
    ]
    return " ".join([*told, "A method that has no preset of that name takes its own default."])


def _networks_text(networks: Mapping[str, Sequence[str]]) -> str:
    told = [f"{method}: {', '.join(names)}." for method, names in networks.items()]
    return " ".join([*told, "A method that cannot train that network takes its own default, the first."])


def _with_options(text: str, infos: Sequence[TrainableInfo]) -> str:
    """The XML with the descriptions of what only some methods have replaced."""
    for name in dict.fromkeys(option for info in infos for option in info.options):
        having = " and ".join(info.name for info in infos if name in info.options)
        text = _described(text, camel_case(name), f"{having} alone: {OPTIONS[name].summary}")
    return text


def _described(text: str, parameter: str, description: str) -> str:
    """The XML with the description of one parameter replaced."""
    pattern = re.compile(rf"(<name>{parameter}</name>.*?<description><!\[CDATA\[).*?(?=\]\]></description>)", re.DOTALL)
    described, count = pattern.subn(lambda found: f"{found[1]}{description}", text, count=1)
    if count != 1:
        raise ValueError(f"the XML has no parameter {parameter!r}")
    return described


def _filled(text: str, parameter: str, description: str, choices: Sequence[str]) -> str:
    """The XML with the description, default (the first choice) and elements of one enumeration replaced."""
    elements = "".join(f"      <element>{escape(choice)}</element>\n" for choice in choices)
    pattern = re.compile(
        rf"(<name>{parameter}</name>.*?<description><!\[CDATA\[).*?(\]\]></description>\n)"
        r"\s*<default>.*?</default>\n(?:\s*<element>.*?</element>\n)+",
        re.DOTALL,
    )
    filled, count = pattern.subn(
        lambda found: f"{found[1]}{description}{found[2]}      <default>{choices[0]}</default>\n{elements}", text, 1
    )
    if count != 1:
        raise ValueError(f"the XML has no enumeration {parameter!r}")
    return filled


def main() -> None:
    """Bring every module's XML file up to date."""
    for path in sorted(MODULES.glob("*.xml")):
        path.write_text(described(path.stem, path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
