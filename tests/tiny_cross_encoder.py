"""A cross-encoder written by hand: its logit counts the tokens that a passage shares with a question.

No package carries a real one's weights, and the graph library is not installed here, so the file is encoded
as ONNX's protocol buffers say: field numbers are those of onnx.proto.
"""

import shutil
from pathlib import Path

import retrieval.fastembed_encoder

TOKENIZER = Path(retrieval.fastembed_encoder.__file__).parent / "model" / "all-MiniLM-L6-v2"
LAST_SPECIAL = 103
"""Ids up to this one are [CLS], [SEP] and the like."""
FLOAT, INT64, BOOL = 1, 7, 9
IR_VERSION, OPSET = 8, 13


def write_tiny_cross_encoder(folder: Path) -> Path:
    """Write model and tokenizer into a new folder."""
    folder.mkdir()
    for name in ("tokenizer.json", "config.json", "special_tokens_map.json", "tokenizer_config.json"):
        shutil.copy(TOKENIZER / name, folder / name)
    (folder / "model.onnx").write_bytes(_model())
    return folder


def _model() -> bytes:
    nodes = [
        _node("Unsqueeze", ["input_ids", "two"], "down"),
        _node("Unsqueeze", ["input_ids", "one"], "across"),
        _node("Equal", ["down", "across"], "same"),
        _node("Cast", ["same"], "shared", to=FLOAT),
        _node("Greater", ["input_ids", "special"], "ordinary"),
        _node("Cast", ["ordinary"], "words", to=FLOAT),
        _node("Cast", ["token_type_ids"], "second", to=FLOAT),
        _node("Sub", ["unit", "second"], "first"),
        _node("Mul", ["words", "first"], "question"),
        _node("Mul", ["words", "second"], "passage"),
        _node("Unsqueeze", ["question", "two"], "question_down"),
        _node("Unsqueeze", ["passage", "one"], "passage_across"),
        _node("Mul", ["shared", "question_down"], "of_question"),
        _node("Mul", ["of_question", "passage_across"], "of_both"),
        _node("ReduceSum", ["of_both", "both_axes"], "count", keepdims=0),
        _node("Sub", ["count", "unit"], "logit"),
        _node("Unsqueeze", ["logit", "one"], "logits"),
    ]
    constants = [
        _ints("one", [1]),
        _ints("two", [2]),
        _ints("both_axes", [1, 2]),
        _ints("special", [LAST_SPECIAL]),
        _tensor("unit", FLOAT, [1], bytes.fromhex("0000803f")),
    ]
    graph = b"".join(
        [
            *(_field(1, node) for node in nodes),
            _field(2, b"tiny"),
            *(_field(5, constant) for constant in constants),
            _field(11, _value("input_ids", INT64, ["batch", "tokens"])),
            _field(11, _value("token_type_ids", INT64, ["batch", "tokens"])),
            _field(12, _value("logits", FLOAT, ["batch", "scores"])),
        ]
    )
    return _number(1, IR_VERSION) + _field(7, graph) + _field(8, _number(2, OPSET))


def _node(kind: str, inputs: list[str], output: str, **numbers: int) -> bytes:
    attributes = [
        _field(1, name.encode()) + _number(3, value) + _number(20, 2) for name, value in numbers.items()
    ]
    return b"".join(
        [
            *(_field(1, name.encode()) for name in inputs),
            _field(2, output.encode()),
            _field(4, kind.encode()),
            *(_field(5, attribute) for attribute in attributes),
        ]
    )


def _ints(name: str, values: list[int]) -> bytes:
    return _tensor(name, INT64, [len(values)], b"".join(value.to_bytes(8, "little") for value in values))


def _tensor(name: str, kind: int, sizes: list[int], raw: bytes) -> bytes:
    dimensions = b"".join(_number(1, size) for size in sizes)
    return dimensions + _number(2, kind) + _field(8, name.encode()) + _field(9, raw)


def _value(name: str, kind: int, sizes: list[str]) -> bytes:
    shape = b"".join(_field(1, _field(2, size.encode())) for size in sizes)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind) + _field(2, shape)))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
