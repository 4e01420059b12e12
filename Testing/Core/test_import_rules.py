"""What may import what: the rooms of the library and the arrows between them, and that starting up stays quick."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import SuperResolveLib
from command_line import run_python

PROJECT = Path(__file__).parents[2]
COMPUTATION = PROJECT / "SuperResolve"
MODULE = PROJECT / "SliceProfileSR"
TESTING = PROJECT / "Testing"
EXPERIMENTS = TESTING / "Experiments"
SLICER = {"slicer", "qt", "ctk", "vtk"}
#: What each room may import besides itself and the top of the library: the arrows of the house, nothing else.
ROOMS: dict[str, set[str]] = {
    "data": set(),
    "physics": {"data"},
    "image_io": {"data", "physics"},
    "metrics": {"data", "physics"},
    "networks": set(),
    "losses": set(),
    "training": {"data", "physics", "image_io", "networks", "losses"},
    "estimation": {"data", "physics", "networks", "losses", "training"},
    "methods": {"data", "physics", "networks", "losses", "training"},
    "workflows": {"data", "physics", "image_io", "metrics", "estimation", "methods"},
    "command": {"data", "physics", "image_io", "metrics", "estimation", "methods", "workflows"},
    "slicer_cli": {"data", "physics", "image_io", "metrics", "estimation", "methods", "workflows"},
}
#: Of the workflows, those that train alone use the training.
TRAINING_WORKFLOWS = re.compile(r"/workflows/train\w*\.py imports SuperResolveLib\.training\.")
#: What every room may use; beside the public names, nothing else is at the top of the library.
TOP = {"device", "errors", "exits", "model", "progress", "registry", "version"}
#: Rooms that hold networks and functions of tensors, and import nothing of ours.
OF_TORCH_ALONE = {"networks", "losses"}
#: Slow to import: loaded only by what uses them.
SLOW = ("torch", "matplotlib", "SimpleITK", "skimage", "tqdm", "scipy.signal", "scipy.stats")


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


def room_of(name: str) -> str:
    """The room of a module of the library, or the name of one at the top of it."""
    return f"{name}..".split(".")[1]


def imported_modules(path: Path, root: Path, names: set[str]) -> set[str]:
    """Which of the modules ``names`` a file imports, wherever in it."""
    found = set()
    for name in imports(path, root):
        module = name if name in names else name.rpartition(".")[0]
        found |= {module} & names
    return found - {module_name(path, root)}


def import_graph(folder: Path, root: Path) -> dict[str, set[str]]:
    """The modules below a folder, and which of them each imports."""
    names = {module_name(path, root) for path in sources(folder)}
    return {module_name(path, root): imported_modules(path, root, names) for path in sources(folder)}


def on_cycles(graph: dict[str, set[str]]) -> list[str]:
    """The modules from which imports lead back to themselves."""
    reached = {name: set(graph[name]) for name in graph}
    for _ in graph:
        for name, others in reached.items():
            others |= {further for other in others for further in graph[other]}
            reached[name] = others
    return sorted(name for name, others in reached.items() if name in others)


LIBRARY = COMPUTATION / "SuperResolveLib"


def test_the_library_has_the_rooms_of_the_house_and_nothing_loose():
    folders = {path.name for path in LIBRARY.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {*ROOMS, "weights"}
    assert {path.stem for path in LIBRARY.glob("*.py")} == TOP | {"__init__", "__main__"}


@pytest.mark.parametrize("room", ROOMS)
def test_rule_2_a_room_imports_only_those_below_it(room):
    allowed = {room, *ROOMS[room]} | (set() if room in OF_TORCH_ALONE else TOP)

    def forbidden(name: str) -> bool:
        return top(name) == "SuperResolveLib" and room_of(name) not in allowed

    found = offences(LIBRARY / room, COMPUTATION, forbidden)
    assert not [each for each in found if not TRAINING_WORKFLOWS.search(each)]


@pytest.mark.parametrize("room", sorted(OF_TORCH_ALONE))
def test_rule_2_networks_and_losses_need_torch_alone(room):
    allowed = {"SuperResolveLib", "torch", "numpy"} | sys.stdlib_module_names
    assert not offences(LIBRARY / room, COMPUTATION, lambda name: top(name) not in allowed)


def test_rule_2_the_top_of_the_library_imports_no_room():
    graph = import_graph(LIBRARY, COMPUTATION)
    for name in TOP:
        assert {room_of(other) for other in graph[f"SuperResolveLib.{name}"]} <= TOP, name


@pytest.mark.parametrize("room", ["estimation", "methods"])
def test_rule_2_ways_of_doing_it_never_import_each_other(room):
    """Each is a folder or a file; what a room's ways share lies beside them."""
    ways = {
        home.rpartition(".")[0].split(".")[1]
        if "." in home.partition(":")[0].partition(".")[2]
        else home.partition(":")[0].split(".")[1]
        for home in registries()[room].homes.values()
    }
    shared = {path.stem for path in (LIBRARY / room).iterdir()} - ways
    for name, others in import_graph(LIBRARY / room, COMPUTATION).items():
        own = f"{name}..".split(".")[2]
        allowed = shared | {own} if own in ways else shared
        assert {f"{other}..".split(".")[2] for other in others} <= allowed, name


