"""The XML files of the command line modules: valid, and in agreement with the library and its command."""

from __future__ import annotations

import inspect
from pathlib import Path

import click
import pytest
import xmlschema

import SuperResolveLib
from cli_scripts import FOLDER, MODULES, description
from command_line import run_python
from SuperResolveLib import InputError, estimate_profile, measure_resolution, super_resolve, to_slices
from SuperResolveLib.command.main import cli
from SuperResolveLib.estimation.registry import ESTIMATORS
from SuperResolveLib.methods.registry import METHODS
from SuperResolveLib.methods.trainables import TRAINABLES
from SuperResolveLib.physics.profile_limits import WIDEST
from SuperResolveLib.registry import AUTO
from SuperResolveLib.slicer_cli.arguments import parse_arguments
from SuperResolveLib.slicer_cli.describe import described

SCHEMA = Path(__file__).with_name("execution_model.xsd")
#: What a parameter is called in Python, where not its own name in lower case.
IN_PYTHON = {"acquiredResolution": "acquired_resolution", "outputSpacing": "spacing"}
#: Parameters that a measurement does not have: what is left in a volume need not be like a scanner's profile.
OF_ESTIMATES = {"prior"}
#: Parameters that the functions do not have: files, what chooses the function or makes the profile, and a negation.
OWN = {"measure", "profileShape", "profileWidth", "noDataConsistency"}
FUNCTIONS = {
    "BringBackToSlices": (to_slices,),
    "EstimateSliceProfile": (estimate_profile, measure_resolution),
    "SuperResolve": (super_resolve,),
}
COMMANDS = {
    "BringBackToSlices": ("to-slices",),
    "EstimateSliceProfile": ("estimate", "measure"),
    "SuperResolve": ("super-resolve",),
}


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema11:
    return xmlschema.XMLSchema11(SCHEMA)


@pytest.mark.parametrize("module", MODULES)
def test_is_valid_by_the_execution_model(schema, module):
    assert [error.reason for error in schema.iter_errors(FOLDER / f"{module}.xml")] == []


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("<longflag>seed</longflag>", "<longflag>random-seed</longflag>"),
        ("<longflag>seed</longflag>", ""),
        ("<element>auto</element>\n      <element>spectral</element>", "<element>spectral</element>"),
        ("<default>0</default>\n      <constraints>", "<default>-1</default>\n      <constraints>"),
        ("<channel>input</channel>", "<channel>both</channel>"),
        ("<name>seed</name>", "<name>axis</name>"),
        ("license>", "licence>"),
        ('advanced="true"', 'folded="true"'),
    ],
)
def test_the_schema_finds_what_the_parser_would_refuse(schema, text, instead):
    xml = (FOLDER / "EstimateSliceProfile.xml").read_text(encoding="utf-8")
    assert text in xml
    assert not schema.is_valid(xml.replace(text, instead))


@pytest.mark.parametrize("module", MODULES)
def test_tells_what_slicer_shows(module):
    told = description(module)
    assert (FOLDER / f"{module}.xml").read_text(encoding="utf-8").startswith("<?xml ")
    assert told.version == SuperResolveLib.__version__
    assert told.title and told.category and told.contributor and "arxiv.org" in told.acknowledgements
    assert told.documentation_url.startswith("https://github.com/")
    assert told.license.startswith("Apache-2.0") and "https://" in told.license
    assert [group.label for group in told.groups if group.advanced] == ["Advanced"]


@pytest.mark.parametrize("module", MODULES)
def test_parameters_with_a_place_come_last_and_returned_ones_have_none(module):
    parameters = description(module).parameters
    assert [parameter.index for parameter in parameters if parameter.index is not None] in ([0], [0, 1])
    returned = [parameter for parameter in parameters if parameter.is_returned]
    told = {"warnings"} if module == "TrainSuperResolution" else {"fwhm", "fwhmLow", "fwhmHigh", "warnings"}
    assert told <= {parameter.name for parameter in returned}
    assert not any(parameter.is_file for parameter in returned)


