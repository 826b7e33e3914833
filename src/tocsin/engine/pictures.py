"""From a picture to the text in it: what tesseract reads, and what its QR codes say. Optional: needs the ``ocr`` extra.

Bytes in, text out; the picture is never written to disk. Reading is the job of the tesseract program, which runs as a
child process and is found on the path.
"""

import importlib.util
import io
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

if importlib.util.find_spec("PIL") and importlib.util.find_spec("zxingcpp"):
    import zxingcpp
    from PIL import Image, UnidentifiedImageError

    HAS_LIBRARIES = True
else:
    HAS_LIBRARIES = False

LANGUAGES = "chi_sim+eng"
MOST_PIXELS = 40_000_000
"""Pixels of the largest picture that is read, before it is doubled."""

_SECONDS = 60


class PictureError(Exception):
    """The picture cannot be read; the message is one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class PictureText:
    """What a picture says. text: as read, lines kept.  codes: the content of each QR or bar code."""

    text: str
    codes: tuple[str, ...]

    def joined(self) -> str:
        """All of it as one message."""
        return "\n".join(part for part in (self.text.strip(), *self.codes) if part)


def read_picture(data: bytes) -> PictureText:
    """Read one picture (PNG, JPEG, WebP, …): in grey and at double size, which tesseract reads best.

    Raises PictureError where the extra or tesseract is missing, or data is no picture.
    """
    if not HAS_LIBRARIES:
        raise PictureError("reading pictures needs the optional part: install tocsin[ocr]")
    program = shutil.which("tesseract")
    if program is None:
        raise PictureError("reading pictures needs the program tesseract with Chinese (Debian: tesseract-ocr-chi-sim)")
    picture = _open(data)
    codes = tuple(code.text for code in zxingcpp.read_barcodes(picture) if code.text)
    return PictureText(_recognise(program, picture), codes)


def _open(data: bytes) -> Any:
    """The picture in grey. Raises PictureError."""
    try:
        picture = Image.open(io.BytesIO(data))
        if picture.width * picture.height > MOST_PIXELS:
            raise PictureError(f"the picture is larger than {MOST_PIXELS // 1_000_000} million pixels")
        return picture.convert("L")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"this is no picture that can be read: {error}") from error


def _recognise(program: str, picture: Any) -> str:
    doubled = io.BytesIO()
    picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.LANCZOS).save(doubled, "PNG")
    try:
        # one thread: several make tesseract slower on small pictures and starve the server on large ones
        done = subprocess.run(  # noqa: S603 - a fixed program, no part of the command comes from outside
            [program, "stdin", "stdout", "-l", LANGUAGES],
            input=doubled.getvalue(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise PictureError(f"reading the picture took more than {_SECONDS} seconds") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise PictureError(f"tesseract failed: {' '.join(last) or done.returncode}")
    return done.stdout.decode("utf-8", "replace")
