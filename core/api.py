"""The door: every name of the core that a plugin may import, stable from one version to the next.

A plugin that imports from here only keeps working when rooms of the core are rebuilt. What a
name needs and gives is in its own docstring; `docs/api.md` lists them all. The core itself
never imports this module.

Example, a complete plugin:

    from core.api import Manifest, Permission, hookimpl

    manifest = Manifest("choir", "Choir", "1.0")

    @hookimpl
    def register_permissions():
        return [Permission("choir.read", "See the choir", roles=("club_admin",))]
"""

from __future__ import annotations

from core.access import NOBODY, Actor, Permission, acting, can, current_actor, require, system_actor
from core.audit.history import describe_subject, history_of
from core.audit.services import Record, record, record_many, redact
from core.clock import age_on, now, today
from core.contacts.attributes import clean_values, show_gender
from core.contacts.models import Contact, ContactFunction
from core.contacts.names import fold
from core.contacts.parsing import parse_date, parse_email
from core.contacts.saved import SavedContacts
from core.contacts.services import get_contact, save_contact
from core.db import (
    Base,
    Instant,
    JSONColumn,
    after_commit,
    chunks,
    db,
    insert_rows,
    is_one_of,
    is_postgres,
    keep_ddl,
    kept_as_is,
    refusing_triggers,
    reserve_ids,
    savepoint,
    signature,
    stream,
    transaction,
    update_rows,
)
from core.demo.declarations import DemoLogin
from core.errors import Forbidden, KoepelError, NotFound, OutOfScope, StaleVersion, StartRefused, UserMistake
from core.exports.cells import clean_text
from core.exports.files import write_csv, write_sheets, write_xlsx
from core.extend.contributions import (
    ContactSection,
    FilePurpose,
    FunctionDeclaration,
    JobKind,
    LookedAfter,
    MenuEntry,
    NotificationKind,
    PersonalTable,
    PrivacyHold,
    ReadinessCheck,
    RetentionRule,
    Schedule,
    Tab,
    Widget,
)
from core.extend.hookspecs import hookimpl, hookspec
from core.extend.manifest import Manifest
from core.extend.registry import registry
from core.fields.declarations import FieldDeclaration
from core.fields.expressions import text_of
from core.fields.services import definitions
from core.files.models import StoredFile
from core.files.services import path_of as file_path
from core.files.services import remove as remove_file
from core.files.services import store as store_file
from core.i18n import (
    LANGUAGES,
    Words,
    _,
    _l,
    _n,
    current_language,
    format_date,
    format_instant,
    format_long_date,
    format_money,
    format_number,
    in_own_language,
)
from core.imports.columns import ImportColumn, ImportWriter
from core.imports.table import Table, read_table
from core.jobs.api import Job, JobItem, JobRun, LeaseLost, enqueue, failpoint, retry
from core.jobs.presentation import present as present_job
from core.lists.actions import BulkAction
from core.lists.columns import Column, Person, Status
from core.lists.conditions import (
    age_condition,
    choice_condition,
    contains,
    date_condition,
    instant_condition,
    number_condition,
    text_condition,
    yes_no_condition,
)
from core.lists.definition import AddEntry, ListDefinition
from core.lists.filters import Filter
from core.lists.views import ListPage, RowLink
from core.notifications.api import notify, take_back
from core.organisations.checks import looked_at
from core.organisations.models import Affiliation, Organisation
from core.organisations.services import by_slug, clubs_of, set_setting
from core.organisations.services.modules import switch as switch_module
from core.outbox.api import queue_mail
from core.privacy.consents import agrees_condition, has_consent
from core.privacy.subject import Subject
from core.rest.api import ApiField, CoreRestApi, rest_action
from core.tenancy import FederationReadable, Scope, Shared, TenantOwned, current_scope, scope, unscoped
from core.web.context import active_plugins, current_organisation, federation_setting, federations_of
from core.web.flashes import done, warn
from core.web.forms import Form
from core.web.views import CoreInterface, CoreModelView, CoreView, expose, needs, row_id, row_ids

__all__ = [
    "LANGUAGES",
    "NOBODY",
    "Actor",
    "AddEntry",
    "Affiliation",
    "ApiField",
    "Base",
    "BulkAction",
    "Column",
    "Contact",
    "ContactFunction",
    "ContactSection",
    "CoreInterface",
    "CoreModelView",
    "CoreRestApi",
    "CoreView",
    "DemoLogin",
    "FederationReadable",
    "FieldDeclaration",
    "FilePurpose",
    "Filter",
    "Forbidden",
    "Form",
    "FunctionDeclaration",
    "ImportColumn",
    "ImportWriter",
    "Instant",
    "JSONColumn",
    "Job",
    "JobItem",
    "JobKind",
    "JobRun",
    "KoepelError",
    "LeaseLost",
    "ListDefinition",
    "ListPage",
    "LookedAfter",
    "Manifest",
    "MenuEntry",
    "NotFound",
    "NotificationKind",
    "Organisation",
    "OutOfScope",
    "Permission",
    "Person",
    "PersonalTable",
    "PrivacyHold",
    "ReadinessCheck",
    "Record",
    "RetentionRule",
    "RowLink",
    "SavedContacts",
    "Schedule",
    "Scope",
    "Shared",
    "StaleVersion",
    "StartRefused",
    "Status",
    "StoredFile",
    "Subject",
    "Tab",
    "Table",
    "TenantOwned",
    "UserMistake",
    "Widget",
    "Words",
    "_",
    "_l",
    "_n",
    "acting",
    "active_plugins",
    "after_commit",
    "age_condition",
    "age_on",
    "agrees_condition",
    "by_slug",
    "can",
    "choice_condition",
    "chunks",
    "clean_text",
    "clean_values",
    "clubs_of",
    "contains",
    "current_actor",
    "current_language",
    "current_organisation",
    "current_scope",
    "date_condition",
    "db",
    "definitions",
    "describe_subject",
    "done",
    "enqueue",
    "expose",
    "failpoint",
    "federation_setting",
    "file_path",
    "federations_of",
    "fold",
    "format_date",
    "format_instant",
    "format_long_date",
    "format_money",
    "format_number",
    "get_contact",
    "has_consent",
    "history_of",
    "hookimpl",
    "hookspec",
    "in_own_language",
    "insert_rows",
    "instant_condition",
    "is_one_of",
    "is_postgres",
    "keep_ddl",
    "kept_as_is",
    "refusing_triggers",
    "looked_at",
    "needs",
    "notify",
    "now",
    "number_condition",
    "parse_date",
    "parse_email",
    "present_job",
    "queue_mail",
    "read_table",
    "record",
    "record_many",
    "redact",
    "registry",
    "remove_file",
    "require",
    "reserve_ids",
    "rest_action",
    "retry",
    "row_id",
    "row_ids",
    "save_contact",
    "savepoint",
    "scope",
    "set_setting",
    "show_gender",
    "signature",
    "store_file",
    "stream",
    "switch_module",
    "system_actor",
    "take_back",
    "text_condition",
    "text_of",
    "today",
    "transaction",
    "unscoped",
    "update_rows",
    "warn",
    "write_csv",
    "write_sheets",
    "write_xlsx",
    "yes_no_condition",
]
