"""Checkpoints: a state comes back bit for bit, and what a killed or failed write leaves does not count."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from command_line import ENVIRONMENT
from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io import files as files_module
from SuperResolveLib.image_io import safetensors_file
from SuperResolveLib.training import checkpoint as module
from SuperResolveLib.training.checkpoint import FORMAT_VERSION, Checkpoints
from SuperResolveLib.training.muon import Muon
from SuperResolveLib.training.state_parts import put_together, take_apart


def same(found: Any, expected: Any) -> bool:
    """Whether two states are the same in every type, key, order and bit."""
    if type(found) is not type(expected):
        return False
    if isinstance(expected, torch.Tensor):
        alike = found.dtype == expected.dtype and found.shape == expected.shape
        return alike and steps(found) == steps(expected) and bits(found) == bits(expected)
    if isinstance(expected, dict):
        return [(type(key), key) for key in found] == [(type(key), key) for key in expected] and all(
            same(found[key], expected[key]) for key in expected
        )
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float):
        return (math.isnan(found) and math.isnan(expected)) or struct.pack("d", found) == struct.pack("d", expected)
    return bool(found == expected)


def steps(tensor: torch.Tensor) -> list[int]:
    """The strides of a tensor's axes, those that are used."""
    sizes = zip(tensor.stride(), tensor.shape, strict=True)
    return [step for step, size in sizes if size > 1 and tensor.numel() > 0]


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def through_disk(state: dict[str, Any], folder: Path) -> dict[str, Any]:
    Checkpoints(folder).save(state)
    found = Checkpoints(folder).load()
    assert found is not None
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def pairs(*numbers: int) -> list[str]:
    return [f"checkpoint-{number:06d}{ending}" for number in numbers for ending in (".json", ".safetensors")]


# ---- states


