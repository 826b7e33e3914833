"""How the engine's hot loops are compiled: once, for one signature, cached on disk, without the interpreter lock.

What is here: the two decorators and typed doors to numba's type constructors. What is not: any kernel.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from numba import njit, types

P = ParamSpec("P")
R = TypeVar("R")

U8 = types.uint8[::1]
U16 = types.uint16[::1]
U32 = types.uint32[::1]
U64 = types.uint64[::1]
I32 = types.int32[::1]
I64 = types.int64[::1]
COUNT = types.int64


def kernel(signature: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:  # numba's signatures have no usable type
    """Compile a function that Python calls. The signature is numba's: ``result(argument, …)``."""
    compiled: Callable[[Callable[P, R]], Callable[P, R]] = njit(signature, cache=True, nogil=True)
    return compiled


def inner(signature: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a helper that only kernels call: without doors from Python and C, which halves the time it takes."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Callable[[Callable[P, R]], Callable[P, R]] = njit(signature, cache=True, nogil=True, **options)
    return compiled


def several(*members: Any) -> Any:
    """The type of a tuple of values."""
    return types.Tuple(members)  # type: ignore[no-untyped-call]  # numba does not annotate its types


def record(shape: type[tuple[Any, ...]], *members: Any) -> Any:
    """The type of a NamedTuple."""
    return types.NamedTuple(members, shape)  # type: ignore[no-untyped-call]  # numba does not annotate its types
