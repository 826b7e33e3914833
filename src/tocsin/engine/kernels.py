"""How the engine's hot loops are compiled: once, for one signature, cached on disk, without the interpreter lock.

What is here: the decorators, where compiled kernels are kept, what they need of the allocator, and typed doors to
numba's type constructors. What is not: any kernel.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numba import config, njit, types

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


def state_of_kernels(room: Path) -> str:
    """A hash of every module of a room that has kernels, so that compiled ones never outlive what they call.

    numba itself looks only at the file of a kernel, not at the helpers and constants of other files in it.
    """
    digest = hashlib.sha256()
    for path in sorted(room.rglob("*.py")):
        source = path.read_bytes()
        if (b"numba" in source or b".kernels import" in source) and "tests" not in path.parts:
            digest.update(f"{path.relative_to(room)} {len(source)}\n".encode())
            digest.update(source)
    return digest.hexdigest()[:16]


def cache_folder(parents: Iterable[Path], state: str) -> Path | None:
    """The folder for compiled kernels in the first of some folders that can be written, None where none can.

    Many may start at once: numba writes each file under another name and then moves it.
    """
    for parent in parents:
        folder = parent / f"kernels-{state}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


def _keep_freed_memory() -> None:
    """Let glibc keep what one batch frees for the next.

    It gives large blocks back to the system, and the next batch would get the same pages anew, cleared one by one, in
    a third of the time that folding takes. Once it has seen a block freed, it keeps up to twice as much (mallopt(3),
    M_MMAP_THRESHOLD; 32 MiB at most). This one is never touched, and so costs nothing; elsewhere nothing happens.
    """
    np.empty(31 << 20, dtype=np.uint8)


def _places(chosen: str) -> Iterator[Path]:
    """Where compiled kernels may be kept: where numba was told to, else beside the sources, else in the user's home."""
    if chosen:
        yield Path(chosen)
        return
    yield _ROOM / "__pycache__"
    with suppress(RuntimeError):  # nobody's home, as in some containers
        yield Path.home() / ".cache" / "tocsin"


_keep_freed_memory()
_ROOM = Path(__file__).parent
_FOLDER = cache_folder(
    _places(config.CACHE_DIR),  # type: ignore[attr-defined]  # numba makes its settings while it is imported
    state_of_kernels(_ROOM),
)
if _FOLDER:
    config.CACHE_DIR = str(_FOLDER)  # type: ignore[attr-defined]  # the same

_OPTIONS: dict[str, Any] = {"cache": _FOLDER is not None, "nogil": True}
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
