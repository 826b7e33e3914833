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
INDEX = types.uint64
READ_U8 = types.Array(types.uint8, 1, "C", readonly=True)


_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True}
_HELPER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# Without numba's runtime nobody counts who holds an array. That counting is an atomic operation for each argument of
# each call, and is most of a small helper.
_BORROWING: dict[str, Any] = _OPTIONS | {"_nrt": False}


def kernel(signature: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:  # numba's signatures have no usable type
    """Compile a function that Python calls. The signature is numba's: ``result(argument, …)``."""
    compiled: Callable[[Callable[P, R]], Callable[P, R]] = njit(signature, **_OPTIONS)
    return compiled


def inner(signature: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a helper that only kernels call: without doors from Python and C, which halves the time it takes."""
    compiled: Callable[[Callable[P, R]], Callable[P, R]] = njit(signature, **_OPTIONS | _HELPER)
    return compiled


def borrowing_kernel(signature: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A kernel that makes no arrays: whoever calls it brings those that it writes."""
    compiled: Callable[[Callable[P, R]], Callable[P, R]] = njit(signature, **_BORROWING)
    return compiled


def borrowing_inner(signature: Any, *, inline: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A helper that makes no arrays, for borrowing kernels.

    inline: make it part of each caller, for what runs once or more a message: every array is seven arguments of a call.
    """
    options = _BORROWING | _HELPER | {"forceinline": inline}
    compiled: Callable[[Callable[P, R]], Callable[P, R]] = njit(signature, **options)
    return compiled


def several(*members: Any) -> Any:
    """The type of a tuple of values."""
    return types.Tuple(members)  # type: ignore[no-untyped-call]  # numba does not annotate its types


def record(shape: type[tuple[Any, ...]], *members: Any) -> Any:
    """The type of a NamedTuple."""
    return types.NamedTuple(members, shape)  # type: ignore[no-untyped-call]  # numba does not annotate its types
