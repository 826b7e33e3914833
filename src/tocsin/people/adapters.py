"""How sign-in differs from the library's defaults: no sign-up, one count of wrong passwords, no second asking."""

import hashlib
import time
from functools import cache
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from nacl.encoding import URLSafeBase64Encoder
from nacl.secret import SecretBox

from tocsin.base.addresses import client_address
from tocsin.base.secret_files import read_or_make_secret


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library carries no types
    """Accounts are made by an administrator; wrong passwords are counted by axes."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the library's signature
        """Never."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count nothing here: a count by name alone would let anyone, from anywhere, keep a member out."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the rest of the program believes too."""
        return client_address(request)

    def is_reauthentication_required(self, *, app: str | None = None) -> bool:  # noqa: ARG002 - the library's signature
        """Not for a few minutes after any proof of who is there, signing in included."""
        records = get_authentication_records(self.request, self.request.user)
        return not records or time.time() - records[-1]["at"] >= app_settings.REAUTHENTICATION_TIMEOUT


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library carries no types
    """Second factors are sealed with a key that lives outside the database: a stolen database opens no account."""

    def encrypt(self, text: str) -> str:
        """Seal a TOTP secret or the seed of recovery codes (XSalsa20-Poly1305)."""
        return _box().encrypt(text.encode(), encoder=URLSafeBase64Encoder).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what ``encrypt`` sealed. Raises nacl.exceptions.CryptoError where key or text is another."""
        return _box().decrypt(encrypted_text.encode(), encoder=URLSafeBase64Encoder).decode()


@cache
def _box() -> SecretBox:
    secret = read_or_make_secret(settings.FACTOR_KEY_FILE)
    return SecretBox(hashlib.sha256(secret.encode()).digest())
