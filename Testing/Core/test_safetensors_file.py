"""The safetensors format: what is written is read again, by others too; what contradicts itself is refused."""

from __future__ import annotations

import json
import string
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from SuperResolveLib.errors import InputError
from SuperResolveLib.image_io.safetensors_file import LARGEST_HEADER, MOST_TENSORS, read_tensors, write_tensors

TYPES = ("?", "u1", "i1", "<u2", "<i2", "<f2", "<u4", "<i4", "<f4", "<u8", "<i8", "<f8")
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda name: name != "__metadata__")
arrays = hnp.arrays(st.sampled_from(TYPES), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
tables = st.dictionaries(names, arrays, max_size=5)
texts = st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=3)


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


@settings(max_examples=60)
@given(tensors=tables, metadata=texts)
def test_what_is_written_is_read_again_here_and_by_the_formats_own_library(tmp_path_factory, tensors, metadata):
    folder = tmp_path_factory.mktemp("file")
    path, theirs = folder / "a.safetensors", folder / "b.safetensors"
    write_tensors(path, tensors, metadata)
    found, told = read_tensors(path)
    assert_same(found, tensors)
    assert told == metadata
    assert_same(safetensors.numpy.load_file(path), tensors)
    with safetensors.safe_open(path, "numpy") as file:
        assert (file.metadata() or {}) == metadata
    safetensors.numpy.save_file(tensors, theirs, metadata or None)
    found, told = read_tensors(theirs)
    assert_same(found, tensors)
    assert told == metadata


def test_the_order_in_which_tensors_are_named_changes_no_byte(tmp_path):
    tensors = {"b": np.arange(3, dtype="<f4"), "a": np.arange(2, dtype="<i8"), "c": np.array(True)}
    first, second = tmp_path / "1", tmp_path / "2"
    told = [write_tensors(first, tensors, {"x": "1", "y": "2"})]
    told += [write_tensors(second, dict(reversed(tensors.items())), {"y": "2", "x": "1"})]
    assert first.read_bytes() == second.read_bytes() and told[0] == told[1]


def test_arrays_of_any_memory_order_are_written_as_they_are_indexed(tmp_path):
    array = np.arange(24, dtype=">f8").reshape(2, 3, 4).transpose(2, 0, 1)
    write_tensors(tmp_path / "a", {"a": array}, {})
    assert np.array_equal(read_tensors(tmp_path / "a")[0]["a"], array)


def test_tensors_that_were_read_may_be_changed(tmp_path):
    write_tensors(tmp_path / "a", {"a": np.zeros(3, "<f4"), "b": np.zeros(3, "<f4")}, {})
    tensors, _ = read_tensors(tmp_path / "a")
    tensors["a"] += 1
    assert not tensors["b"].any()


@pytest.mark.parametrize("array", [np.zeros(1, complex), np.array(["text"]), np.array([None])])
def test_what_the_format_has_no_type_for_is_not_written(tmp_path, array):
    with pytest.raises(ValueError, match="hold no"):
        write_tensors(tmp_path / "a", {"a": array}, {})
    assert not list(tmp_path.iterdir())


# ---- files that are wrong


