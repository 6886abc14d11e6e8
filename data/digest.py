"""SHA-256 of everything that a finished file says, however HDF5 has laid it out.

Analyses may be added to a file later, as groups ``/entry/analysis_...``; they do not count.
"""

from __future__ import annotations

import hashlib
from operator import getitem
from typing import Any

import h5py
import numpy as np

from data.layout import ROWS_A_CHUNK
from data.part import part

NAME = "content_sha256"
"""Attribute of the root that has the digest."""
ANALYSES = "analysis"
"""How the names of groups below the entry begin that do not count."""


def content_digest(file: h5py.File, *, own: bool = False) -> str:
    """Of every dataset and attribute, by path, but for analyses and the digest itself.

    Parameters
    ----------
    own
        Whether this process has just written the file, so that no part can do harm.
    """
    below_of = getitem if own else part
    digest = hashlib.sha256()
    seen: dict[Any, str] = {}
    below: list[h5py.Group | h5py.Dataset] = [file]
    while below:
        node = below.pop()
        digest.update(f"\n{node.name}\n".encode())
        # A column has a second name at the sensor that it is of.
        address = h5py.h5o.get_info(node.id).addr
        if address in seen:
            digest.update(f"is {seen[address]}".encode())
            continue
        seen[address] = node.name
        for name in sorted(node.attrs):
            if (node.name, name) != ("/", NAME):
                digest.update(f"@{name}".encode())
                _add(digest, np.asarray(node.attrs[name]))
        if isinstance(node, h5py.Dataset):
            _add_values(digest, node)
        else:
            below += [
                below_of(node, name)
                for name in sorted(node, reverse=True)
                if not (node.name == "/entry" and name.startswith(ANALYSES))
            ]
    return digest.hexdigest()


def _add_values(digest: Any, dataset: h5py.Dataset) -> None:
    digest.update(f"{dataset.dtype.str} {dataset.shape}".encode())
    if not dataset.shape:
        _add(digest, np.asarray(dataset[()]))
    for first in range(0, len(dataset) if dataset.shape else 0, ROWS_A_CHUNK):
        _add(digest, dataset[first : first + ROWS_A_CHUNK])


def _add(digest: Any, values: Any) -> None:
    if values.dtype.kind in "OU":  # texts of variable size
        for text in values.ravel().tolist():
            digest.update(text if isinstance(text, bytes) else str(text).encode())
            digest.update(b"\0")
    else:
        digest.update(np.ascontiguousarray(values).tobytes())
