"""Collections: what is found, what is left out and why, whose scans they are, and how much memory they take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dicom_series import positions, save_series
from SuperResolveLib.data.volume import Volume
from SuperResolveLib.errors import Cancelled, InputError
from SuperResolveLib.image_io.volumes import write_volume
from SuperResolveLib.training.collection import Collection, Item
from SuperResolveLib.training.find_scans import find_scans
from SuperResolveLib.training.volume_cache import VolumeCache


def save(path: Path, size: int = 8, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(seed).uniform(1, 2, (size,) * 3).astype(np.float32)
    write_volume(Volume(data, np.eye(4)), path)
    return path


def anything(volume: Volume) -> None:
    """Refuse nothing."""


def large(volume: Volume) -> None:
    if min(volume.shape) < 8:
        raise InputError("it has fewer than 8 voxels along a side: use a larger scan")


def names(collection: Collection) -> list[str]:
    return [Path(item.path).name for item in collection.items]


def test_folders_patterns_lists_and_links_count_each_scan_once(tmp_path):
    first, second = save(tmp_path / "a/one.nii.gz"), save(tmp_path / "b/c/two.mha", seed=1)
    save(tmp_path / "a/.hidden.nii.gz")
    (tmp_path / "a/one.json").write_text('{"Modality": "MR"}')
    (tmp_path / "a/notes.doc").write_text("no scan")
    (tmp_path / "a/link.nii.gz").symlink_to(first)
    (tmp_path / "b/back").symlink_to(tmp_path)
    listed = tmp_path / "list.txt"
    listed.write_text("# scans\na/one.nii.gz\n\nb\n")
    wanted = ["one.nii.gz", "two.mha"]
    assert names(find_scans([tmp_path], anything)) == wanted
    assert names(find_scans([tmp_path, first, second, tmp_path / "a"], anything)) == wanted
    assert names(find_scans([str(tmp_path / "**")], anything)) == wanted
    assert names(find_scans([str(tmp_path / "[ab]/*/t?o.*")], anything)) == ["two.mha"]
    collection = find_scans([listed], anything)
    assert names(collection) == ["one.nii.gz", "two.mha"]
    assert collection.items[0].modality == "MR"
    assert collection.items[1].shape == (8, 8, 8)


def test_each_series_of_a_dicom_folder_is_a_scan_and_patients_stay_unknown(tmp_path):
    for name, patient in (("x", "Doe^Jane"), ("y", "Doe^Jane"), ("z", "Roe")):
        folder = tmp_path / ("both" if name != "z" else "other")
        folder.mkdir(exist_ok=True)
        save_series(
            folder, positions(np.arange(9) * 5.0), name, SeriesInstanceUID=f"1.2.{ord(name)}", PatientID=patient
        )
    collection = find_scans([tmp_path], anything)
    assert [item.modality for item in collection.items] == ["MR"] * 3
    subjects = [item.subject for item in collection.items]
    assert subjects[0] == subjects[1] != subjects[2]
    assert "Doe" not in repr(collection.items)
    assert "Roe" not in repr(collection.items)
    assert collection.volume(1).shape == collection.items[1].shape
    assert [item.path.partition("#")[2] for item in collection.items] == ["1.2.120", "1.2.121", ""]
    assert names(find_scans([str(tmp_path / "other/*.dcm")], anything)) == ["other"]


def test_what_cannot_serve_is_left_out_with_a_sentence(tmp_path):
    save(tmp_path / "good.nii.gz")
    save(tmp_path / "small.nii.gz", 5)
    (tmp_path / "broken.nii.gz").write_bytes(b"nothing")
    collection = find_scans([tmp_path], large)
    assert names(collection) == ["good.nii.gz"]
    assert len(collection.left_out) == 2
    assert (
        collection.left_out[1] == f"{tmp_path}/small.nii.gz: it has fewer than 8 voxels along a side: use a larger scan"
    )
    (tmp_path / "good.nii.gz").unlink()
    with pytest.raises(InputError, match=r"none of the 2 scans found can serve; the first, .*broken\.nii\.gz: "):
        find_scans([tmp_path], large)


@pytest.mark.parametrize(
    ("source", "sentence"), [("no", "no file or folder"), ("*.nii", "nothing matches"), ("", "there are no scans in")]
)
def test_sources_without_scans_get_a_sentence(tmp_path, source, sentence):
    with pytest.raises(InputError, match=sentence):
        find_scans([str(tmp_path / source)], anything)


def test_it_tells_how_far_it_is_and_can_be_cancelled(tmp_path):
    for number in range(3):
        save(tmp_path / f"{number}.nii.gz")
    told: list[float] = []

    def progress(fraction: float, stage: str, stage_fraction: float | None = None) -> None:
        told.append(fraction)
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        find_scans([tmp_path], anything, progress)
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("paths", "subjects"),
    [
        (["sub-01/anat/sub-01_T1w.nii.gz", "d/sub-01_FLAIR.nii.gz", "sub-02/x.nii.gz"], ["sub-01", "sub-01", "sub-02"]),
        (["a.nii.gz", "b.nii.gz"], ["a", "b"]),
        (["p1/a.nii.gz", "p1/deep/b.nii.gz", "p2/a.nii.gz"], ["p1", "p1", "p2"]),
        (["p1/a.nii.gz", "b.nii.gz"], ["p1", "b"]),
    ],
)
def test_subjects_are_told_by_bids_or_by_folders(tmp_path, paths, subjects):
    for path in paths:
        save(tmp_path / path)
    found = {item.path: item.subject for item in find_scans([tmp_path], anything).items}
    assert [found[str(tmp_path / path)] for path in paths] == subjects


def test_the_bids_suffix_is_the_modality(tmp_path):
    save(tmp_path / "sub-01_ses-2_T1w.nii.gz")
    assert find_scans([tmp_path], anything).items[0].modality == "T1w"


def of_subjects(subjects: list[str], limit: int = 2**20) -> tuple[Collection, VolumeCache]:
    items = tuple(Item(f"{n}", subject, (10, 10, 10), (1.0, 1.0, 1.0)) for n, subject in enumerate(subjects))
    cache = VolumeCache(lambda index: Volume(np.full((10, 10, 10), index, np.float32), np.eye(4)), limit)
    return Collection(items, cache), cache


@pytest.mark.parametrize("fraction", [0.001, 0.2, 0.5, 0.99])
@pytest.mark.parametrize("seed", range(5))
def test_no_subject_is_on_both_sides_of_a_split(fraction, seed):
    collection, _ = of_subjects(list("aabbbcddefg"))
    training, validation = collection.split(fraction, seed)
    assert set(training.subjects) | set(validation.subjects) == set(collection.subjects)
    assert not set(training.subjects) & set(validation.subjects)
    assert training.subjects
    assert validation.subjects
    assert len(training) + len(validation) == len(collection)
    for side in (training, validation):
        assert [side.volume(n).data[0, 0, 0] for n in range(len(side))] == [float(item.path) for item in side.items]
    assert training.items == collection.split(fraction, seed)[0].items


@pytest.mark.parametrize("seed", range(5))
def test_who_has_no_thin_volume_is_learned_from(seed):
    items = [Item(f"{n}", f"{n // 2}", (10, 10, 10), (1.0, 1.0, 4.0)) for n in range(8)]
    training, validation = Collection(tuple(items), lambda _: None).split(0.5, seed)
    assert (len(training), len(validation)) == (8, 0)
    items[4] = Item("4", "2", (10, 10, 10), (1.0, 1.0, 1.0))
    training, validation = Collection(tuple(items), lambda _: None).split(0.5, seed)
    assert validation.subjects == ("2",) and len(training) == 6


def test_one_subject_cannot_be_split_but_can_go_without():
    collection, _ = of_subjects(["a", "a"])
    with pytest.raises(InputError, match="--validate FOLDER"):
        collection.split(0.1, 0)
    training, validation = collection.split(0, 0)
    assert (len(training), len(validation)) == (2, 0)
    with pytest.raises(InputError, match="held out"):
        collection.split(1.0, 0)


def test_a_thousand_scans_take_no_more_memory_than_ten():
    collection, cache = of_subjects([str(n) for n in range(1000)], limit=10 * 4000)
    most = 0
    for index in range(1000):
        assert collection.volume(index).data[0, 0, 0] == index
        most = max(most, cache.held)
    assert most == 10 * 4000
    assert collection.volume(995) is collection.volume(995)


def test_a_scan_that_changed_is_told(tmp_path):
    path = save(tmp_path / "a.nii.gz")
    save(tmp_path / "b.nii.gz")
    collection = find_scans([tmp_path], anything, cache_bytes=1)
    save(path, 9)
    with pytest.raises(InputError, match="has changed"):
        collection.volume(0)
