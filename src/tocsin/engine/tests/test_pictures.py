"""Reading pictures: the QR code and the words. The parts that need tesseract skip where it is not installed."""

import io
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tocsin.engine import pictures
from tocsin.engine.pictures import PictureError, PictureText, read_picture

Image = pytest.importorskip("PIL.Image", reason="the ocr extra is not installed")
ImageDraw = pytest.importorskip("PIL.ImageDraw", reason="the ocr extra is not installed")
zxingcpp = pytest.importorskip("zxingcpp", reason="the ocr extra is not installed")

LINK = "https://parcel-fee.example/pay"


def png(picture: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def with_code() -> bytes:
    code = zxingcpp.create_barcode(LINK, zxingcpp.BarcodeFormat.QRCode)
    return png(Image.fromarray(np.asarray(zxingcpp.write_barcode_to_image(code, scale=8))))


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Stand-in for tesseract: says what it was told to and keeps how it was called."""

    def prepare(output: bytes = b"", status: int = 0, error: bytes = b"") -> dict[str, Any]:
        called: dict[str, Any] = {}

        def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
            called.update(options, command=command)
            return subprocess.CompletedProcess(command, status, output, error)

        monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
        monkeypatch.setattr(subprocess, "run", run)
        return called

    return prepare


def test_it_reads_words_and_code(reader: Callable[..., dict[str, Any]]) -> None:
    reader("请扫码 缴费\n".encode())
    found = read_picture(with_code())
    assert found == PictureText("请扫码 缴费\n", (LINK,))
    assert found.joined() == f"请扫码 缴费\n{LINK}"


def test_tesseract_gets_the_picture_doubled_in_grey_on_one_thread(reader: Callable[..., dict[str, Any]]) -> None:
    called = reader()
    read_picture(png(Image.new("RGB", (40, 30), "white")))
    given = Image.open(io.BytesIO(called["input"]))
    assert given.size == (80, 60)
    assert given.mode == "L"
    assert called["command"][1:] == ["stdin", "stdout", "-l", "chi_sim+eng"]
    assert called["env"]["OMP_THREAD_LIMIT"] == "1"


def test_it_passes_on_why_tesseract_failed(reader: Callable[..., dict[str, Any]]) -> None:
    reader(status=1, error=b"first\nError opening data file chi_sim.traineddata\n")
    with pytest.raises(PictureError, match=r"tesseract failed: Error opening data file chi_sim\.traineddata$"):
        read_picture(png(Image.new("L", (9, 9))))


def test_it_refuses_what_is_no_picture(reader: Callable[..., dict[str, Any]]) -> None:
    called = reader()
    with pytest.raises(PictureError, match="no picture"):
        read_picture(b"GIF89a but no more")
    assert called == {}


def test_it_refuses_a_picture_that_is_too_large(
    reader: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    called = reader()
    monkeypatch.setattr(pictures, "MOST_PIXELS", 99)
    with pytest.raises(PictureError, match="larger than"):
        read_picture(png(Image.new("L", (10, 10))))
    assert called == {}


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_the_real_tesseract_reads_large_letters() -> None:
    picture = Image.new("L", (700, 120), "white")
    ImageDraw.Draw(picture).text((20, 20), "CALL 4000001111 NOW", fill="black", font_size=56)
    assert "4000001111" in read_picture(png(picture)).text
