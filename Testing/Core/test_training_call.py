"""What is asked of a training, kept in its work folder: nothing is lost on the way there and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_scripts import description
from SuperResolveLib import InputError
from SuperResolveLib.command.main import cli, main
from SuperResolveLib.methods.trainables import TRAINABLES
from SuperResolveLib.slicer_cli.arguments import parse_arguments
from SuperResolveLib.workflows import train_to_file
from SuperResolveLib.workflows.training_call import call_of, camel_case, request_of
from SuperResolveLib.workflows.training_options import OPTIONS
from SuperResolveLib.workflows.training_request import Request, checked
from SuperResolveLib.workflows.training_state import read_call, read_state

STUDY = Path("/study")
REQUESTS = [
    Request(method="supervised", sources=(STUDY / "a",), preset="fast", network="deepresolve", work=STUDY / "w"),
    Request(
        method="soup",
        sources=(STUDY / "a b", STUDY / "sub-*" / "T1w.nii.gz"),
        synthetic=3,
        validate=(STUDY / "c",),
        preset="paper",
        network="unet",
        stages=("squared-error",),
        hours=0.1,
        ratios=(2.0, 5.5),
        options={"kind": "gaussian:4.5", "mixing": "outputs", "features": "self"},
        device="cpu",
        devices=2,
        seed=7,
        work=STUDY / "w",
        checkpoint_minutes=0.5,
    ),
    Request(
        method="xuan",
        synthetic=4,
        validate=0.0,
        preset="fast",
        network="dcsrn",
        iterations=12,
        options={"keep_synthesis": str(STUDY / "k")},
        work=STUDY / "w",
    ),
    Request(method="soup", synthetic=2, preset="fast", network="unet", options={"features": "none"}, work=STUDY / "w"),
    Request(
        method="ct-guided",
        sources=(STUDY / "mr",),
        preset="fast",
        network="srnet",
        options={"ct": str(STUDY / "ct"), "ct_window": "-150,250", "keep_translations": str(STUDY / "k")},
        work=STUDY / "w",
    ),
]


def as_slicer_hands_it_over(values: dict) -> dict:
    """The values that the CLI module has when it is started with these."""
    told = description("TrainSuperResolution")
    flags = {name: value for name, value in values.items() if told[name].index is None and value != ""}
    words = [word for name, value in flags.items() for word in (f"--{told[name].longflag}", str(value))]
    words += ["--", values["inputDirectory"], values["modelFile"]]
    return dict(parse_arguments(told, "TrainSuperResolution", words).values)


@pytest.mark.parametrize("request_", REQUESTS, ids=[each.method for each in REQUESTS])
def test_what_was_asked_comes_back_through_the_cli_module(request_):
    values = call_of(request_, Path("m.safetensors"))
    assert request_of(as_slicer_hands_it_over(values)) == request_


def test_every_option_of_a_method_is_offered_everywhere():
    flags = {flag for option in cli.commands["train"].params for flag in option.opts}
    parameters = description("TrainSuperResolution").parameters
    names = {name for info in TRAINABLES.infos() for name in info.options}
    assert names == set(OPTIONS)
    assert {f"--{name.replace('_', '-')}" for name in names} <= flags
    assert {camel_case(name) for name in names} <= {parameter.name for parameter in parameters}


def test_paths_mean_the_same_in_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("p.tsv", "vgg16-397923af.pth"):
        (tmp_path / name).touch()
    kind, features = OPTIONS["kind"], OPTIONS["features"]
    assert kind.absolute("p.tsv") == str(tmp_path / "p.tsv")
    assert [kind.absolute(text) for text in ("thin", "rect:4")] == ["thin", "rect:4"]
    assert features.absolute("vgg16:vgg16-397923af.pth") == f"vgg16:{tmp_path / 'vgg16-397923af.pth'}"
    assert OPTIONS["keep_synthesis"].absolute("k") == str(tmp_path / "k")
    assert features.of_path("/w/vgg16-397923af.pth") == "vgg16:/w/vgg16-397923af.pth"
    assert features.of_path("/w/mine.pth", "alexnet:") == "alexnet:/w/mine.pth"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kind": "thicker"}, "'thicker' is no profile"),
        ({"features": "vgg16:nowhere.pth"}, "nowhere.pth is not there"),
        ({"features": "beauty"}, "no features 'beauty'"),
        ({"mixing": "colours"}, "cannot be mixed"),
    ],
)
def test_options_that_stand_for_nothing_are_refused_before_anything_is_read(options, told):
    with pytest.raises(InputError, match=told):
        checked(Request(method="soup", sources=(STUDY,), options=options))


def test_the_command_tells_what_it_was_asked_and_how_it_ended(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    seen = []

    def carry_out(request, progress, say):
        seen.append((read_state(request.work).state, read_call(request.work)))
        raise InputError("the disk is full")

    monkeypatch.setattr(train_to_file, "carry_out", carry_out)
    command = ["train", "soup", "thin", "-o", "m.safetensors", "--work", "w", "--kind", "thin", "--ratios", "2-4"]
    assert main(command) == 2
    ((state, call),) = seen
    assert state == "running" and call["inputDirectory"] == str(tmp_path / "thin")
    assert (call["modelFile"], call["kind"], call["ratios"]) == (str(tmp_path / "m.safetensors"), "thin", "2.0-4.0")
    ended = read_state(tmp_path / "w")
    assert (ended.state, ended.message, ended.model) == ("failed", "the disk is full", call["modelFile"])
    assert "the disk is full" in capsys.readouterr().err
