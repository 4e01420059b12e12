"""The documentation tells what is so: commands, JSON keys, rooms, pictures."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from SuperResolveLib.metrics.image_quality import Comparison
from SuperResolveLib.workflows import report
from SuperResolveLib.workflows.compare import LooksDifferent
from SuperResolveLib.workflows.to_slices import Fractions
from test_import_rules import ROOMS
from test_report import GEOMETRY, estimated, super_resolved

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
#: Keys that the command adds to a report: paths, and where the profile came from.
OF_THE_COMMAND = {"input", "output", "profile_from", "resolution_left", "masks", "like"}


def page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def named_in_code(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


@pytest.mark.parametrize(
    "written",
    [
        report.estimate_report(estimated(), GEOMETRY, []),
        report.super_resolve_report(super_resolved(estimated()), GEOMETRY),
        report.to_slices_report(Fractions({}, estimated(), (), 0.5), GEOMETRY),
        report.masks_report(Path("mask.nii"), Path("out.nii"), ()),
        *(
            report.compare_report(Comparison(*(1.0 for _ in fields(Comparison))), {"i": 1.0}, looks, [], 0.5)
            for looks in (None, LooksDifferent("lpips", 0.1, {}), LooksDifferent("vgg16_distance", 0.1, {}))
        ),
    ],
    ids=["estimate", "super-resolve", "to-slices", "masks", "compare", "compare by lpips", "compare by features"],
)
def test_every_key_of_a_report_is_in_the_reference(written):
    assert set(written) | OF_THE_COMMAND <= named_in_code(page("reference/json.md"))


def test_the_rooms_and_what_they_import_are_those_of_the_rules():
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", page("explanation/architecture.md"), re.MULTILINE)
    told = {room: named_in_code(imported) for room, imported in rows}
    assert set(told) == set(ROOMS)
    for room in set(ROOMS) - {"command", "slicer_cli"}:  # these two: what workflows imports, and workflows
        assert told[room] == ROOMS[room], room


def test_ci_runs_the_two_commands_of_the_readme():
    commands = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert [command for command in commands if command.endswith("slice-profile-sr demo")]
    assert [command for command in commands if command.endswith("&& pytest -n 2 --dist loadfile")]


def test_the_readme_is_read_on_pypi_too():
    """Pictures and links must not be relative to the repository."""
    assert README.count("\n") < 120
    assert all(target.startswith("https://") for target in re.findall(r"\]\(([^)]+)\)", README))


def test_every_page_is_listed_and_every_listed_page_is_there():
    listed = set(re.findall(r"([\w/-]+\.md)$", (PROJECT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == {str(path.relative_to(PROJECT / "docs")) for path in (PROJECT / "docs").rglob("*.md")}