def file_of(header: object, data: bytes = bytes(8)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


HALF = entry(shape=[1], offsets=[0, 4])
WRONG = {
    "empty": b"",
    "seven bytes": bytes(7),
    "a length beyond the file": (2**63).to_bytes(8, "little") + b"{}",
    "a length of all ones": bytes([255] * 16),
    "a header beyond the limit": file_of(b"{" + b" " * LARGEST_HEADER + b"}", b""),
    "no header": file_of(b""),
    "a list": file_of([]),
    "a number": file_of(b"1"),
    "white space first": file_of(b' {"a":' + json.dumps(entry()).encode() + b"}"),
    "not UTF-8": file_of(b'{"\xff": 1}'),
    "half a header": file_of(json.dumps({"a": entry()}).encode()[:-3]),
    "deep": file_of(b'{"a":' + b"[" * 200_000),
    "data without a tensor": file_of({}),
    "a key twice": file_of(b'{"a":%s,"a":%s}' % ((json.dumps(entry()).encode(),) * 2)),
    "a key twice within": file_of(b'{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}'),
    "NaN": file_of(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}'),
    "infinite": file_of(b'{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,8]}}'),
    "an endless number": file_of(b'{"a":{"dtype":"F32","shape":[%s],"data_offsets":[0,8]}}' % (b"9" * 10_000)),
    "a gap before": file_of({"a": entry(shape=[1], offsets=[4, 8])}),
    "a gap after": file_of({"a": HALF}),
    "a gap between": file_of({"a": HALF, "b": entry(shape=[1], offsets=[8, 12])}, bytes(12)),
    "an overlap": file_of({"a": entry(), "b": entry()}),
    "out of the file": file_of({"a": entry(shape=[4], offsets=[0, 16])}),
    "larger than its bytes": file_of({"a": entry(shape=[3])}),
    "another type's size": file_of({"a": entry("F64")}),
    "unknown type": file_of({"a": entry("F128")}),
    "bfloat16": file_of({"a": entry("BF16", [4])}),
    "a type that is no text": file_of({"a": entry(["F32"])}),
    "a negative size": file_of({"a": entry(shape=[-2])}),
    "two negative sizes": file_of({"a": entry(shape=[-1, -2])}),
    "a huge size": file_of({"a": entry(shape=[2**62])}),
    "sizes that overflow": file_of({"a": entry(shape=[2**32, 2**32, 2])}),
    "a huge empty tensor": file_of({"a": entry(shape=[0, 2**62], offsets=[0, 0]), "b": entry()}),
    "many axes": file_of({"a": entry(shape=[1] * 40 + [2])}),
    "a fraction": file_of({"a": entry(shape=[2.0])}),
    "true": file_of({"a": entry(shape=[True, 2])}),
    "a text": file_of({"a": entry(shape="2")}),
    "three offsets": file_of({"a": entry(offsets=[0, 8, 8])}),
    "offsets backwards": file_of({"a": entry(shape=[0], offsets=[8, 0])}),
    "negative offsets": file_of({"a": entry(offsets=[-8, 0])}),
    "no shape": file_of({"a": {"dtype": "F32", "data_offsets": [0, 8]}}),
    "a key too many": file_of({"a": {**entry(), "order": "F"}}),
    "an entry that is none": file_of({"a": 1}),
    "metadata of numbers": file_of({"__metadata__": {"a": 1}, "a": entry()}),
    "metadata that are a text": file_of({"__metadata__": "a", "a": entry()}),
    "truth values of 2": file_of({"a": entry("BOOL", [8])}, bytes([2] * 8)),
    "too many": file_of({str(each): entry(shape=[0], offsets=[0, 0]) for each in range(MOST_TENSORS + 1)}, b""),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_contradicts_itself_is_refused_in_one_sentence(tmp_path, wrong):
    path = tmp_path / "m.safetensors"
    path.write_bytes(WRONG[wrong])
    with pytest.raises(InputError, match="is no whole safetensors file") as refused:
        read_tensors(path)
    assert len(str(refused.value)) < 300 + len(str(path))


def test_what_is_no_file_or_too_large_is_refused(tmp_path):
    for path, words in (
        (tmp_path, "is a folder"),
        (tmp_path / "none", "does not exist"),
        (Path("/dev/null"), "not a file"),
    ):
        with pytest.raises(InputError, match=words):
            read_tensors(path)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk
    with pytest.raises(InputError, match="has 1048576 MiB, and at most 1 MiB are read"):
        read_tensors(large, 2**20)


def whole(path: Path) -> bytes:
    random = np.random.default_rng(0)
    tensors = {f"layer.{each}": random.normal(size=(2, each, 3)).astype("<f4") for each in range(4)}
    write_tensors(path, {**tensors, "flag": np.array([True, False])}, {"card": '{"a": 1}'})
    return path.read_bytes()


def change_bytes(random: np.random.Generator, data: bytearray) -> None:
    for _ in range(int(random.integers(1, 4))):
        data[int(random.integers(len(data)))] = int(random.integers(256))


def change_header(random: np.random.Generator, data: bytearray) -> None:
    """Characters that JSON is made of, at random places of the header."""
    length = int.from_bytes(data[:8], "little")
    signs = b'0123456789-.eE{}[],:" ' + string.ascii_letters.encode()
    for _ in range(int(random.integers(1, 4))):
        data[8 + int(random.integers(length))] = signs[int(random.integers(len(signs)))]


def change_number(random: np.random.Generator, data: bytearray) -> None:
    """One of the header's numbers becomes another, and the header's length is right."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    told = header[str(random.choice([name for name in header if name != "__metadata__"]))]
    numbers = told[str(random.choice(["shape", "data_offsets"]))]
    extreme = [-1, 0, 1, 2, 7, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, -(2**63), 1.5, None, True, "8", [], 10**40]
    numbers[int(random.integers(len(numbers)))] = extreme[int(random.integers(len(extreme)))]
    data[:] = file_of(header, bytes(data[8 + length :]))


def cut(random: np.random.Generator, data: bytearray) -> None:
    del data[int(random.integers(len(data))) :]


def insert(random: np.random.Generator, data: bytearray) -> None:
    place = int(random.integers(len(data)))
    data[place:place] = random.bytes(int(random.integers(1, 20)))


@pytest.mark.parametrize("change", [change_bytes, change_header, change_number, cut, insert])
def test_whatever_is_changed_it_is_read_or_refused_and_takes_no_room(
    tmp_path: Path, change: Callable[[np.random.Generator, bytearray], None]
) -> None:
    path = tmp_path / "m.safetensors"
    unharmed = whole(path)
    tracemalloc.start()
    try:
        for seed in range(150):
            data = bytearray(unharmed)
            change(np.random.default_rng(seed), data)
            path.write_bytes(data)
            try:
                tensors, metadata = read_tensors(path)
            except InputError:
                continue
            assert sum(tensor.nbytes for tensor in tensors.values()) < len(data)
            assert all(isinstance(text, str) for text in metadata.values())
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