TYPES = [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
TYPES += [torch.float16, torch.bfloat16, torch.float32, torch.float64]


def tensor(seed: int, dtype: torch.dtype, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor of any bits, NaN of every kind among them; of 0 and 1 where its type has no others."""
    if dtype == torch.bool:
        return torch.from_numpy(np.asarray(np.random.default_rng(seed).random(shape) < 0.5))
    size = math.prod(shape) * dtype.itemsize
    random = np.frombuffer(np.random.default_rng(seed).bytes(size), np.uint8).copy()
    return torch.from_numpy(random).view(dtype).reshape(shape) if size else torch.zeros(shape, dtype=dtype)


tensors = st.builds(
    tensor, st.integers(0, 99), st.sampled_from(TYPES), st.lists(st.integers(0, 3), max_size=4).map(tuple)
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**130), 2**130)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.integers(-(2**40), 2**40)
values = st.recursive(
    leaves | tensors,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=10,
)


WRONG = [
    None,
    [],
    {"float": "inf"},
    {"dict": [["a"]]},
    {"dict": [[1.5, 0]]},
    {"dict": [[["a"], 0]]},
    {"dict": [["a", {"float": "1"}]]},
    {"dict": [["a", {"bytes": "1"}]]},
    {"dict": [["a", {"tensor": "1", "type": "float32", "axes": [0, 1]}]]},
    {"dict": [["a", {"tensor": 0, "type": "float32", "axes": [0, 1]}]]},
    {"dict": [["a", {"tensor": "0", "type": "float64", "axes": [0, 1]}]]},
    {"dict": [["a", {"tensor": "0", "type": "complex64", "axes": [0, 1]}]]},
    {"dict": [["a", {"tensor": "0", "type": "float32", "axes": [0, 0]}]]},
    {"dict": [["a", {"tensor": "0", "type": "float32", "axes": [0, None]}]]},
    {"dict": [["a", {"tensor": "0", "type": "float32", "axes": [0, True]}]]},
    {"dict": [["a", {"tensor": "0", "type": "float32", "axes": [[0], 1]}]]},
]


@pytest.mark.parametrize("told", WRONG)
def test_what_is_no_state_is_refused(told):
    with pytest.raises(ValueError, match=r"it is no state|lacks the tensor|of another type"):
        put_together(told, {"0": np.zeros((2, 3), np.float32)})


@settings(max_examples=80)
@given(state=st.dictionaries(keys, values, max_size=4))
def test_every_state_comes_back_bit_for_bit_and_type_for_type(tmp_path_factory, state):
    assert same(through_disk(state, tmp_path_factory.mktemp("work")), state)


def test_the_order_in_memory_comes_back_with_a_tensor(tmp_path):
    image = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    volume = torch.arange(2 * 3 * 4 * 5.0).reshape(1, 2, 3, 4, 5)
    state = {
        "channels last": image.to(memory_format=torch.channels_last),
        "in 3-D": volume.to(memory_format=torch.channels_last_3d),
        "turned": image.transpose(1, 3),
        "one": torch.tensor(3.5),
    }
    assert same(through_disk(state, tmp_path), state)


def test_a_part_or_a_repetition_of_a_tensor_is_saved_as_what_it_shows(tmp_path):
    whole = torch.arange(12.0).reshape(3, 4)
    found = through_disk({"part": whole[:, ::2], "repeated": whole[:, :1].expand(3, 5)}, tmp_path)
    assert torch.equal(found["part"], whole[:, ::2]) and torch.equal(found["repeated"], whole[:, :1].expand(3, 5))


@pytest.mark.parametrize(
    "value", [object(), {1.5: 0}, {None: 0}, {1, 2}, b"bytes", np.zeros(2), torch.zeros(1, dtype=torch.complex64)]
)
def test_what_no_state_may_hold_is_refused_before_anything_is_written(tmp_path, value):
    with pytest.raises(TypeError, match="a state"):
        Checkpoints(tmp_path).save({"value": value})
    assert files(tmp_path) == []


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 3))


def adam(body: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(body.parameters(), lr=0.1 / 3, betas=(0.9, 0.999), amsgrad=True)


def sgd(body: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(body.parameters(), lr=1e-2, momentum=0.9)


def adamw(body: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW([{"params": [each], "lr": 1e-3 / (1 + i)} for i, each in enumerate(body.parameters())])


def muon(body: nn.Module) -> torch.optim.Optimizer:
    return Muon([each for each in body.parameters() if each.ndim > 1], 1e-2)


@pytest.mark.parametrize("make", [adam, sgd, adamw, muon])
def test_torchs_optimisers_networks_schedules_and_generators_go_on_bit_for_bit(
    tmp_path: Path, make: Callable[[nn.Module], torch.optim.Optimizer]
) -> None:
    def trained(checkpoints: Checkpoints | None, iterations: int) -> nn.Module:
        body = network()
        optimiser, random = make(body), torch.Generator().manual_seed(5)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 10)
        state = checkpoints.load() if checkpoints is not None else None
        if state is not None:
            body.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            random.set_state(state["random"])
        for _ in range(iterations):
            optimiser.zero_grad()
            body(torch.rand(2, 1, 8, 8, generator=random)).square().mean().backward()
            optimiser.step()
            schedule.step()
        if checkpoints is not None:
            checkpoints.save(
                {
                    "network": body.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "random": random.get_state(),
                }
            )
        return body

    straight = trained(None, 6).state_dict()
    trained(Checkpoints(tmp_path), 3)
    resumed = trained(Checkpoints(tmp_path), 3).state_dict()
    assert all(torch.equal(resumed[name], straight[name]) for name in straight)


# ---- files


def test_the_two_newest_are_kept_and_the_newest_is_loaded(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    assert checkpoints.load() is None
    for count in range(1, 5):
        checkpoints.save({"iteration": count, "weights": torch.full((3,), float(count))})
        assert files(tmp_path) == pairs(*range(max(1, count - 1), count + 1))
        assert checkpoints.load()["iteration"] == count


def test_what_is_not_ours_is_left_alone(tmp_path):
    others = ["checkpoint-000001.pt", "checkpoint-1.json", "metrics.jsonl", "checkpoint-000001.json.bak"]
    for name in others:
        (tmp_path / name).touch()
    for count in range(4):
        Checkpoints(tmp_path).save({"iteration": count})
    assert files(tmp_path) == sorted([*others, *pairs(3, 4)])


def test_tensors_whose_state_was_not_written_any_more_do_not_count(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for count in (1, 2):
        checkpoints.save({"iteration": count})
    (tmp_path / "checkpoint-000003.safetensors").write_bytes((tmp_path / pairs(2)[1]).read_bytes())
    assert checkpoints.load() == {"iteration": 2}
    checkpoints.save({"iteration": 3})
    assert checkpoints.load() == {"iteration": 3} and len(files(tmp_path)) == 4


#: Saves states of 4 MB one after another, and says so each time.
SAVING = """
import sys, torch
from pathlib import Path
from SuperResolveLib.training.checkpoint import Checkpoints
checkpoints = Checkpoints(Path(sys.argv[1]))
for count in range(1, 10_000):
    checkpoints.save({"iteration": count, "weights": torch.full((2**20,), float(count))})
    print(count, flush=True)
"""


@pytest.mark.parametrize("moment", [0.0, 0.007])
def test_of_a_run_that_is_killed_while_it_saves_a_whole_checkpoint_is_left(tmp_path, moment):
    command = [sys.executable, "-c", SAVING, str(tmp_path)]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        for count in range(1, 4):
            assert process.stdout.readline() == f"{count}\n"
        time.sleep(moment)
        process.kill()
    found = Checkpoints(tmp_path).load()
    assert found["iteration"] >= 3
    assert torch.equal(found["weights"], torch.full((2**20,), float(found["iteration"])))
    Checkpoints(tmp_path).save({"iteration": 0})
    assert len(files(tmp_path)) == 4 and Checkpoints(tmp_path).load() == {"iteration": 0}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("ending", [".json", ".safetensors"])
@pytest.mark.parametrize("damage", [cut, flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_of_a_checkpoint_that_the_disk_lost_the_one_before_is_taken(tmp_path, damage, ending):
    checkpoints = Checkpoints(tmp_path)
    for count in (1, 2):
        checkpoints.save({"iteration": count, "weights": torch.arange(4.0) + count})
    damage(tmp_path / f"checkpoint-000002{ending}")
    found = checkpoints.load()
    if (damage, ending) == (cut, ".json"):  # which loses a line's end alone
        assert found["iteration"] == 2
    else:
        assert found["iteration"] == 1 and torch.equal(found["weights"], torch.arange(4.0) + 1)


def test_if_none_can_be_read_one_sentence_says_why(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"iteration": 1})
    path = tmp_path / "checkpoint-000001.json"
    told = json.loads(path.read_text())
    for wrong, words in (
        ({**told, "format_version": FORMAT_VERSION + 1}, "is of format version 2"),
        ({**told, "tensors": {**told["tensors"], "blake2b": "0"}}, "checkpoint-000001.safetensors is not as it was"),
        ({**told, "state": [1]}, "no state of training"),
        ({"a": 1}, "checkpoint-000001.json is no checkpoint"),
    ):
        path.write_text(json.dumps(wrong))
        with pytest.raises(InputError, match=f"no checkpoint in .* can be read .*{words}.*delete them to start anew"):
            checkpoints.load()


@pytest.mark.parametrize("failing", [".safetensors", ".json"])
def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch, failing):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"iteration": 1})
    whole = files_module.write_whole

    def full(path: Path, *contents: object) -> str:
        if path.suffix == failing:
            raise InputError(f"{path} cannot be written: No space left on device")
        return whole(path, *contents)

    for user in (module, safetensors_file):
        monkeypatch.setattr(user, "write_whole", full)
    with pytest.raises(InputError, match="No space left"):
        checkpoints.save({"iteration": 2})
    assert checkpoints.load() == {"iteration": 1}
    monkeypatch.undo()
    checkpoints.save({"iteration": 3})
    assert checkpoints.load() == {"iteration": 3} and len(files(tmp_path)) == 4


def test_whatever_a_states_json_says_it_is_read_or_refused(tmp_path):
    state = {"a": [1, 2.5, (True, None)], 3: {"b": torch.zeros(2, 3), "c": float("inf")}}
    told, arrays = take_apart(state)
    text = json.dumps(told)
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(400):
        changed = bytearray(text.encode())
        for _ in range(int(random.integers(1, 3))):
            changed[int(random.integers(len(changed)))] = b'0123-.e{}[],:" tnf'[int(random.integers(18))]
        try:
            mutated = json.loads(changed)
        except ValueError:
            continue
        try:
            put_together(mutated, {name: array.copy() for name, array in arrays.items()})
        except ValueError:
            refused += 1
    assert refused > 20
