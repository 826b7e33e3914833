"""Second factors are sealed with a key that the database does not hold."""

from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from nacl.exceptions import CryptoError
from pytest_django.fixtures import Settings

from tocsin.people.adapters import FactorAdapter, _box
from tocsin.people.models import Member

pytestmark = pytest.mark.django_db


def test_a_stolen_database_holds_no_second_factor(analyst: Member, settings: Settings, tmp_path: Path) -> None:
    secret = generate_totp_secret()
    TOTP.activate(analyst, secret)
    (kept,) = Authenticator.objects.all()
    assert secret not in str(kept.data)
    sealed = kept.data["secret"]
    assert FactorAdapter().decrypt(sealed) == secret
    settings.FACTOR_KEY_FILE = tmp_path / "another.key"
    _box.cache_clear()
    with pytest.raises(CryptoError):
        FactorAdapter().decrypt(sealed)
    _box.cache_clear()
