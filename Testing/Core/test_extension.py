"""The extension as Slicer's build and its Extensions Index see it: what CMake lists, what is said in several places.

The index's own checks are in https://github.com/Slicer/ExtensionsIndex, scripts/check_description_files.py.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.image import imread
from packaging.requirements import Requirement

import SuperResolveLib

PROJECT = Path(__file__).parents[2]
MODULE = PROJECT / "SliceProfileSR"
COMPUTATION = PROJECT / "SuperResolve"
CLI_MODULES = ("BringBackToSlices", "EstimateSliceProfile", "SuperResolve", "TrainSuperResolution")
#: Shown in the catalogue, not in Slicer.
SCREENSHOTS = MODULE / "Resources" / "Screenshots"
RAW_FILES = "https://raw.githubusercontent.com/SliceProfileSR/SliceProfileSR/main/"

#: What the schema of catalogue entries knows, and with which types.
ENTRY_TYPES = {
    "$schema": str,
    "build_dependencies": list,
    "build_subdirectory": str,
    "category": str,
    "dicom_support_rule": str,
    "enabled": bool,
    "scm_revision": str,
    "scm_type": str,
    "scm_url": str,
    "tier": int,
}
REQUIRED_IN_ENTRY = {"$schema", "category", "scm_url"}
#: Those of the index's categories that a scan's resolution could be sought in.
FITTING_CATEGORIES = {"Filtering", "Image Synthesis", "Neuroimaging", "Quantification", "Utilities"}


def cmake_variables(folder: Path) -> dict[str, list[str]]:
    """What a CMakeLists.txt sets, with references to its own variables resolved."""
    variables: dict[str, list[str]] = {}
    text = (folder / "CMakeLists.txt").read_text(encoding="utf-8")
    for name, values in re.findall(r'^\s*set\((\w+)((?:"[^"]*"|[^")])*)\)', text, re.MULTILINE):
        for known, value in variables.items():
            values = values.replace(f"${{{known}}}", " ".join(value))
        variables[name] = shlex.split(values, comments=True)
    return variables


def cmake_arguments(folder: Path, command: str) -> list[list[str]]:
    """The arguments of every call of a command in a CMakeLists.txt."""
    text = (folder / "CMakeLists.txt").read_text(encoding="utf-8")
    return [shlex.split(arguments) for arguments in re.findall(rf"^\s*{command}\(([^)]*)\)", text, re.MULTILINE)]


def files(folder: Path, project: Path) -> Iterator[str]:
    """Every file below a folder that is installed, so not what Python, editors and file managers leave there."""
    for path in folder.rglob("*"):
        parts = path.relative_to(project).parts
        left_behind = any(part.startswith((".", "__pycache__")) for part in parts)
        if path.is_file() and not left_behind and path.name != "CMakeLists.txt" and SCREENSHOTS not in path.parents:
            yield "/".join(parts)


def changes(variable: str, listed: list[str], there: set[str]) -> Iterator[str]:
    """The lines to add to a list and to remove from it, as they stand in a CMakeLists.txt."""
    for change, names in (("add to", there - set(listed)), ("remove from", set(listed) - there)):
        if names:
            yield "\n".join([f"{change} {variable}:", *(f"  {name}" for name in sorted(names))])
    if len(listed) > len(set(listed)):
        yield f"{variable} names a file twice"


@pytest.fixture(scope="module")
def extension() -> dict[str, str]:
    """The ``EXTENSION_`` variables of the root's CMakeLists.txt."""
    return {name: values[0] for name, values in cmake_variables(PROJECT).items() if name.startswith("EXTENSION_")}


@pytest.fixture(scope="module")
def description() -> dict[str, str]:
    """SliceProfileSR.s4ext: keyword and value."""
    lines = (PROJECT / "SliceProfileSR.s4ext").read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))


