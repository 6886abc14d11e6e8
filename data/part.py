"""Parts of a file that may have been made to do harm: taken only when they stand in it plainly.

HDF5 itself follows links to other files, reads values from any file that a dataset names or
computes them from others, loads filters as plug-ins, and makes room for whatever size a dataset
claims. None of that is ever in a file that this program wrote, so all of it is refused before
HDF5 acts on it. What is read in one piece has room in memory in proportion to the file.
"""

from __future__ import annotations

import math

import h5py
from h5py import h5d, h5l, h5z

from data.errors import DataError

_FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
_KINDS = "iufbSO"
_LARGEST_CHUNK = 1 << 28
_NUMBERS, _TEXTS = 60, 400
"""Greatest ratio of a column's size to that of its file. Readings differ in their times at least,
which do not shrink so much; settings may be the same text a thousand times."""
_SLACK = 1 << 24
_SMALL = 1 << 12
"""Size in bytes that no claim can do harm with."""


def part(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """A group or dataset below a group, by its path.

    Raises
    ------
    DataError
        There is none, or it is no plain part of the file.
    """
    node = group
    for step in name.split("/"):
        if not isinstance(node, h5py.Group):
            raise DataError(f"{node.name} is not a group, so there is no {name}")
        links, key = node.id.links, step.encode()
        if not links.exists(key):
            raise DataError(f"{node.name.rstrip('/')}/{step} is missing")
        kind = links.get_info(key).type
        if kind != h5l.TYPE_HARD:
            where = f"{node.name.rstrip('/')}/{step}"
            what = {h5l.TYPE_SOFT: "a soft link", h5l.TYPE_EXTERNAL: "a link to another file"}
            raise DataError(
                f"{where} is {what.get(kind, 'a link of a kind of its own')}, which no run's file "
                "has; it is not followed"
            )
        node = node[step]
    if isinstance(node, h5py.Dataset):
        _check(node)
    elif not isinstance(node, h5py.Group):
        raise DataError(f"{node.name} is neither a group nor a dataset")
    return node


def _check(dataset: h5py.Dataset) -> None:
    properties, shape = dataset.id.get_create_plist(), dataset.shape
    layout = properties.get_layout()
    if layout == h5d.VIRTUAL or properties.get_external_count():
        raise DataError(f"{dataset.name} has its values in other files, which no run's file has")
    for number in range(properties.get_nfilters()):
        if properties.get_filter(number)[0] not in _FILTERS:
            raise DataError(f"{dataset.name} is compressed in a way that no run's file is")
    dtype = dataset.dtype
    if dtype.kind not in _KINDS or len(shape) > 1:
        raise DataError(
            f"{dataset.name} has dtype {dtype} and {len(shape)} dimensions, which no run's file has"
        )
    size = math.prod(shape) * dtype.itemsize
    chunk = properties.get_chunk()[0] * dtype.itemsize if layout == h5d.CHUNKED else 0
    if size <= _SMALL and chunk <= _SMALL:
        return
    on_disk = dataset.file.id.get_filesize()
    ratio = _NUMBERS if dtype.kind in "iufb" else _TEXTS
    if (
        (layout == h5d.CONTIGUOUS and size > on_disk)
        or size > ratio * on_disk + _SLACK
        or chunk > _LARGEST_CHUNK
    ):
        raise DataError(
            f"{dataset.name} claims {size / 1e6:.0f} MB in a file of {on_disk / 1e6:.1f} MB, more "
            "than it can hold"
        )
