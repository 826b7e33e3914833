"""A small convolutional network over folded characters: trained with jax, exported to ONNX, run with onnxruntime.

Needs the dependency group ``contest``; nothing of the program imports this module but the contest, and that only
where the group is installed.

The network: an embedding of the hashed code point, two convolutions of three points with a rectifier, the greatest
value of each channel over the message, and one sum. Points past the end are masked after each layer, so that a
message scores the same in however wide a batch it stands. Trained by Adam (Kingma and Ba, 2015) on the logistic loss.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tocsin.engine.fold import fold_batch
from tocsin.engine.text import TextBatch
from tocsin.lab.contest.arena import Arena
from tocsin.lab.contest.entry import Entry
from tocsin.lab.corpora import Row

WIDTHS = (32, 64, 128, 256)
"""Folded points of a batch: a message stands in the narrowest that holds it; what is past the last is not seen."""

_SYMBOLS, _EMBEDDING, _FIRST, _SECOND = 4096, 16, 32, 64
_REACH = 3
_SPREAD = np.uint32(2654435761)
_OPSET, _FORMAT = 17, 10
_SEED = 20240601

Parameters = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Schooling:
    """How the network is trained.

    rate: step of Adam, falling to nothing in a straight line.  dropout: share of characters that a step does not see.
    """

    epochs: int = 5
    batch: int = 128
    rate: float = 4e-3
    dropout: float = 0.15


def enter_network(arena: Arena, schooling: Schooling = Schooling()) -> Entry:
    """Train on all folds but one, for each, and on all; score with onnxruntime."""
    unseen = [
        Runner(export(train(arena.to_learn(but=number), schooling))).assess(fold.texts)
        for number, fold in enumerate(arena.folds)
    ]
    model = export(train(arena.to_learn(), schooling))
    runner = Runner(model)
    return Entry(
        "4 convolutional network, ONNX",
        np.concatenate(unseen),
        runner.assess(arena.held.texts),
        runner.assess(arena.independent.texts),
        runner.assess,
        len(model),
    )


def encode(texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Hashed folded code points: int32 (texts, the last of `WIDTHS`), 0 past the end; and how many each text has."""
    folded = fold_batch(TextBatch.from_arrow(pa.array(texts, pa.string())))
    lengths = np.minimum(np.diff(folded.offsets), WIDTHS[-1])
    places = np.arange(WIDTHS[-1])
    inside = places < lengths[:, None]
    symbols = np.zeros(inside.shape, dtype=np.int32)
    points = folded.points[(folded.offsets[:-1, None] + places)[inside]]
    symbols[inside] = 1 + ((points * _SPREAD) >> np.uint32(8)) % np.uint32(_SYMBOLS - 1)
    return symbols, lengths


