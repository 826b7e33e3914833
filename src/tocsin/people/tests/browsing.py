"""A member's browser and authenticator app, for the tests of sign-in."""

import hashlib
import hmac
import re
import struct
from base64 import b32decode
from typing import TYPE_CHECKING

from conftest import PASSWORD
from django.test import Client

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

DESK, LOGIN, FACTORS = "/desk/", "/account/login/", "/account/2fa/"
CHINESE, ENGLISH = "zh-CN,zh;q=0.9", "en-GB,en;q=0.9"
OUR_FRAME = ('<header class="masthead">', 'class="footer"', "/static/config/tocsin.css")


def totp(secret: str, step: int) -> str:
    """The code of an authenticator app (RFC 6238: HMAC-SHA-1, six digits)."""
    digest = hmac.new(b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def browser(language: str = ENGLISH, address: str = "192.0.2.1") -> Client:
    """A browser that asks for a language, at an address."""
    return Client(headers={"accept-language": language}, REMOTE_ADDR=address)


def give_password(client: Client, username: str, password: str = PASSWORD) -> "Response":
    """Send the sign-in form."""
    return client.post(LOGIN, {"login": username, "password": password})


def signed_in(client: Client) -> bool:
    """Whether the browser is somebody's."""
    return "_auth_user_id" in client.session


def set_up_authenticator(client: Client, step: int) -> str:
    """Add an authenticator app as the page says; returns its secret."""
    page = client.get("/account/2fa/totp/activate/").content.decode()
    (secret,) = re.findall(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    client.post("/account/2fa/totp/activate/", {"code": totp(secret, step)})
    return str(secret)


def recovery_codes(client: Client) -> list[str]:
    """The unused codes on the page that shows them."""
    page = client.get("/account/2fa/recovery-codes/").content.decode()
    return re.findall(r"^\d{8}$|(?<=>)\d{8}$|^\d{8}(?=<)", page, re.MULTILINE)


def assert_in_our_frame(response: "Response") -> None:
    """The page is drawn by our base template, and offers nothing that does not exist."""
    page = response.content.decode()
    for part in OUR_FRAME:
        assert page.count(part) == 1, part
    assert re.search(r"<title>\s*\S", page)
    for word in ("signup", "/email/", "password/reset", "3rdparty"):
        assert word not in page
