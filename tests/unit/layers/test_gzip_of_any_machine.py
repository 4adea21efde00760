"""gzip by isal, and by the standard library where isal has no wheel: the same bytes, the same refusals."""

from __future__ import annotations

import gzip
import random
import sys

import pytest

from layerscope.errors import LayerscopeError
from layerscope.layers.compression import OUTPUT_CHUNK, decompress
from layerscope.layers.limits import Limits

ONE = random.Random(1).randbytes(3 * OUTPUT_CHUNK) + bytes(5 * OUTPUT_CHUNK)
TWO = b"another member" * 9
WHOLE = gzip.compress(ONE, 1, mtime=0)
DATA = {
    "one member": WHOLE,
    "two members": WHOLE + gzip.compress(TWO, mtime=0),
    "padding behind it": WHOLE + bytes(700),
    "an empty member": gzip.compress(b"", mtime=0),
    "cut": WHOLE[:-9],
    "cut in the trailer": WHOLE[:-3],
    "a wrong checksum": WHOLE[:-5] + bytes([WHOLE[-5] ^ 1]) + WHOLE[-4:],
    "something behind it": WHOLE + b"no member",
}


@pytest.fixture(params=["isal", "zlib"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    else:
        pytest.importorskip("isal")
    return str(request.param)


def unpacked(data: bytes, chunk: int) -> bytes:
    chunks = (data[at : at + chunk] for at in range(0, len(data), chunk))
    out = list(decompress("gzip", chunks, Limits()))
    assert max(map(len, out), default=0) <= OUTPUT_CHUNK
    return b"".join(out)


@pytest.mark.parametrize("chunk", [4097, 1 << 20, 1 << 30])
@pytest.mark.parametrize("what", DATA)
def test_any_gzip(what: str, chunk: int, decoder: str) -> None:
    try:
        expected = gzip.decompress(DATA[what])
    except (OSError, EOFError):
        with pytest.raises(LayerscopeError, match="gzip"):
            unpacked(DATA[what], chunk)
    else:
        assert unpacked(DATA[what], chunk) == expected
