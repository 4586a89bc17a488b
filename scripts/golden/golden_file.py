"""Writes golden JSON files: base64 arrays, exact numbers, and a layout that reads well.

Numbers are written so that a JSON parser that reads doubles gets the exact float32 or float64
value back. Arrays of numbers are filled to 100 columns; everything else has one entry a line.
"""

import base64
import json
from pathlib import Path

import numpy as np

WIDTH = 100
ROOT = Path(__file__).resolve().parents[2] / "test" / "golden"


def to_base64(array, dtype):
    """Little-endian, row-major bytes of `array` as base64; raises when a value does not fit."""
    cast = np.asarray(array).astype(dtype)
    if not np.array_equal(cast, np.asarray(array)):
        raise ValueError(f"to_base64: values must be exact in {dtype}")
    return base64.b64encode(cast.tobytes()).decode("ascii")


def from_base64(text, dtype, shape):
    return np.frombuffer(base64.b64decode(text), dtype=dtype).reshape(shape)


def render(value, indent=0, prefix=0):
    """JSON text of `value`; `prefix` is the width of what stands before it on its line."""
    pad, inner = " " * indent, " " * (indent + 2)
    if isinstance(value, dict) and value:
        rows = []
        for key, item in value.items():
            head = f"{inner}{json.dumps(key)}: "
            rows.append(head + render(item, indent + 2, len(head)))
        return "{\n" + ",\n".join(rows) + f"\n{pad}}}"
    if isinstance(value, (list, tuple)) and value:
        simple = not any(isinstance(item, (dict, list, tuple)) for item in value)
        flat = "[" + ", ".join(json.dumps(item) for item in value) + "]" if simple else ""
        if simple and prefix + len(flat) + 1 <= WIDTH:
            return flat
        if simple and all(isinstance(item, (int, float)) for item in value):
            return "[\n" + fill([json.dumps(item) for item in value], inner) + f"\n{pad}]"
        rows = [inner + render(item, indent + 2, indent + 2) for item in value]
        return "[\n" + ",\n".join(rows) + f"\n{pad}]"
    return json.dumps(value, ensure_ascii=False)


def fill(words, inner):
    lines, line = [], inner
    for index, word in enumerate(words):
        piece = word + ("," if index + 1 < len(words) else "")
        if line != inner and len(line) + 1 + len(piece) > WIDTH:
            lines.append(line)
            line = inner
        line += piece if line == inner else " " + piece
    return "\n".join([*lines, line])


def write(name, document):
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(document) + "\n", encoding="utf-8")
    print(f"{name}: {path.stat().st_size} bytes")