def by_width(lengths: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Which texts stand in batches of which width."""
    least = -1
    for width in WIDTHS:
        numbers = np.flatnonzero((lengths > least) & (lengths <= width))
        if len(numbers):
            yield width, numbers
        least = width


def start(seed: int = _SEED) -> dict[str, NDArray[np.float32]]:
    """Parameters before training, drawn as He et al. (2015) advise for rectifiers."""
    random = np.random.default_rng(seed)

    def drawn(rows: int, columns: int, scale: float) -> NDArray[np.float32]:
        return (random.normal(size=(rows, columns)) * scale).astype(np.float32)

    return {
        "symbols": drawn(_SYMBOLS, _EMBEDDING, 0.3),
        "first": drawn(_REACH * _EMBEDDING, _FIRST, (2 / (_REACH * _EMBEDDING)) ** 0.5),
        "first_bias": np.zeros(_FIRST, np.float32),
        "second": drawn(_REACH * _FIRST, _SECOND, (2 / (_REACH * _FIRST)) ** 0.5),
        "second_bias": np.zeros(_SECOND, np.float32),
        "last": drawn(_SECOND, 1, _SECOND**-0.5),
        "last_bias": np.zeros(1, np.float32),
    }


def forward(parameters: Any, symbols: Any) -> Any:
    """Log-odds of each row of symbols, in jax: shape (rows,)."""
    mask = (symbols > 0)[..., None]
    seen = parameters["symbols"][symbols] * mask
    for layer in ("first", "second"):
        wide = jnp.pad(seen, ((0, 0), (1, 1), (0, 0)))
        neighbours = jnp.concatenate([wide[:, :-2], wide[:, 1:-1], wide[:, 2:]], axis=2)
        seen = jax.nn.relu(neighbours @ parameters[layer] + parameters[f"{layer}_bias"]) * mask
    return (seen.max(axis=1) @ parameters["last"] + parameters["last_bias"])[:, 0]


def _loss(parameters: Any, symbols: Any, labels: Any, weights: Any) -> Any:
    logits = forward(parameters, symbols)
    return (weights * (jax.nn.softplus(logits) - labels * logits)).mean()


@partial(jax.jit, static_argnames=("dropout",))
def _step(state: Any, symbols: Any, labels: Any, weights: Any, clock: Any, *, dropout: float) -> Any:
    """One step of Adam. state: parameters, first and second moments.  clock: steps so far and the rate of this one."""
    parameters, first, second = state
    count, rate = clock
    key = jax.random.fold_in(jax.random.PRNGKey(_SEED), count.astype(jnp.int32))
    symbols = symbols * jax.random.bernoulli(key, 1.0 - dropout, symbols.shape)
    slopes = jax.grad(_loss)(parameters, symbols, labels, weights)
    first = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, first, slopes)
    second = jax.tree.map(lambda old, new: 0.99 * old + 0.01 * new * new, second, slopes)
    parameters = jax.tree.map(
        lambda value, mean, square: value
        - rate * (mean / (1 - 0.9**count)) / (jnp.sqrt(square / (1 - 0.99**count)) + 1e-7),
        parameters, first, second,
    )  # fmt: skip
    return parameters, first, second


def train(rows: Sequence[Row], schooling: Schooling = Schooling()) -> dict[str, NDArray[np.float32]]:
    """Parameters learned from rows; the same rows in the same order give the same on one machine."""
    symbols, lengths = encode([row.text for row in rows])
    labels = np.array([row.alarm for row in rows], dtype=np.float32)
    weights = np.array([row.weight for row in rows], dtype=np.float32)
    weights /= weights.mean()
    random = np.random.default_rng(_SEED)
    rounds = [_batches(lengths, schooling.batch, random) for _ in range(schooling.epochs)]
    batches = [batch for each in rounds for batch in each]
    beginning = start()
    zeros = jax.tree.map(np.zeros_like, beginning)
    state: Any = (beginning, zeros, zeros)
    for number, (width, members, real) in enumerate(batches):
        clock = (np.float32(number + 1), np.float32(schooling.rate * (1.0 - number / len(batches))))
        state = _step(
            state, symbols[members, :width], labels[members], weights[members] * real, clock, dropout=schooling.dropout
        )
    return {name: np.asarray(value) for name, value in state[0].items()}


def _batches(
    lengths: NDArray[np.int64], size: int, random: np.random.Generator
) -> list[tuple[int, NDArray[np.int64], NDArray[np.float32]]]:
    """One epoch: width, rows, and 0 for rows that only fill up a batch, so that every batch has one shape."""
    batches = []
    for width, numbers in by_width(lengths):
        shuffled = random.permutation(numbers)
        for begin in range(0, len(shuffled), size):
            members = shuffled[begin : begin + size]
            real = (np.arange(size) < len(members)).astype(np.float32)
            batches.append((width, np.resize(members, size), real))
    return [batches[number] for number in random.permutation(len(batches))]


def export(parameters: Parameters) -> bytes:
    """The network as an ONNX file: input ``symbols`` int32 (rows, points), output ``log_odds`` float32 (rows, 1)."""
    constants = {name: value for name, value in parameters.items() if name not in {"first", "second"}}
    for name in ("first", "second"):
        # (reach * in, out) as jax multiplies it, (out, in, reach) as Conv wants it
        weights = parameters[name]
        constants[name] = np.ascontiguousarray(weights.reshape(_REACH, -1, weights.shape[1]).transpose(2, 1, 0))
    nodes = [
        helper.make_node("Cast", ["symbols"], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node("Sign", ["as_float"], ["present"]),
        helper.make_node("Unsqueeze", ["present", "channel_axis"], ["mask"]),
        helper.make_node("Gather", ["symbols_table", "symbols"], ["embedded"]),
        helper.make_node("Transpose", ["embedded"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["turned", "mask"], ["seen"]),
        *_convolution("seen", "first"),
        *_convolution("first_seen", "second"),
        helper.make_node("ReduceMax", ["second_seen"], ["greatest"], axes=[2], keepdims=0),
        helper.make_node("Gemm", ["greatest", "last", "last_bias"], ["log_odds"]),
    ]
    constants["symbols_table"] = constants.pop("symbols")
    stored = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in sorted(constants.items())]
    stored.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "channel_axis"))
    given = helper.make_tensor_value_info("symbols", TensorProto.INT32, ["rows", "points"])
    result = helper.make_tensor_value_info("log_odds", TensorProto.FLOAT, ["rows", 1])
    graph = helper.make_graph(nodes, "folded_characters", [given], [result], stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_FORMAT)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _convolution(source: str, name: str) -> list[Any]:
    """One layer: convolution, rectifier, mask."""
    return [
        helper.make_node("Conv", [source, name, f"{name}_bias"], [f"{name}_sum"], pads=[1, 1]),
        helper.make_node("Relu", [f"{name}_sum"], [f"{name}_kept"]),
        helper.make_node("Mul", [f"{name}_kept", "mask"], [f"{name}_seen"]),
    ]


class Runner:
    """An exported network, ready to score messages on one thread."""

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def assess(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Log-odds of messages as given: float32, one each."""
        symbols, lengths = encode(texts)
        scores = np.zeros(len(texts), dtype=np.float32)
        for width, numbers in by_width(lengths):
            for begin in range(0, len(numbers), 512):
                members = numbers[begin : begin + 512]
                given = {"symbols": np.ascontiguousarray(symbols[members, :width])}
                scores[members] = self._session.run(None, given)[0][:, 0]
        return scores
