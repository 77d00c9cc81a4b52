"""One table of a FlatBuffers file, read through the ``flatbuffers`` runtime by field number instead of generated code.

Layout: https://flatbuffers.dev/internals (a table points to its vtable; field i sits at vtable entry 4 + 2 i).
"""

from __future__ import annotations

import flatbuffers.number_types as number_types
import numpy as np
from flatbuffers.table import Table

BOOL, INT8 = number_types.BoolFlags, number_types.Int8Flags
INT32, UINT32 = number_types.Int32Flags, number_types.Uint32Flags


class FlatTable:
    """A table at byte ``position`` of ``data``; absent fields yield their default. Raises on positions out of range."""

    def __init__(self, data: bytes, position: int):
        if not 0 <= position < len(data):
            raise IndexError(f"table at byte {position} of a file of {len(data)} bytes")
        self._table = Table(data, position)

    @classmethod
    def root(cls, data: bytes) -> FlatTable:
        """The file's root table, whose offset is the first word."""
        return cls(data, Table(data, 0).Get(number_types.UOffsetTFlags, 0))

    def number(self, field: int, kind, default=0):
        """The scalar in ``field``."""
        offset = self._offset(field)
        return self._table.Get(kind, offset) if offset else default

    def text(self, field: int) -> str:
        """The string in ``field``, empty when absent."""
        offset = self._offset(field)
        return self._table.String(offset).decode("utf-8", "replace") if offset else ""

    def table(self, field: int) -> FlatTable | None:
        """The sub-table (or the value of a union) in ``field``."""
        offset = self._offset(field)
        return FlatTable(self._table.Bytes, self._table.Indirect(offset)) if offset else None

    def tables(self, field: int) -> list[FlatTable]:
        """The vector of tables in ``field``."""
        offset = self._offset(field)
        if not offset:
            return []
        start, count = self._span(field, 4)
        return [FlatTable(self._table.Bytes, self._table.Indirect(start + 4 * i)) for i in range(count)]

    def array(self, field: int, dtype) -> np.ndarray:
        """The vector of scalars in ``field`` as a read-only array, empty when absent."""
        if not self._offset(field):
            return np.zeros(0, dtype)
        start, count = self._span(field, np.dtype(dtype).itemsize)
        return np.frombuffer(self._table.Bytes, dtype, count, start)

    def _offset(self, field: int) -> int:
        offset = self._table.Offset(4 + 2 * field)
        return offset + self._table.Pos if offset else 0

    def _span(self, field: int, item_bytes: int) -> tuple[int, int]:
        # Table.Vector and VectorLen add the table's position themselves.
        offset = self._table.Offset(4 + 2 * field)
        start, count = self._table.Vector(offset), self._table.VectorLen(offset)
        if start + count * item_bytes > len(self._table.Bytes):
            raise IndexError(f"vector of {count} items ends beyond the file of {len(self._table.Bytes)} bytes")
        return start, count