@pytest.fixture(scope="module")
def entry() -> dict[str, object]:
    """The catalogue's JSON entry."""
    return json.loads((PROJECT / "docs" / "SliceProfileSR.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def package() -> dict[str, object]:
    """The ``project`` table of pyproject.toml."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize(
    ("project", "part", "scripts", "resources"),
    [
        (MODULE, ".", "MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES"),
        (COMPUTATION, "SuperResolveLib", "LIBRARY_PYTHON_SCRIPTS", "LIBRARY_PYTHON_RESOURCES"),
    ],
    ids=["SliceProfileSR", "SuperResolveLib"],
)
def test_cmake_lists_what_lies_in_the_folder(project, part, scripts, resources):
    listed = cmake_variables(project)
    there = set(files(project / part, project))
    python = {name for name in there if name.endswith(".py")}
    complaints = [*changes(scripts, listed[scripts], python), *changes(resources, listed[resources], there - python)]
    if complaints:
        where = (project / "CMakeLists.txt").relative_to(PROJECT)
        pytest.fail("\n".join([f"{where} lists other files than there are.", *complaints]), pytrace=False)


def test_every_folder_is_built():
    folders = [arguments[0] for arguments in cmake_arguments(PROJECT, "add_subdirectory")]
    assert sorted(folders) == ["SliceProfileSR", "SuperResolve", "Testing"]
    assert all((PROJECT / folder / "CMakeLists.txt").is_file() for folder in folders)


def test_every_cli_module_is_built():
    assert cmake_arguments(COMPUTATION, "slicerMacroBuildScriptedCLI") == [["NAME", name] for name in CLI_MODULES]
    for ending in ("py", "xml"):
        assert sorted(path.stem for path in COMPUTATION.glob(f"*.{ending}")) == sorted(CLI_MODULES)


def test_the_extension_is_called_alike_everywhere():
    assert cmake_arguments(PROJECT, "project") == [["SliceProfileSR"]]
    assert cmake_variables(MODULE)["MODULE_NAME"] == ["SliceProfileSR"]
    assert (MODULE / "SliceProfileSR.py").is_file()
    assert not SuperResolveLib.__name__.lower().startswith("slicer")


def test_cmake_and_the_older_description_agree(extension, description):
    for keyword in ("homepage", "contributors", "description", "iconurl", "screenshoturls", "depends", "keywords"):
        assert description[keyword] == extension[f"EXTENSION_{keyword.upper()}"], keyword


def test_the_older_description_and_the_entry_agree(description, entry):
    assert description["scm"] == entry.get("scm_type", "git")
    assert description["scmurl"] == entry["scm_url"] == f"{description['homepage']}.git"
    assert description["scmrevision"] == entry["scm_revision"]
    assert description["depends"].split() == entry["build_dependencies"]
    assert description["build_subdirectory"] == entry["build_subdirectory"]
    assert description["category"] == entry["category"]
    assert int(description["tier"]) == entry["tier"]
    assert description["enabled"] == "1"


def test_cmake_and_the_package_agree(extension, package):
    assert extension["EXTENSION_DESCRIPTION"] == package["description"]
    assert extension["EXTENSION_CONTRIBUTORS"] == ", ".join(author["name"] for author in package["authors"])
    assert extension["EXTENSION_LICENSE_FILE"].endswith("/LICENSE")
    assert package["license-files"] == ["LICENSE"]


@pytest.mark.parametrize("name", CLI_MODULES)
def test_cli_modules_and_cmake_agree(name, extension, description, package):
    module = ElementTree.parse(COMPUTATION / f"{name}.xml").getroot()
    assert module.findtext("version") == SuperResolveLib.__version__
    assert module.findtext("documentation-url") == extension["EXTENSION_HOMEPAGE"]
    assert module.findtext("contributor") == extension["EXTENSION_CONTRIBUTORS"]
    assert module.findtext("category").partition(".")[0] == description["category"]
    assert package["license"] in module.findtext("license")


def test_the_panel_is_found_in_the_catalogues_category(description):
    tree = ast.parse((MODULE / "SliceProfileSR.py").read_text(encoding="utf-8"))
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    (categories,) = (node.value for node in assigned if ast.unparse(node.targets[0]).endswith("parent.categories"))
    texts = [node.value for node in ast.walk(categories) if isinstance(node, ast.Constant)]
    assert description["category"] in {text.partition(".")[0] for text in texts}


def test_the_entry_follows_the_indexs_schema(entry):
    assert set(entry) >= REQUIRED_IN_ENTRY
    assert {key: type(value) for key, value in entry.items()} == {key: ENTRY_TYPES[key] for key in entry}
    assert re.fullmatch(
        r"https://raw\.githubusercontent\.com/Slicer/Slicer/main/Schemas/"
        r"slicer-extension-catalog-entry-schema-v1\.0\.\d\.json#",
        entry["$schema"],
    )
    assert all(isinstance(extension, str) for extension in entry["build_dependencies"])
    assert 1 <= entry["tier"] <= 5
    assert entry["category"] in FITTING_CATEGORIES
    assert entry["scm_url"].startswith("https://")
    assert b"\r" not in (PROJECT / "docs" / "SliceProfileSR.json").read_bytes()


def test_the_index_finds_the_images(extension):
    """The index reads each variable from one literal string and fetches every address in it."""
    text = (PROJECT / "CMakeLists.txt").read_text(encoding="utf-8")
    for name in ("EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"):
        assert re.search(rf'set\s*\({name}\s*"([^"]+)"\)', text)[1] == extension[name]
    for url in [extension["EXTENSION_ICONURL"], *extension["EXTENSION_SCREENSHOTURLS"].split()]:
        assert url.startswith(RAW_FILES) and url.endswith(".png")
        assert (PROJECT / url.removeprefix(RAW_FILES)).is_file(), url


def test_the_icon_is_128_pixels_square_on_nothing():
    icon = imread(MODULE / "Resources" / "Icons" / "SliceProfileSR.png")
    assert icon.shape == (128, 128, 4)
    opacity = icon[..., 3]
    assert not opacity[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert 0.2 < opacity.mean() < 0.8


def test_requirements_are_those_of_the_package_without_torch(package):
    declared = {requirement.name: requirement for requirement in map(Requirement, package["dependencies"])}
    lines = (MODULE / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert needed
    for requirement in needed:
        assert requirement.name != "torch", "the PyTorch extension installs torch"
        assert requirement == declared[requirement.name]
