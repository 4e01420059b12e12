"""The module ``SampleData`` as far as extensions register data sets with it and users fetch them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import slicer


class SampleDataSource:
    """A data set: its name, its files, or a function that makes them.

    Raises:
        ValueError: the fields are lists of different lengths.
    """

    def __init__(
        self,
        sampleName: str | None = None,
        sampleDescription: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        checksums: Any = None,
        loadFiles: Any = None,
        customDownloader: Callable[[SampleDataSource], Any] | None = None,
        thumbnailFileName: str | None = None,
        loadFileTypes: Any = None,
        loadFileProperties: dict[str, Any] | None = None,
        loadFileType: Any = None,
    ) -> None:
        self.sampleName, self.sampleDescription = sampleName, sampleDescription or sampleName
        self.customDownloader, self.thumbnailFileName = customDownloader, thumbnailFileName
        self.loadFileProperties = loadFileProperties or {}
        several = isinstance(uris, list | tuple)
        if not several and not isinstance(uris, str):
            raise ValueError("Slicer's SampleDataSource fails without uris")
        self.uris, self.fileNames = (uris, fileNames) if several else ([uris], [fileNames])
        self.nodeNames, self.checksums, self.loadFiles, self.loadFileTypes = (
            _listed(values, len(uris)) if several else [values]
            for values in (nodeNames, checksums, loadFiles, loadFileTypes or loadFileType)
        )
        fields = (self.uris, self.fileNames, self.nodeNames, self.checksums, self.loadFiles, self.loadFileTypes)
        if any(not isinstance(field, list | tuple) for field in fields) or len({len(field) for field in fields}) != 1:
            raise ValueError("a sample's fields must be lists of one length")


class SampleDataLogic:
    """Registers data sets, and fetches those whose files are on this machine.

    As in Slicer, a data set's own function is called by its button alone: see `press`.
    """

    @staticmethod
    def registerCustomSampleDataSource(category: str = "Custom", **fields: Any) -> None:
        """Add a data set to a category, unless one of its name is there."""
        if not hasattr(slicer.modules, "sampleDataSources"):
            slicer.modules.sampleDataSources = {}
        sources = slicer.modules.sampleDataSources.setdefault(category, [])
        if all(source.sampleName != fields.get("sampleName") for source in sources):
            sources.append(SampleDataSource(**fields))

    @staticmethod
    def sampleDataSourcesByCategory(category: str | None = None) -> Any:
        """The registered data sets."""
        sources = getattr(slicer.modules, "sampleDataSources", {})
        return sources if category is None else sources.get(category, [])

    def sourceForSampleName(self, sampleName: str) -> SampleDataSource | None:
        """The data set of a name."""
        every = (source for sources in self.sampleDataSourcesByCategory().values() for source in sources)
        return next((source for source in every if source.sampleName == sampleName), None)

    def downloadSamples(self, sampleName: str) -> Any:
        """Fetch a data set; returns its nodes."""
        return self.downloadFromSource(self.sourceForSampleName(sampleName))

    def downloadSample(self, sampleName: str) -> Any:
        """Fetch a data set; returns its first node."""
        return self.downloadSamples(sampleName)[0]

    def downloadFromSource(self, source: SampleDataSource) -> Any:
        """Fetch a data set; returns its nodes.

        Raises:
            ValueError: its files are elsewhere; tests reach nothing outside.
        """
        return [
            slicer.util.loadNodeFromFile(_local(uri), file_type, {"name": name} if name else {})
            for uri, file_type, name in zip(source.uris, source.loadFileTypes, source.nodeNames, strict=True)
        ]


def module() -> ModuleType:
    """The module, as ``import SampleData`` finds it."""
    made = ModuleType("SampleData", __doc__)
    made.SampleDataLogic, made.SampleDataSource = SampleDataLogic, SampleDataSource
    made.downloadSample = lambda name: SampleDataLogic().downloadSample(name)
    made.downloadSamples = lambda name: SampleDataLogic().downloadSamples(name)
    sys.modules["SampleData"] = made
    return made


def press(sampleName: str) -> Any:
    """What the button of a data set in Slicer's module *Sample Data* does."""
    logic = SampleDataLogic()
    source = logic.sourceForSampleName(sampleName)
    if source is None:
        raise ValueError(f"no data set is registered as {sampleName}")
    return source.customDownloader(source) if source.customDownloader else logic.downloadFromSource(source)


def _listed(values: Any, count: int) -> Any:
    return [values] * count if values is None or isinstance(values, str) else values


def _local(uri: str) -> str:
    parts = urlparse(uri)
    if parts.scheme != "file":
        raise ValueError(f"the host fetches nothing from elsewhere: {uri}")
    return url2pathname(parts.path)
