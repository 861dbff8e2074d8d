"""A face network of the smallest kind, as an ONNX file: mean colours times a matrix.

Written field by field (protocol buffers, onnx.proto), since nothing else here needs the package onnx.
"""

import numpy as np

FLOAT, INTS = 1, 7


def colour_network(matrix: np.ndarray, channels_first: bool = False) -> bytes:
    """Return an ONNX model from pictures (n, rows, columns, 3) to mean colours times `matrix` (3, d)."""
    sizes = ["n", 3, "rows", "columns"] if channels_first else ["n", "rows", "columns", 3]
    axes = _axes([2, 3] if channels_first else [1, 2])
    mean = _node("ReduceMean", ["picture"], ["colour"], axes + _field(5, _flag("keepdims", 0)))
    product = _node("MatMul", ["colour", "weights"], ["embedding"])
    weights = (
        b"".join(_number(1, size) for size in matrix.shape)
        + _number(2, FLOAT)
        + _text(8, "weights")
        + _field(9, matrix.astype("<f4").tobytes())
    )
    graph = (
        _field(1, mean)
        + _field(1, product)
        + _text(2, "colours")
        + _field(5, weights)
        + _field(11, _value("picture", sizes))
        + _field(12, _value("embedding", ["n", matrix.shape[1]]))
    )
    return _number(1, 8) + _field(7, graph) + _field(8, _number(2, 13))


def _varint(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _field(field, text.encode())


def _flag(name: str, value: int) -> bytes:
    return _text(1, name) + _number(3, value) + _number(20, 2)


def _axes(values: list[int]) -> bytes:
    content = _text(1, "axes") + b"".join(_number(8, value) for value in values) + _number(20, INTS)
    return _field(5, content)


def _node(kind: str, inputs: list[str], outputs: list[str], attributes: bytes = b"") -> bytes:
    names = [_text(1, name) for name in inputs] + [_text(2, name) for name in outputs]
    return b"".join(names) + _text(4, kind) + attributes


def _value(name: str, shape: list[int | str]) -> bytes:
    sizes = [_text(2, size) if isinstance(size, str) else _number(1, size) for size in shape]
    tensor = _number(1, FLOAT) + _field(2, b"".join(_field(1, size) for size in sizes))
    return _text(1, name) + _field(2, _field(1, tensor))
