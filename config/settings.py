"""Django's settings. The default is embedded; the environment adds PostgreSQL and Redis."""

from csp.constants import NONE, SELF
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.env import BASE_DIR as BASE_DIR
from config.env import ENV

SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
DEMO = ENV.demo
HTTPS = ENV.https
ALLOWED_HOSTS = list(ENV.allowed_hosts)
VAR_DIR = ENV.var
REDIS_URL = ENV.redis_url
WORKERS = ENV.workers
DRAIN_SECONDS = ENV.drain_seconds
DB_THREADS = ENV.db_threads
FRAMES_PER_SECOND = ENV.frames_per_second
MESSAGES_PER_SECOND = ENV.messages_per_second
PEOPLE_PER_ADDRESS = ENV.people_per_address
MAX_SOCKETS = ENV.max_sockets
MAX_MEMORY = ENV.max_memory
TRUSTED_PROXIES = ENV.trusted_proxies
PROXY_HEADERS = ENV.proxy_headers
WEBHOOKS_ALLOW_PRIVATE = ENV.webhooks_allow_private
GEOIP_PATH = ENV.geoip_path or (str(BASE_DIR / "config/demo/countries.mmdb") if DEMO else "")

INSTALLED_APPS = [
    # First, because it overrides runserver with Daphne's. The app `daphne` is not listed: it would
    # load Twisted into every process, which costs 20 MB and a quarter of the start-up time.
    "config",
    "reports",
    "chatbot",
    "ratings",
    "livechat",
    "channels",
    "unfold",
    "django_countries",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicy",
    "config.middleware.RejectNul",
    "config.middleware.LimitSearch",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.UserLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- storage

DATABASES = {"default": ENV.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS = {
    # No code sends through the layer: the chat uses livechat.bus
    # (`docs/decisions/0003-consumers-own-their-loop.md`). The layer blocks in BZPOPMIN for 5 s, so
    # a socket time-out of 5 s, redis-py's default, would end the connection every 5 s.
    "default": (
        {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {
                "hosts": [{"address": REDIS_URL, "socket_timeout": 30, "socket_connect_timeout": 3}]
            },
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            # Callers that count something wait for it, so the time-out is short.
            "OPTIONS": {
                "serializer": "config.cache.JsonSerializer",
                "socket_timeout": 2,
                "socket_connect_timeout": 2,
                "retry": Retry(NoBackoff(), 0),
            },
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# --- jobs: with Redis Celery runs them, without it the scheduler inside the server

CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "livechat.",
    # Seconds after which the task of a dead worker goes to another one. Longer than any task may
    # take, or two workers would run the same task at once.
    "visibility_timeout": 900,
    # Detect a Redis that does not respond, whatever the defaults of redis-py are.
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "health_check_interval": 10,
}
CELERY_BEAT_SCHEDULER = "config.jobs.celery_beat.Scheduler"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_EVENT_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 330
CELERY_TASK_DEFAULT_QUEUE = "livechat"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Files that people send, and operators' pictures. A web server must never serve this folder:
    # the views check the signature of each address, and the login session where needed.
    "files": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "files", "file_permissions_mode": 0o640},
    },
    "staticfiles": {"BACKEND": "config.storage.MinifiedStorage"},
}

# --- users and sign-in

AUTH_USER_MODEL = "livechat.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"  # for those who may enter neither the inbox nor the Admin
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: decides whether an attempt is allowed
    "django.contrib.auth.backends.ModelBackend",
]
AXES_CLIENT_IP_CALLABLE = "livechat.auth.source_of_attempts"
AXES_HANDLER = "config.axes_handler.Handler"  # counts as `livechat.services.login_attempts` says
AXES_LOCKOUT_CALLABLE = "config.axes_handler.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # so that axes marks refused requests
AXES_ENABLE_ADMIN = False  # `livechat.admin.login_attempts` replaces it, in our style
AXES_VERBOSE = False
VISITOR_TOKEN_MAX_AGE = 30 * 24 * 3600
"""Seconds that a visitor's token is valid after its last renewal; every welcome renews it."""

# --- security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:"],  # blob: a picture that is being uploaded
        "media-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # Browsers refuse every conversion of text to markup or to a script's URL.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": [NONE],
    }
}
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENV.https
CSRF_COOKIE_SECURE = ENV.https
# Browsers accept a ``__Host-`` cookie only from this host and over TLS. Another site of the same
# domain cannot plant its own login session here.
SESSION_COOKIE_NAME = "__Host-sessionid" if ENV.https else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if ENV.https else "csrftoken"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = False  # the proxy redirects
# Not SECURE_PROXY_SSL_HEADER, which trusts every client. `config.http.host_and_headers` trusts
# proxies alone.
SECURE_HSTS_SECONDS = ENV.hsts_seconds
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV.hsts_include_subdomains
SECURE_HSTS_PRELOAD = ENV.hsts_preload
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "config.error_pages.csrf_failure"
SILENCED_SYSTEM_CHECKS = [
    "security.W004",  # HSTS is on with HTTPS=1, and useless without TLS
    "security.W005",  # HSTS_INCLUDE_SUBDOMAINS: other names of the domain are the owner's decision
    "security.W008",  # the proxy redirects to https
    "security.W012",  # cookies are secure with HTTPS=1
    "security.W016",
    "security.W021",  # HSTS_PRELOAD: the owner's decision as well
]
# The Admin form of a channel may have 200 rules with expressions of 1,000 characters each.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000

# --- language and time

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "livechat/locale"]  # one catalogue for all apps and templates
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

UNFOLD = {
    "SITE_TITLE": "Livechat",
    "SITE_HEADER": "Livechat",
    "SITE_ICON": "config.admin.menu.icon",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "config.admin.menu.icon"},
    ],
    "SITE_URL": "/dashboard/",
    "ENVIRONMENT": "config.admin.menu.environment",
    "DASHBOARD_CALLBACK": "config.start_page.context",
    "SIDEBAR": {"navigation": "config.admin.menu.navigation"},
    "STYLES": ["config.admin.menu.style"],
    "COLORS": {
        # Shades of the brand colour #3451d1, which is 600: buttons, and links on white.
        "primary": {
            "50": "#eef1fd",
            "100": "#e0e6fb",
            "200": "#c7d1f8",
            "300": "#a8b7f4",
            "400": "#91a7ff",
            "500": "#7890f5",
            "600": "#3451d1",
            "700": "#2a42ad",
            "800": "#25398d",
            "900": "#233470",
            "950": "#1a2450",
        },
    },
}

# --- monitoring

LOGGING_CONFIG = "config.monitoring.logs.configure"
LOGGING = {"format": ENV.log_format, "level": ENV.log_level, "in_full": DEBUG}
METRICS_TOKEN = ENV.metrics_token
DISK_RESERVE_PERCENT = ENV.disk_reserve_percent
"""Per cent of the disk with `VAR_DIR` that must be free, or the server is not ready."""
