"""create_app: the only place where the parts are joined."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, has_request_context, request, session
from flask_appbuilder import AppBuilder
from flask_login import current_user
from flask_mail import Mail
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from core import config as configuration
from core import core_plugin, logs
from core.config import ROOT, Config
from core.db import configure_engine, db
from core.errors import StartRefused
from core.extend.manager import Plugins
from core.extend.registry import Registry, build
from core.i18n import DEFAULT_LANGUAGE, LANGUAGES
from core.models import load_models
from core.rest.authentication import prepare_api
from core.web.addresses import LateRule
from core.web.errors import add_error_handlers
from core.web.security import CoreSecurityManager, add_headers
from core.web.session import prepare_requests
from core.web.setup import prepare_templates

csrf = CSRFProtect()
mail = Mail()


def create_app(config: Config | None = None, **overrides: Any) -> Flask:
    """Build the application; `overrides` replace single settings (tests)."""
    config = config or configuration.load(**overrides)
    logs.configure(config.log_level)
    app = Flask("koepel", root_path=str(ROOT / "core"), instance_path=str(config.instance_dir), static_folder="web/static", template_folder="web/templates")
    app.url_rule_class = LateRule
    app.config.update(flask_settings(config))
    app.config["KOEPEL"] = config
    if config.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxy_hops, x_proto=config.proxy_hops, x_host=config.proxy_hops)  # type: ignore[method-assign]
    csrf.init_app(app)  # before AppBuilder, or FAB lets GET delete
    db.init_app(app)
    mail.init_app(app)
    prepare_requests(app)
    load_models()
    plugins = Plugins(config.plugins)
    with app.app_context():
        configure_engine(db.engine)
        appbuilder = CoreAppBuilder(app, db.session, security_manager_class=CoreSecurityManager, update_perms=False)
        app.extensions["babel"].locale_selector = select_language
        prepare_api(app)
        registry = build(plugins, core_plugin)
        app.extensions["koepel"] = registry
        check_tables(registry)
        add_views(app, appbuilder, registry)
    add_headers(app)
    add_error_handlers(app)
    prepare_templates(app)
    return app


class CoreAppBuilder(AppBuilder):  # type: ignore[misc]
    """FAB without its own pages: index, "back", GET language switch, menu API."""

    def _add_admin_views(self) -> None:
        """Every page is registered by `add_views`, with a right."""


def flask_settings(config: Config) -> dict[str, Any]:
    """Settings of Flask and its extensions; each has a test."""
    https = config.is_https
    return {
        "APP_NAME": "Koepel",
        "SECRET_KEY": config.secret_key,
        "SECRET_KEY_FALLBACKS": list(config.secret_key_fallbacks),
        "SQLALCHEMY_DATABASE_URI": config.database,
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True} if config.database.startswith("postgres") else {},
        "SESSION_COOKIE_NAME": "__Host-session" if https else "koepel_session",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "TRUSTED_HOSTS": config.hosts,
        "PREFERRED_URL_SCHEME": "https" if https else "http",
        "MAX_CONTENT_LENGTH": config.max_upload_mb * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 5000,
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_ENABLED": True,
        "RATELIMIT_STORAGE_URI": "memory://",
        "AUTH_RATE_LIMITED": True,
        "FAB_ADD_SECURITY_VIEWS": False,
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_API_SWAGGER_UI": False,
        "FAB_SAFE_REDIRECT_HOSTS": config.hosts,
        "FAB_API_MAX_PAGE_SIZE": 100,
        "FAB_BASE_TEMPLATE": "appbuilder/baselayout.html",
        "BABEL_DEFAULT_LOCALE": DEFAULT_LANGUAGE,
        "BABEL_DEFAULT_TIMEZONE": "Europe/Brussels",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "LANGUAGES": {code: {"flag": code, "name": title} for code, title in LANGUAGES.items()},
        "MAIL_SERVER": config.mail_server,
        "MAIL_PORT": config.mail_port,
        "MAIL_USERNAME": config.mail_username or None,
        "MAIL_PASSWORD": config.mail_password or None,
        "MAIL_USE_TLS": config.mail_use_tls,
        "MAIL_USE_SSL": config.mail_use_ssl,
        "MAIL_DEFAULT_SENDER": config.mail_from,
        "TESTING": config.environment == "test",
    }


def select_language() -> str:
    """Chosen now, else the user's, the organisation's, the browser's, else Dutch."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    if request.endpoint == "SessionView.login" and request.args.get("locale") in LANGUAGES:
        return str(request.args["locale"])  # a link to the login page in a language, see there
    if session.get("language") in LANGUAGES:
        return str(session["language"])
    if current_user and current_user.is_authenticated and current_user.language:
        return str(current_user.language)
    organisation = g.get("organisation")
    if organisation is not None:
        return str(organisation.language)
    return request.accept_languages.best_match(list(LANGUAGES)) or DEFAULT_LANGUAGE


def check_tables(registry: Registry) -> None:
    """A plugin's tables carry its name, so that no two can meet."""
    for mapper in db_models():
        package, _dot, rest = mapper.class_.__module__.partition(".")
        if package not in ("plugins", "federations"):
            continue
        plugin = rest.partition(".")[0]
        manifest = registry.plugins.manifests.get(plugin)
        table = getattr(mapper.local_table, "name", "")
        if manifest is not None and table and not table.startswith(manifest.tables_start_with) and not getattr(mapper.class_, "__maps_foreign_table__", False):
            raise StartRefused(f"plugin {plugin!r}: table {table!r} must start with {manifest.tables_start_with!r}")


def db_models() -> list[Any]:
    from core.db import Base  # noqa: PLC0415 -- only here, to keep the module's names few

    return list(Base.registry.mappers)


def add_views(app: Flask, appbuilder: AppBuilder, registry: Registry) -> None:
    """Register every view and remember which plugin it belongs to; refuse routes without a right."""
    owners: dict[str, str] = {}
    for owned in registry.owned("views"):
        before = set(app.blueprints)
        is_api = owned.item.__module__.startswith("flask_appbuilder")
        (appbuilder.add_api if is_api else appbuilder.add_view_no_menu)(owned.item)
        for blueprint in set(app.blueprints) - before:
            owners[blueprint] = owned.plugin
            if getattr(owned.item, "is_rest", False):
                csrf.exempt(app.blueprints[blueprint])  # check_caller asks it of calls without a key
    app.extensions["koepel_view_plugins"] = owners
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint.partition(".")[0] in owners and not (hasattr(view, "_koepel_permission") or hasattr(view, "_permission_name")):
            raise StartRefused(f"route {rule.rule} ({rule.endpoint}) has no permission: add @needs(...)")
