"""What may import what: DESIGN's rules 1 to 3, and that starting up stays quick."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import SuperResolveLib
from command_line import run_python

PROJECT = Path(__file__).parents[2]
COMPUTATION = PROJECT / "SuperResolve"
MODULE = PROJECT / "SliceProfileSR"
SLICER = {"slicer", "qt", "ctk", "vtk"}
#: Slow to import: loaded only by what uses them.
SLOW = ("torch", "matplotlib", "SimpleITK", "skimage", "tqdm")


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, root: Path, at_start: bool = False) -> Iterator[str]:
    """Absolute names of what a file imports; ``at_start`` leaves out what functions and type checkers import."""
    name = module_name(path, root)
    package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    for node in statements(ast.parse(path.read_text(encoding="utf-8")), at_start):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def statements(tree: ast.AST, at_start: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if at_start and (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_for_type_checkers(node)):
            continue
        yield node
        yield from statements(node, at_start)


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def top(name: str) -> str:
    return name.partition(".")[0]


def offences(folder: Path, root: Path, forbidden, at_start: bool = False) -> list[str]:
    return [
        f"{path.relative_to(PROJECT)} imports {name}"
        for path in sources(folder)
        for name in imports(path, root, at_start)
        if forbidden(name)
    ]


def test_rule_1_the_computation_runs_without_slicer():
    assert len(sources(COMPUTATION)) > 10
    assert not offences(COMPUTATION, COMPUTATION, lambda name: top(name) in SLICER | {"SliceProfileSRLib"})


def test_rule_1_the_module_never_loads_torch():
    assert not offences(MODULE, MODULE, lambda name: top(name) == "torch")


def test_slicer_starts_without_loading_anything_for_the_module():
    own = SLICER | {"SliceProfileSRLib"} | sys.stdlib_module_names
    assert len(sources(MODULE)) > 10
    assert not offences(MODULE, MODULE, lambda name: top(name) not in own, at_start=True)


@pytest.mark.parametrize(
    ("room", "others"),
    [
        ("estimation", ("methods",)),
        ("methods", ("estimation",)),
        ("networks", ("estimation", "methods")),
        ("image_io", ("estimation", "methods")),
    ],
)
def test_rule_2_rooms_do_not_reach_into_each_other(room, others):
    library = COMPUTATION / "SuperResolveLib"
    forbidden = tuple(f"SuperResolveLib.{other}." for other in others)
    assert not offences(library / room, COMPUTATION, lambda name: f"{name}.".startswith(forbidden))


def test_rule_3_cli_scripts_import_inside_main():
    allowed = {"__future__", "sys", "typing"}
    for script in sorted(COMPUTATION.glob("*.py")):
        assert {top(name) for name in imports(script, COMPUTATION, at_start=True)} <= allowed, script.name


def test_only_rooms_that_learn_import_torch_at_their_start():
    learning = {"device", "estimation", "methods", "networks"}
    for path in sources(COMPUTATION / "SuperResolveLib"):
        if "torch" in {top(name) for name in imports(path, COMPUTATION, at_start=True)}:
            module = module_name(path, COMPUTATION).split(".")
            assert module[1] in learning, path
            assert module not in (["SuperResolveLib", "estimation"], ["SuperResolveLib", "methods"]), path


def test_the_public_names_load_nothing_slow():
    loaded = run_python(
        "import sys, SuperResolveLib\n"
        "for name in SuperResolveLib.__all__: getattr(SuperResolveLib, name)\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    assert loaded.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["super-resolve", "--help"], ["methods"]])
def test_the_command_starts_without_anything_slow(arguments):
    loaded = run_python(
        "import sys; from SuperResolveLib.command.main import main\n"
        f"assert main({arguments}) == 0\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    assert loaded.splitlines()[-1] == "[]"


def test_methods_without_torch_do_not_load_it():
    loaded = run_python(
        "import sys; from SuperResolveLib.methods.registry import METHODS\n"
        "for entry in METHODS.values(): entry.needs_torch or entry.load()\n"
        "print('torch' in sys.modules)"
    )
    assert loaded.strip() == "False"


def test_public_names_are_those_announced():
    assert set(SuperResolveLib.__all__) <= set(dir(SuperResolveLib))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = SuperResolveLib.nothing
