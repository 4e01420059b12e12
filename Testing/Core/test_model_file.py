"""Model files and cards: what is written is read again, what is wrong is refused in one sentence, and in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import models
from SuperResolveLib import InputError, load_model
from SuperResolveLib.command.main import main
from SuperResolveLib.image_io.model_card import card_fields, format_card, parse_card
from SuperResolveLib.image_io.model_file import check_model_output, read_model, write_model
from SuperResolveLib.image_io.safetensors_file import write_tensors
from SuperResolveLib.methods import networks
from SuperResolveLib.model import FORMAT_VERSION, Card, Model
from SuperResolveLib.workflows import models as workflow
from SuperResolveLib.workflows.model_texts import card_lines
from SuperResolveLib.workflows.models import parameter_count

PROJECT = Path(__file__).parents[2]


def assert_same(found: Model, expected: Model) -> None:
    assert found.card == expected.card
    assert set(found.tensors) == set(expected.tensors)
    for name, tensor in expected.tensors.items():
        assert found.tensors[name].dtype == tensor.dtype and np.array_equal(found.tensors[name], tensor)


def test_a_model_comes_back_as_it_was(tmp_path):
    model = models.model()
    write_model(model, tmp_path / "m.safetensors")
    assert_same(read_model(tmp_path / "m.safetensors"), model)
    assert safetensors.numpy.load_file(tmp_path / "m.safetensors").keys() == model.tensors.keys()


def test_the_same_model_gives_the_same_bytes(tmp_path):
    for name in ("1.safetensors", "2.safetensors"):
        write_model(models.model(), tmp_path / name)
    assert (tmp_path / "1.safetensors").read_bytes() == (tmp_path / "2.safetensors").read_bytes()


numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6)
names = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]{0,10}", fullmatch=True)
texts = st.text(max_size=40).filter(str.isprintable)


def ranges(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(st.floats(low, high), st.floats(low, high)).map(lambda ends: (min(ends), max(ends)))


@settings(max_examples=60)
@given(
    arguments=st.dictionaries(names, st.integers(-(2**62), 2**62) | numbers | st.booleans() | texts, max_size=4),
    ratios=ranges(1, 100),
    fwhm_ratios=st.none() | ranges(0.001, 100),
    iterations=st.dictionaries(names, st.integers(0, 2**62), max_size=3),
    losses=st.dictionaries(names, numbers, max_size=3),
    notes=st.lists(texts, max_size=3).map(tuple),
    seed=st.integers(0, 2**63 - 1),
)
def test_every_card_comes_back_as_it_was(arguments, ratios, fwhm_ratios, iterations, losses, notes, seed):
    card = models.card(
        network_arguments=arguments,
        operator="select" if fwhm_ratios is None else "profile",
        ratios=ratios,
        fwhm_ratios=fwhm_ratios,
        stages=tuple(iterations),
        iterations=iterations,
        losses=losses,
        notes=notes,
        seed=seed,
    )
    found = parse_card(format_card(card))
    assert found == card
    for name, value in arguments.items():
        assert type(found.network_arguments[name]) is type(value)
    assert all(card_lines(Model(found, {})))


def test_numbers_of_numpy_are_those_of_python():
    card = models.card(ratios=(np.float64(2), np.float32(6)), losses={"l1": np.float32(0.5)}, seed=np.int64(3))
    assert parse_card(format_card(card)) == models.card(losses={"l1": 0.5})


def test_a_card_with_nothing_that_can_be_left_out():
    needed = {name: getattr(models.card(), name) for name in REQUIRED}
    assert parse_card(format_card(Card(**needed))) == Card(**needed)


REQUIRED = [
    "method",
    "network",
    "network_arguments",
    "operator",
    "consistent",
    "start",
    "ratios",
    "fwhm_ratios",
    "voxels_mm",
]

# ---- cards that are wrong

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a method that is a path": ({"method": "../x"}, "method must be a short plain name"),
    "no network": ({"network": ""}, "network must be a short plain name"),
    "a network that is a number": ({"network": 3}, "network must be"),
    "nested arguments": ({"network_arguments": {"a": [1]}}, "a in network_arguments must be"),
    "arguments that are a list": ({"network_arguments": [1]}, "network_arguments must be an object"),
    "a huge argument": ({"network_arguments": {"a": 2**64}}, "63 bits"),
    "too many arguments": ({"network_arguments": {f"a{i}": i for i in range(99)}}, "at most 64"),
    "a long argument": ({"network_arguments": {"a": "b" * 501}}, "at most 500 characters"),
    "an unknown operator": ({"operator": "blur"}, "operator must be one of profile, select"),
    "an operator that is a list": ({"operator": ["select"]}, "operator must be"),
    "consistent in words": ({"consistent": "yes"}, "consistent must be true or false"),
    "consistent by number": ({"consistent": 1}, "consistent must be"),
    "an unknown start": ({"start": "linear"}, "start must be one of tikhonov, spline, cubic"),
    "one ratio": ({"ratios": [2.0]}, "ratios must be two numbers from 1 to 100"),
    "ratios upside down": ({"ratios": [6.0, 2.0]}, "the smaller first"),
    "a ratio of 0": ({"ratios": [0.0, 2.0]}, "ratios must be"),
    "ratios in words": ({"ratios": ["2", "6"]}, "ratios must be"),
    "true ratios": ({"ratios": [True, 6.0]}, "ratios must be"),
    "no widths for a profile": ({"fwhm_ratios": None}, "fwhm_ratios must be null for the operator select"),
    "widths for select": ({"operator": "select"}, "fwhm_ratios must be null for the operator select"),
    "voxels of metres": ({"voxels_mm": [0.7, 1000.0]}, "voxels_mm must be"),
    "percentiles beyond 100": ({"percentiles": [1.0, 101.0]}, "percentiles must be"),
    "a negative halo": ({"halo": -1}, "halo must be a count up to 1024"),
    "half a halo": ({"halo": 0.5}, "halo must be"),
    "a huge halo": ({"halo": 10**9}, "halo must be"),
    "a negative error": ({"halo_error": -0.1}, "halo_error must be"),
    "a preset that garbles": ({"preset": "fast\x1b[31m"}, "preset must be a printable text"),
    "a stage that is a number": ({"stages": [1]}, "an entry of stages must be"),
    "stages as a text": ({"stages": "supervised"}, "stages must be a list"),
    "negative iterations": ({"iterations": {"supervised": -3}}, "supervised in iterations must be"),
    "a huge seed": ({"seed": 2**63}, "seed must be"),
    "a loss that is none": ({"losses": {"l1": None}}, "l1 in losses must be"),
    "features of numbers": ({"features": {"name": 3}}, "name in features must be"),
    "trained on names": ({"trained_on": {"names": ["A"]}}, "trained_on has the unknown field 'names'"),
    "half a scan": ({"trained_on": {"scans": 0.5}}, "scans must be a count"),
    "figures in words": ({"validation": {"model": {"psnr": "good"}}}, "psnr must be a number"),
    "an unknown figure": ({"validation": {"model": {"rmse": 1.0}}}, "model has the unknown field 'rmse'"),
    "versions that are numbers": ({"versions": {"torch": 2.4}}, "torch in versions must be"),
    "no licence": ({"licence": None}, "licence must be"),
    "notes of two lines": ({"notes": ["one\ntwo"]}, "an entry of notes must be"),
    "a foreign key": ({"patient": "A"}, "the card has the unknown field 'patient'"),
    "a version that is a text": ({"format_version": "1"}, "format_version must be"),
    "no version": ({"format_version": None}, "format_version must be"),
}


def written(path: Path, card: str | None) -> Path:
    write_tensors(path, models.model().tensors, {} if card is None else {"card": card})
    return path


@pytest.mark.parametrize("wrong", WRONG)
def test_a_card_with_a_field_that_cannot_be_is_refused(tmp_path, wrong):
    changes, words = WRONG[wrong]
    path = written(tmp_path / "m.safetensors", json.dumps({**card_fields(models.card()), **changes}))
    with pytest.raises(InputError, match=re.escape(words)) as refused:
        read_model(path)
    assert str(refused.value).startswith(f"{path} is no model that can be used (")


@pytest.mark.parametrize("name", [field.name for field in fields(Card)])
def test_a_card_that_lacks_a_field_is_refused(tmp_path, name):
    told = card_fields(models.card())
    del told[name]
    with pytest.raises(InputError, match=f"the card lacks the field '{name}'"):
        read_model(written(tmp_path / "m.safetensors", json.dumps(told)))


@pytest.mark.parametrize(
    "card", ["", "card", "[]", "null", '{"a": NaN}', '{"a": 1, "a": 1}', "[" * 100_000, "\ud83d\ude00"]
)
def test_a_card_that_is_none_is_refused(tmp_path, card):
    text = card.encode("utf-16", "surrogatepass").decode("utf-16")
    with pytest.raises(InputError, match="is no model that can be used"):
        read_model(written(tmp_path / "m.safetensors", text))


@pytest.mark.parametrize(
    ("version", "advice"), [(FORMAT_VERSION + 1, "update this program"), (0, "train the model anew")]
)
def test_another_version_of_the_format_is_refused_by_its_number(tmp_path, version, advice):
    path = written(tmp_path / "m.safetensors", json.dumps({"format_version": version, "all": "different"}))
    with pytest.raises(
        InputError, match=f"of format version {version}, and version {FORMAT_VERSION} is read: {advice}"
    ):
        read_model(path)


def test_files_that_are_no_models_are_refused(tmp_path):
    with pytest.raises(InputError, match="has no card, so it is no model"):
        read_model(written(tmp_path / "m.safetensors", None))
    with pytest.raises(InputError, match="is a folder"):
        read_model(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        read_model(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("a text, and longer than eight bytes")
    with pytest.raises(InputError, match="is no whole safetensors file"):
        read_model(tmp_path / "text.safetensors")
    with (tmp_path / "large.safetensors").open("wb") as file:
        file.truncate(2**31)
    with pytest.raises(InputError, match="has 2048 MiB, and at most 1024 MiB are read"):
        read_model(tmp_path / "large.safetensors")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_neither_written_nor_read(tmp_path, value):
    model = models.model()
    model.tensors["head.bias"][1] = value
    with pytest.raises(InputError, match=r"its tensor 'head\.bias' holds numbers that are not finite"):
        write_model(model, tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())
    write_tensors(tmp_path / "m.safetensors", model.tensors, {"card": format_card(model.card)})
    with pytest.raises(InputError, match=r"its tensor 'head\.bias' holds numbers that are not finite"):
        read_model(tmp_path / "m.safetensors")


def test_what_would_not_be_read_is_not_written(tmp_path):
    for changes in ({"losses": {"l1": float("nan")}}, {"fwhm_ratios": None}, {"trained_on": {"path": "/data"}}):
        with pytest.raises(InputError, match="cannot be written"):
            write_model(models.model(**changes), tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


def test_where_a_model_cannot_be_written_is_told_before_a_long_run(tmp_path):
    check_model_output(tmp_path / "m.safetensors")
    for path, words in (("m.pt", r"ends in \.safetensors"), ("none/m.safetensors", "does not exist")):
        with pytest.raises(InputError, match=words):
            check_model_output(tmp_path / path)
        with pytest.raises(InputError, match=words):
            write_model(models.model(), tmp_path / path)
    assert not list(tmp_path.iterdir())


def mutations(random: np.random.Generator, told: Any) -> Any:
    """A value of a card with one of the values in it replaced, removed or put elsewhere."""
    odd = [None, True, -1, 0, 2**70, 1e308, "", "x" * 600, [], {}, [[]], {"a": {}}, "\0", -0.0, [1, 2], {"": 1}]
    if isinstance(told, dict) and told and random.random() < 0.9:
        name = str(random.choice(list(told)))
        kind = random.random()
        rest = {key: value for key, value in told.items() if key != name}
        if kind < 0.1:
            return rest
        if kind < 0.2:
            return {**rest, name + "x": told[name]}
        return {**told, name: mutations(random, told[name])}
    if isinstance(told, list) and told and random.random() < 0.5:
        place = int(random.integers(len(told)))
        return [*told[:place], mutations(random, told[place]), *told[place + 1 :]]
    return odd[int(random.integers(len(odd)))]


def test_whatever_a_card_says_it_is_read_or_refused_and_told_in_words():
    refused = 0
    for seed in range(600):
        text = json.dumps(mutations(np.random.default_rng(seed), card_fields(models.card())))
        try:
            card = parse_card(text)
        except ValueError:
            refused += 1
            continue
        assert parse_card(format_card(card)) == card
        assert all(line.isprintable() for line in card_lines(Model(card, {})))
    assert 300 < refused < 600


def test_the_reference_tells_every_field():
    page = (PROJECT / "docs" / "reference" / "model-file.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    assert told >= set(card_fields(models.card())) | set(models.card().trained_on) | {"scans", "subjects", "model"}


# ---- loading, and the card in words


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Model]:
    """The models that were checked against their network, by one that refuses those with a halo of 999."""
    seen: list[Model] = []

    def load_network(model: Model) -> None:
        if model.card.halo == 999:
            raise InputError("its tensor head.weight is of another shape than its network's")
        seen.append(model)

    monkeypatch.setattr("SuperResolveLib.methods.networks.load_network", load_network)
    return seen


def test_loading_checks_the_tensors_against_the_network(tmp_path, checked):
    path = tmp_path / "m.safetensors"
    write_model(models.model(), path)
    assert_same(load_model(path), models.model())
    assert len(checked) == 1
    write_model(models.model(halo=999), path)
    with pytest.raises(InputError, match=r"m\.safetensors: its tensor head\.weight"):
        load_model(path)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("deepresolve", {"layers": 3, "channels": 4}),
        ("dcsrn", {"growth": 4, "units": 2}),
        ("mdcsrn", {"growth": 4, "blocks": 2, "units": 2}),
        ("rdn", {"blocks": 2, "layers": 2, "channels": 4, "growth": 4}),
        ("rrdb", {"blocks": 1, "channels": 4, "growth": 2}),
    ],
)
def test_a_model_of_every_network_is_loaded_and_one_of_another_is_refused(tmp_path, name, arguments):
    network = networks.build_network(name, arguments)
    tensors = {key: value.numpy() for key, value in network.state_dict().items()}
    model = Model(models.card(network=name, network_arguments=dict(network.arguments)), tensors)
    path = tmp_path / "m.safetensors"
    write_model(model, path)
    assert_same(load_model(path), model)
    assert parameter_count(model) == sum(each.numel() for each in network.parameters())
    first = next(iter(tensors))
    for wrong in (
        {key: value for key, value in tensors.items() if key != first},
        {**tensors, "foreign": np.zeros(1, np.float32)},
        {**tensors, first: tensors[first].astype(np.float64)},
        {**tensors, first: tensors[first][:-1]},
    ):
        write_model(replace(model, tensors=wrong), path)
        with pytest.raises(InputError, match=r"m\.safetensors: "):
            load_model(path)


def test_without_torch_nothing_is_checked_and_the_command_says_so(tmp_path, checked, monkeypatch, capsys):
    monkeypatch.setattr(workflow, "find_spec", lambda name: None)
    write_model(models.model(halo=999), tmp_path / "m.safetensors")
    assert main(["models", str(tmp_path / "m.safetensors")]) == 0
    assert "torch is not installed" in capsys.readouterr().err
    assert not checked


def test_the_card_in_words():
    assert card_lines(models.model()) == [
        "method       supervised, preset fast",
        "network      deepresolve, 112 parameters (features 24, layers 8, scale 0.5, residual True, kind plain)",
        "operator     profile: undoes the slice profile: planes as thin as the in-plane voxel",
        "consistency  the result, degraded with the slice profile, gives the scan back",
        "start        Tikhonov on the planes of the answer",
        (
            "made for     slice spacings of 2 to 6 times the in-plane voxel, "
            "slice thicknesses of 0.5 to 1.25 times the slice spacing, voxels of 0.7 to 1 mm"
        ),
        "learned from 3 scans of 1 subject (MR) and 24 synthetic volumes",
        "training     supervised (2,000 iterations), seed 3",
        "losses       l1 x 1",
        "features     none",
        (
            "validation   PSNR 28.04 dB (spline 26.41 dB, Tikhonov 26.97 dB); "
            "SSIM 0.830 (spline 0.778, Tikhonov 0.787) on 1 held-out scan"
        ),
        "intensities  percentiles 1 and 99.5 of the slices become 0 and 1",
        "tiles        a halo of 8 voxels, which holds all that the network sees",
        "versions     slice-profile-sr 0.1.0",
        "licence      Apache-2.0",
        "note         Learned from heads alone.",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operator": "select", "fwhm_ratios": None}, "select: changes the spacing of slices, not their thickness"),
        ({"operator": "select", "fwhm_ratios": None}, "at the planes of its slices, gives the scan back"),
        ({"consistent": False}, "not made to give the scan back"),
        ({"validation": None}, "nothing was held out"),
        ({"halo_error": 0.002}, "tiles change the result by up to 0.002 of the intensity range"),
        ({"ratios": (4.0, 4.0)}, "slice spacings of 4 times"),
        ({"features": {"name": "vgg16", "hash": "ab12"}}, "name vgg16, hash ab12"),
        ({"licence": ""}, "licence      not told"),
        ({"trained_on": {}}, "learned from not told"),
    ],
)
def test_what_differs_is_told(changes, words):
    assert words in "\n".join(card_lines(models.model(**changes)))


def test_what_was_not_learned_is_no_parameter():
    model = models.model()
    assert parameter_count(model) == 4 * 27 + 4
    assert parameter_count(replace(model, tensors={})) == 0


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], checked: list[Model]) -> Run:
    def command(*arguments: object) -> tuple[int, str, str]:
        code = main(["models", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def test_the_command_tells_the_card_and_writes_it(tmp_path, run):
    path, told = tmp_path / "m.safetensors", tmp_path / "m.json"
    write_model(models.model(), path)
    code, out, err = run(path, "--json", told)
    assert code == 0 and err == ""
    assert out.splitlines() == [*card_lines(models.model()), f"wrote    {told}"]
    report = json.loads(told.read_text())
    extra = {"format_version": FORMAT_VERSION, "parameters": 112, "checked": True, "input": str(path)}
    assert report == json.loads(json.dumps({**asdict(models.card()), **extra}))
    assert run(path, "--json", told)[0] == 2
    assert run(path, "--json", told, "--overwrite")[0] == 0
    assert run(path, "--json", path, "--overwrite")[0] == 2  # never the model itself


def test_the_command_refuses_what_is_no_model_in_one_sentence(tmp_path, run):
    (tmp_path / "m.safetensors").write_bytes(bytes(100))
    for path in (tmp_path, tmp_path / "none.safetensors", tmp_path / "m.safetensors"):
        code, out, err = run(path)
        assert code == 2 and out == "" and err.startswith("slice-profile-sr: error: ") and err.count("\n") == 1
