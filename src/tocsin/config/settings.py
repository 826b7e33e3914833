"""Django's settings. Everything that differs between installations comes from the environment, and only here.

docs/SETTINGS.md lists each variable; a test holds the two together.
"""

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONCE
from django.utils.translation import gettext_lazy as _

from tocsin.base.secret_files import read_or_make_secret

PACKAGE = Path(__file__).resolve().parent.parent


def _flag(name: str, *, default: bool) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def _words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


# Where the embedded database and the keys live.
HOME = Path(os.environ.get("TOCSIN_HOME") or Path.home() / ".local" / "share" / "tocsin")
HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
DEBUG = _flag("TOCSIN_DEBUG", default=False)
DEMO = _flag("TOCSIN_DEMO", default=False)
SECRET_KEY = os.environ.get("TOCSIN_SECRET_KEY") or read_or_make_secret(HOME / "keys" / "secret")
ALLOWED_HOSTS = _words("TOCSIN_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _words("TOCSIN_TRUSTED_ORIGINS")
SITE_NAME = os.environ.get("TOCSIN_SITE_NAME", "")

INSTALLED_APPS = [
    "tocsin.config.apps.TocsinConfig",
    "tocsin.portal",
    "tocsin.console",
    "tocsin.figures",
    "tocsin.intake",
    "tocsin.campaigns",
    "tocsin.people",
    "tocsin.ledger",
    "tocsin.base",
    "rules",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "tocsin.config.middleware.NeverCacheMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tocsin.config.middleware.CleanCookiesMiddleware",
    "tocsin.config.middleware.BodyLimitMiddleware",
    "tocsin.config.middleware.EncodingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tocsin.people.middleware.SecondFactorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "tocsin.config.urls"
WSGI_APPLICATION = "tocsin.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tocsin.config.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
FORM_RENDERER = "tocsin.config.forms.TocsinFormRenderer"

# Database: SQLite by default, PostgreSQL by DATABASE_URL.
DATABASES = {"default": dj_database_url.parse(os.environ.get("DATABASE_URL") or f"sqlite:///{HOME / 'tocsin.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A writer takes its lock at BEGIN: two writers queue for up to 20 s instead of failing in mid-transaction.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in.
AUTH_USER_MODEL = "people.Member"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "console:queue"
LOGOUT_REDIRECT_URL = "portal:home"
ACCOUNT_ADAPTER = "tocsin.people.adapters.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "tocsin.people.adapters.FactorAdapter"
MFA_TOTP_ISSUER = "Tocsin"
MFA_FORMS = {
    "add_webauthn": "tocsin.people.forms.AddKeyForm",
    "edit_webauthn": "tocsin.people.forms.EditKeyForm",
}
# Browsers offer passkeys on plain http only for localhost, so this permits no more than they do.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _flag("TOCSIN_HTTPS", default=False)
SECOND_FACTOR_REQUIRED = not DEMO
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# The page says a quarter of an hour: trying again meanwhile must not begin it anew.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_HTTP_RESPONSE_CODE = 429
# The name of the credential, not of the form's field: looked up under "login", every failure would count for nobody.
AXES_USERNAME_FORM_FIELD = "username"
AXES_CLIENT_IP_CALLABLE = "tocsin.base.addresses.client_address"
AXES_SENSITIVE_PARAMETERS = ["login", "password"]
AXES_DISABLE_ACCESS_LOG = True
SILENCED_SYSTEM_CHECKS = ["axes.W003"]

# Languages: Chinese first.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
FORMAT_MODULE_PATH = "tocsin.config.formats"
LOCALE_PATHS = [PACKAGE / "config" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TOCSIN_TIME_ZONE", "Asia/Shanghai")

# Static files, served by the program itself.
STATIC_URL = "static/"
STATICFILES_DIRS = [PACKAGE / "config" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# What a browser may do on our pages: nothing from elsewhere, nothing inline, and no script but those that a page names
# with the nonce of its answer (the passkey pages; no other has one).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": [NONCE],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": browsers would then send "Origin: null" with our own forms, and the CSRF check would refuse them.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
HTTPS = _flag("TOCSIN_HTTPS", default=False)
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _flag("TOCSIN_BEHIND_PROXY", default=False) else None
TRUSTED_PROXIES = int(os.environ.get("TOCSIN_TRUSTED_PROXIES", "0"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 10

# Doors: the largest request, and how often one address may knock.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
REQUEST_BODY_LIMIT = 256 * 1024
RATES_ENABLED = _flag("TOCSIN_RATES", default=True)

# Keys outside the database.
LEDGER_KEY_FILE = Path(os.environ.get("TOCSIN_LEDGER_KEY") or HOME / "keys" / "ledger.ed25519")
LEDGER_CLOCK = "tocsin.base.clock.now"
LEDGER_ORIGIN = os.environ.get("TOCSIN_LEDGER_ORIGIN", "tocsin.example.org")
FACTOR_KEY_FILE = Path(os.environ.get("TOCSIN_FACTOR_KEY") or HOME / "keys" / "factor.key")
RECEIPT_SALT_FILE = Path(os.environ.get("TOCSIN_RECEIPT_SALT") or HOME / "keys" / "receipt.salt")

# How long what is kept is kept.
KEEP_REPORTS_DAYS = int(os.environ.get("TOCSIN_KEEP_REPORTS_DAYS", "180"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"receipts": {"()": "tocsin.config.logs.HideReceipts"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["receipts"]}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("TOCSIN_LOG_LEVEL", "INFO")},
    # Its everyday notes name members and their addresses, at every start and every sign-in.
    "loggers": {"axes": {"level": "WARNING"}},
}