def registries():
    from SuperResolveLib.estimation.registry import ESTIMATORS
    from SuperResolveLib.methods.registry import METHODS

    return {"estimation": ESTIMATORS, "methods": METHODS}


@pytest.mark.parametrize(("folder", "root"), [(LIBRARY, COMPUTATION), (MODULE, MODULE), (EXPERIMENTS, TESTING)])
def test_there_are_no_import_cycles(folder, root):
    graph = import_graph(folder, root)
    assert sum(map(len, graph.values())) > 20
    assert on_cycles(graph) == []


def test_cycles_are_found():
    assert on_cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == ["b", "c"]


def test_nothing_that_is_installed_imports_experiments_or_tests():
    assert not offences(COMPUTATION, COMPUTATION, lambda name: top(name) in ("Experiments", "Testing"))
    assert not offences(MODULE, MODULE, lambda name: top(name) in ("Experiments", "Testing"))


def test_rule_6_init_files_hand_names_on_and_define_nothing():
    for path in [*sources(LIBRARY), *sources(MODULE)]:
        if path.name != "__init__.py" or path.parent == LIBRARY:  # the library's face imports its names on use
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            listed = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            assert docstring or listed or isinstance(node, ast.Import | ast.ImportFrom), path


def test_rule_3_cli_scripts_import_inside_main():
    allowed = {"__future__", "sys", "typing"}
    for script in sorted(COMPUTATION.glob("*.py")):
        assert {top(name) for name in imports(script, COMPUTATION, at_start=True)} <= allowed, script.name


def test_only_rooms_that_learn_import_torch_at_their_start():
    learning = {"estimation", "methods", "networks", "losses", "training"}
    for path in sources(LIBRARY):
        if "torch" in {top(name) for name in imports(path, COMPUTATION, at_start=True)}:
            assert room_of(module_name(path, COMPUTATION)) in learning, path


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


def test_asking_methods_what_they_are_does_not_load_torch():
    loaded = run_python(
        "import sys\n"
        "from SuperResolveLib.estimation.registry import ESTIMATORS\n"
        "from SuperResolveLib.methods.registry import METHODS\n"
        "assert len(ESTIMATORS.infos() + METHODS.infos()) >= 5\n"
        "print('torch' in sys.modules)"
    )
    assert loaded.strip() == "False"


def test_public_names_are_those_announced():
    assert set(SuperResolveLib.__all__) <= set(dir(SuperResolveLib))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = SuperResolveLib.nothing
