"""All settings but the clock's table. What the environment decides is read at the top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from config import observing
from config.beats import BEATS
from config.bucket import BUCKET

# Loaded with the settings, so that no process can queue a task without its broker.
from config.celery import app as celery_app  # noqa: F401
from config.env import (
    BadEnvironment,
    env_address,
    env_bool,
    env_int,
    env_list,
    env_networks,
    env_secret,
    env_str,
)
from config.logs import logging_of
from config.observing import (  # noqa: F401
    CHECKUPS,
    FIGURES,
    LISTENERS,
    LOG_FORMAT,
    LOG_LEVEL,
    METRICS_TOKEN,
)
from config.places import ROOT, broker_url, database_url, make_var, redis_url, var_dir
from config.proxies import PROXIES
from config.rest import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401
from config.signin import *  # noqa: F403
from config.transfer import (  # noqa: F401
    IMPORT_MEGABYTES,
    IMPORT_ROWS,
    IMPORT_UNFOLDED_MEGABYTES,
    TRANSFER_DAYS,
    TRANSFERS_DIR,
)

# ---- environment -------------------------------------------------------------------
LOCAL = env_bool("WINNOW_LOCAL")  # one person's own computer, no proxy, plain http
DEBUG = env_bool("WINNOW_DEBUG")
HTTPS = env_bool("WINNOW_HTTPS", default=not (LOCAL or DEBUG))
STARTER_STEPS = env_int("WINNOW_STARTER_STEPS", 0)  # 0: as many as its recipe says
SCORE_MODELS = env_bool("WINNOW_SCORE", default=True)  # models score accepted examples
CHECKS = env_list("WINNOW_CHECKS")  # more checks of texts: "their_package.module:name"
# What turns texts into vectors: the address of its /v1/embeddings, to which texts are
# sent, or a model's folder on this machine.
EMBEDDER = env_str("WINNOW_EMBEDDER")
EMBEDDER_MODEL = env_str("WINNOW_EMBEDDER_MODEL")
EMBEDDER_KEY = env_str("WINNOW_EMBEDDER_KEY")
EMBEDDER_ALIKE = env_int("WINNOW_EMBEDDER_ALIKE", 90) / 100  # the cosine of the same
if EMBEDDER and not EMBEDDER_MODEL:
    raise BadEnvironment("WINNOW_EMBEDDER_MODEL must name the model of WINNOW_EMBEDDER.")
# A vLLM server of ours, for answers to many prompts. Prompts are sent to it.
VLLM_URL = env_address("WINNOW_VLLM_URL", hosts=env_list("WINNOW_VLLM_URL_HOSTS"))
# Inside networks to which the server may go where a person typed the address.
OUTBOUND_ALLOW = env_networks("WINNOW_OUTBOUND_ALLOW")

VAR_DIR = var_dir()
MODELS_DIR = Path(env_str("WINNOW_MODELS") or VAR_DIR / "models").absolute()
RUNS_DIR = VAR_DIR / "runs"
VERSIONS_DIR = VAR_DIR / "versions"
REPORT_TO = env_list("WINNOW_REPORT_TO")  # programs that watch training
REPORT_FOLDER = Path(env_str("WINNOW_REPORT_FOLDER") or VAR_DIR / "reports").absolute()
REPORT_URI = env_str("WINNOW_REPORT_URI")  # of MLflow's server
if LOCAL:
    make_var(VAR_DIR)

SECRET_KEY = env_secret(
    "WINNOW_SECRET_KEY", kept_in=VAR_DIR / "secret_key" if LOCAL or DEBUG else None
)
SECRET_KEY_FALLBACKS = env_list("WINNOW_OLD_SECRET_KEYS")
ALLOWED_HOSTS = env_list("WINNOW_HOSTS", "localhost,127.0.0.1,[::1]" if LOCAL else "")
DATABASE_URL = database_url(VAR_DIR)
REDIS_URL = redis_url(VAR_DIR)

# ---- application -------------------------------------------------------------------
INSTALLED_APPS = [
    "curation.apps.CurationConfig",
    "annotate.apps.AnnotateConfig",
    "trainer.apps.TrainerConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "curation.health.probes.ProbeMiddleware",
    *observing.MIDDLEWARE,
    "curation.health.requests.RequestMiddleware",
    "curation.whereabouts.Middleware",
    "django.middleware.security.SecurityMiddleware",
    # Adds random bytes, so that a page's length tells nothing of the secrets on it.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "curation.sessions.KeyMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "curation.sessions.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "curation.second_step.SecondStepMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "curation.context.news",
            ],
        },
    },
]
# In a signed cookie: a word of thanks must not cost two writes of the session.
MESSAGE_STORAGE = "django.contrib.messages.storage.fallback.FallbackStorage"
FORM_RENDERER = "curation.inputs.FormRenderer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = "config.formats"  # dates and numbers, where Django's do not suit
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS

# ---- database and cache ------------------------------------------------------------
_DATABASE = dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)
DATABASES: dict[str, Any] = {"default": _DATABASE}
# A connection that died without a word is noticed in seconds: the trainer's lease is 30.
DATABASES["default"]["OPTIONS"] = {
    # What curation/prepared.py sends is parsed and planned once in each connection.
    "prepare_threshold": 1,
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,  # in milliseconds
    **DATABASES["default"].get("OPTIONS", {}),  # from the address
}
CACHES = {
    # Limits, and what may be used once: the same for all web processes. allauth's, too.
    "default": {
        "BACKEND": "config.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "winnow",  # beside the queues
    },
    # In each process's own memory.
    "own": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Charts, each under the hash of what it shows, and numbers of large datasets: what one
    # process of this machine has drawn or counted, the others need not.
    "kept": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": var_dir() / "kept",
        "OPTIONS": {"MAX_ENTRIES": 1_000},
    },
}

# ---- people ------------------------------------------------------------------------
# What else keeps words that are destroyed when a person is erased: called with the ids of
# the person and of the texts, in that transaction. See curation/actions/erasure.py.
FORGETTERS = ["annotate.forgetting.forget", "trainer.forgetting.forget"]
# What else ends when an account is closed: called with the person's id, in that
# transaction. See curation/actions/people.py.
ON_CLOSING = ["annotate.leaving.hand_back"]

# ---- e-mail ------------------------------------------------------------------------
EMAIL_HOST = env_str("WINNOW_EMAIL_HOST")
EMAIL_PORT = env_int("WINNOW_EMAIL_PORT", 587)
EMAIL_HOST_USER = env_str("WINNOW_EMAIL_USER")
EMAIL_HOST_PASSWORD = env_str("WINNOW_EMAIL_PASSWORD")
EMAIL_USE_TLS = env_bool("WINNOW_EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("WINNOW_EMAIL_FROM", "winnow@localhost")
# Where people reach this installation: links in mail begin with it.
ADDRESS = env_str("WINNOW_ADDRESS").rstrip("/") or next(
    (f"https://{h}" for h in ALLOWED_HOSTS if HTTPS and h[0] not in ".*"),
    f"http://localhost:{env_int('PORT', 8000)}",
)
# Without a mail server, messages go to the log of the web process.
EMAIL_BACKEND = (
    "curation.mail.Backend"
    if EMAIL_HOST
    else "django.core.mail.backends.console.EmailBackend"
)

# ---- browser -----------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_ENGINE = "curation.sessions"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = env_list("WINNOW_ORIGINS") or [
    f"https://{host.removeprefix('.')}" for host in ALLOWED_HOSTS if HTTPS and host != "*"
]
X_FRAME_OPTIONS = "DENY"
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# No inline script or style. Charts are inline SVG and use attributes and classes.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],
        # Own pictures only: a model's reply must not be able to call home by one.
        "img-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# ---- static files ------------------------------------------------------------------
STATIC_URL = "/static/"
# A local start needs no collectstatic: files are served from the apps' own folders.
_COLLECTED = Path(env_str("WINNOW_STATIC") or VAR_DIR / "static")
STATIC_ROOT = None if LOCAL or DEBUG else _COLLECTED
WHITENOISE_USE_FINDERS = LOCAL or DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 60
_PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
_HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _PLAIN if LOCAL or DEBUG else _HASHED},
    **BUCKET,  # "files", where they are not kept in VERSIONS_DIR
}

# ---- work in the background --------------------------------------------------------
CELERY_BROKER_URL = broker_url(VAR_DIR)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# No result backend: the row a task works on is the result.
CELERY_TASK_IGNORE_RESULT = True
# A message is a doorbell, so it is acknowledged early and may be lost: beat looks at
# the rows. Late ones would start an hours-long run twice.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 3
# A frozen Redis must not freeze a page: without these, publishing waits for ever.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 3,
    "socket_connect_timeout": 3,
    "retry_on_timeout": False,
    # The same for a first connection that finds nobody there.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
# One try: whoever missed the bell is found by the clock's next look at the rows.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "trainer.tasks.execute_run": {"queue": "gpu"},
    "trainer.tasks.execute_job": {"queue": "gpu"},
    "trainer.tasks.build_base": {"queue": "gpu"},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = BEATS

# ---- logging -----------------------------------------------------------------------
LOGGING = logging_of(LOG_LEVEL, LOG_FORMAT)
observing.begin()