def test_the_panel_can_read_a_description_as_slicer_starts():
    loaded = run_python(
        "import sys; from SuperResolveLib.slicer_cli.description import read_description\n"
        f"assert read_description({str(FOLDER / 'SuperResolve.xml')!r})['seed'].default == 0\n"
        "print([name for name in ('numpy', 'scipy', 'SimpleITK', 'torch') if name in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_choices_are_those_of_the_registries():
    estimate, resolve = description("EstimateSliceProfile"), description("SuperResolve")
    assert estimate["method"].choices == (AUTO, *ESTIMATORS)
    assert resolve["method"].choices == (AUTO, *METHODS)
    for registry, told in ((ESTIMATORS, estimate), (METHODS, resolve)):
        presets = {preset.name: None for info in registry.infos() for preset in info.presets}
        assert told["preset"].choices == tuple(presets)
        assert told["preset"].default == next(iter(presets))
        assert all(info.summary in told["method"].description for info in registry.infos())
    priors = tuple(prior.name for prior in ESTIMATORS["spectral"].info.priors)
    assert estimate["prior"].choices == resolve["prior"].choices == priors
    assert estimate["prior"].default == resolve["prior"].default == priors[0]


@pytest.mark.parametrize("module", MODULES)
def test_what_the_registries_tell_is_in_the_xml(module):
    """``python -m SuperResolveLib.slicer_cli.describe`` was run since a method last changed."""
    text = (FOLDER / f"{module}.xml").read_text(encoding="utf-8")
    assert described(module, text) == text


def test_what_trains_has_the_choices_of_the_registry():
    told = description("TrainSuperResolution")
    infos = TRAINABLES.infos()
    assert told["method"].choices == tuple(TRAINABLES)
    assert told["network"].choices == tuple(dict.fromkeys(name for info in infos for name in info.networks))
    assert (told["preset"].default, told["network"].default) == (infos[0].presets[0].name, infos[0].networks[0])


@pytest.mark.parametrize(
    ("name", "flag"), [("synthetic", "--synthetic"), ("seed", "--seed"), ("checkpointMinutes", "--checkpoint-minutes")]
)
def test_what_trains_has_the_defaults_of_the_command(name, flag):
    options = {each: option for option in cli.commands["train"].params for each in option.opts}
    parameter = description("TrainSuperResolution")[name]
    assert parameter.default == options[flag].default and f"--{parameter.longflag.replace('_', '-')}" == flag


def test_a_description_that_lacks_a_choice_is_not_filled_in():
    with pytest.raises(ValueError, match="no enumeration 'method'"):
        described("SuperResolve", "<executable></executable>")


@pytest.mark.parametrize("module", FUNCTIONS)
def test_defaults_are_those_of_the_functions(module):
    for function in FUNCTIONS[module]:
        defaults = {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}
        for parameter in simple(module):
            if parameter.name in OF_ESTIMATES and function is measure_resolution:
                continue
            in_python = defaults[IN_PYTHON.get(parameter.name, parameter.name)]
            # None stands for the first method and preset and for the in-plane voxel.
            assert parameter.default == in_python or (
                in_python is None and parameter.name in ("method", "preset", "prior", "outputSpacing")
            )


@pytest.mark.parametrize("module", FUNCTIONS)
def test_flags_defaults_and_ranges_are_those_of_the_command(module):
    for name in COMMANDS[module]:
        options = {flag: option for option in cli.commands[name].params for flag in option.opts}
        for parameter in simple(module):
            if parameter.name in OF_ESTIMATES and name == "measure":
                continue
            option = options["--" + parameter.longflag.replace("_", "-")]
            if isinstance(option.type, click.Choice):
                assert parameter.choices == tuple(option.type.choices), parameter.name
            if isinstance(option.type, click.IntRange):
                assert (parameter.minimum, parameter.maximum) == (option.type.min, option.type.max), parameter.name
            if isinstance(option.default, str | int):
                assert parameter.default == option.default, parameter.name


def test_the_widest_profile_is_that_of_the_library():
    assert description("SuperResolve")["profileWidth"].maximum == WIDEST


@pytest.mark.parametrize("module", MODULES)
def test_a_flag_with_several_words_may_have_hyphens_too(module):
    for parameter in description(module).parameters:
        assert parameter.aliases == ((parameter.longflag.replace("_", "-"),) if "_" in parameter.longflag else ())


def test_the_command_line_gives_values_of_their_types():
    words = [
        "--seed",
        "7",
        "--no-data-consistency",
        "--acquired_resolution",
        "0.5, 0.75",
        "--profile",
        "p.tsv",
        "in",
        "out",
    ]
    given = parse_arguments(description("SuperResolve"), "SuperResolve", words)
    assert (given["seed"], given["noDataConsistency"], given["acquiredResolution"]) == (7, True, (0.5, 0.75))
    assert given["profileTable"] == Path("p.tsv") and given["residualVolume"] is None
    assert (given["inputVolume"], given["outputVolume"]) == (Path("in"), Path("out"))
    assert (given["method"], given["profileWidth"], given.return_file) == ("auto", 5.0, None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("scan.nrrd", "the following arguments are required: outputVolume"),
        ("--sed 1 scan.nrrd out.nrrd", "unrecognized arguments: --sed"),
        ("--seed one scan.nrrd out.nrrd", "'one' is no value for seed: give a whole number"),
        ("--seed -1 scan.nrrd out.nrrd", "seed cannot be -1: give a number from 0 to 2147483647"),
        ("--profile_width 0 scan.nrrd out.nrrd", "profileWidth cannot be 0: give a number from 0.1 to 100"),
        ("--spacing nan scan.nrrd out.nrrd", "'nan' is no value for outputSpacing: give a number"),
        (
            "--method magic scan.nrrd out.nrrd",
            "there is no method 'magic': choose one of auto, smore, instant, edssr, zssr, tscn, tikhonov, bspline",
        ),
        ("--acquired_resolution fine scan.nrrd out.nrrd", "'fine' is no value for acquiredResolution"),
    ],
)
def test_a_wrong_command_line_is_refused_in_a_sentence(words, message):
    with pytest.raises(InputError) as refused:
        parse_arguments(description("SuperResolve"), "SuperResolve", words.split())
    assert str(refused.value).startswith(message)


def simple(module: str):
    """The parameters that the functions take by name."""
    return [
        parameter
        for parameter in description(module).parameters
        if not parameter.is_file and not parameter.is_returned and parameter.name not in OWN
    ]
