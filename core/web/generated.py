"""Generated pages: how Flask-AppBuilder's list, show, add, edit and delete look and behave with us.

`CoreModelView` is this plus FAB's ModelView. FAB's own methods are replaced where they swallow
mistakes, trust the address, load whole tables into a select, or change data on GET.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

from flask import abort, jsonify, request, url_for
from flask_appbuilder.baseviews import expose as _expose
from flask_appbuilder.fields import EnumField
from flask_appbuilder.forms import FieldConverter, GeneralModelConverter
from flask_appbuilder.validators import Unique
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from wtforms import BooleanField, DateTimeLocalField, StringField, TextAreaField, validators

from core.access import current_actor, require
from core.db import Instant, transaction
from core.errors import UserMistake
from core.i18n import _, _l
from core.web.flashes import done, warn
from core.web.widgets import (
    DateTimeWidget,
    DayField,
    FormWidget,
    Known,
    ListWidget,
    MomentField,
    NumberField,
    RelationField,
    RelationsField,
    RelationSource,
    SearchWidget,
    ShowWidget,
    TextAreaWidget,
    TextWidget,
    WholeNumberField,
)


def expose(url: str = "/", methods: tuple[str, ...] | list[str] = ("GET",)) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Answer this address, below the view's `route_base`; put `needs` under it."""
    return _expose(url, methods)


def allowed(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse whoever lacks the right this method needs: "<noun>.<read or write>"."""

    @wraps(view)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            abort(401)
        verb = self.method_permission_name.get(view.__name__, view.__name__)
        require(current_actor(), f"{self.class_permission_name}.{verb}")
        return view(self, *args, **kwargs)

    guarded._permission_name = view.__name__  # type: ignore[attr-defined]  # FAB collects rights by this name
    return guarded


class ColumnConverter(FieldConverter):  # type: ignore[misc]
    """A column as a form field with our controls."""

    conversion_table = (
        ("is_text", TextAreaField, TextAreaWidget),
        ("is_string", StringField, TextWidget),
        ("is_integer", WholeNumberField, None),
        ("is_numeric", NumberField, None),
        ("is_float", NumberField, None),
        ("is_boolean", BooleanField, None),
        ("is_date", DayField, None),
        ("is_datetime", DateTimeLocalField, DateTimeWidget),
    )

    def convert(self) -> Any:
        if not self.datamodel.is_enum(self.colname):
            return super().convert()
        kind = self.datamodel.list_columns[self.colname].type
        return EnumField(
            kind.enum_class, kind.enums, label=self.label, description=self.description, validators=self.validators, default=self.default
        )


class ModelConverter(GeneralModelConverter):  # type: ignore[misc]
    """A model as a form: kind messages, and relations that do not load a whole table."""

    def __init__(self, view: Any, form_name: str) -> None:
        super().__init__(view.datamodel)
        self.view, self.form_name = view, form_name

    def _convert_simple(self, col_name: str, label: Any, description: Any, lst_validators: list[Any], form_props: dict[str, Any]) -> dict[str, Any]:
        checks = list(lst_validators)
        longest = self.datamodel.get_max_length(col_name)
        if longest > 0:
            checks.append(validators.Length(max=longest, message=_l("Use at most %(max)d characters.")))
        if self.datamodel.is_boolean(col_name) or self.form_name == "search":
            checks.append(validators.Optional())  # an empty tick box is an answer too
        elif self.datamodel.is_nullable(col_name):
            checks.append(validators.Optional())
        else:
            checks.append(validators.InputRequired(_l("Fill in this field.")))
        if self.datamodel.is_unique(col_name):
            checks.append(Unique(self.datamodel, col_name, message=_l("This already exists. Choose something else.")))
        default = self.datamodel.get_col_default(col_name)
        if isinstance(getattr(self.datamodel.list_columns.get(col_name), "type", None), Instant):
            form_props[col_name] = MomentField(label, checks, description=description, default=default)
            return form_props
        form_props[col_name] = ColumnConverter(self.datamodel, col_name, label, description, checks, default=default).convert()
        return form_props

    def _convert_many_to_one(
        self, col_name: str, label: Any, description: Any, lst_validators: list[Any], filter_rel_fields: Any, form_props: dict[str, Any]
    ) -> dict[str, Any]:
        optional = self.datamodel.is_nullable(col_name) or self.form_name == "search"
        form_props[col_name] = RelationField(
            label,
            [*lst_validators, validators.Optional() if optional else Known()],
            description=description,
            allow_blank=optional,
            source=self._source(col_name, filter_rel_fields),
            url=self._url(col_name),
        )
        return form_props

    def _convert_many_to_many(
        self, col_name: str, label: Any, description: Any, lst_validators: list[Any], filter_rel_fields: Any, form_props: dict[str, Any]
    ) -> dict[str, Any]:
        form_props[col_name] = RelationsField(
            label, lst_validators, description=description, source=self._source(col_name, filter_rel_fields), url=self._url(col_name)
        )
        return form_props

    def _source(self, col_name: str, filter_rel_fields: Any) -> RelationSource:
        search_on = self.view.relation_search.get(col_name)
        if search_on is None:
            search_on = ("name",) if "name" in self.datamodel.get_related_interface(col_name).list_columns else ()
        source = RelationSource(lambda: self.datamodel.get_related_interface(col_name), (filter_rel_fields or {}).get(col_name, ()), tuple(search_on))
        self.view.relation_sources[self.form_name, col_name] = source
        return source

    def _url(self, col_name: str) -> Callable[[], str]:
        return lambda: url_for(f"{self.view.endpoint}.options", form_name=self.form_name, column=col_name)


class GeneratedPages:
    """Mixed into FAB's ModelView by CoreModelView.

    relation_search: per relation the columns of the other table one can search by typing;
        by default its `name`. An empty tuple: all choices are loaded (short lists only).
    add_title: also the text of the + button.
    empty_text: what an empty list says besides its title.
    """

    list_widget = ListWidget
    show_widget = ShowWidget
    add_widget = edit_widget = FormWidget
    search_widget = SearchWidget
    relation_search: ClassVar[dict[str, tuple[str, ...]]] = {}
    add_title: Any = _l("Add")
    empty_text: Any = _l("There is nothing here yet. Add the first one.")
    add_row_message: Any = _l("Added.")
    edit_row_message: Any = _l("Saved.")
    delete_row_message: Any = _l("Deleted.")
    max_page_size = 100

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # what FAB's ModelView brings

    # --- forms and titles, made once at start

    def _init_forms(self) -> None:
        self.relation_sources: dict[tuple[str, str], RelationSource] = {}
        for name in ("search", "add", "edit"):
            if getattr(self, f"{name}_form", None):
                continue
            columns = getattr(self, f"{name}_columns")
            made = ModelConverter(self, name).create_form(
                self.label_columns,
                columns,
                getattr(self, "description_columns", {}),
                getattr(self, "validators_columns", {}) if name != "search" else {},
                getattr(self, f"{name}_form_extra_fields", None),
                getattr(self, f"{name}_form_query_rel_fields", None),
            )
            setattr(self, f"{name}_form", made)

    def _init_titles(self) -> None:
        if not self.list_title:  # type: ignore[has-type]
            self.list_title = self._prettify_name(self.datamodel.model_name)
        self.title = self.list_title

    # --- list

    def _list(self, **kwargs: Any) -> Any:
        name = type(self).__name__
        order = request.args.get(f"_oc_{name}", "")
        direction = request.args.get(f"_od_{name}", "asc")
        known = order in self.order_columns and direction in ("asc", "desc")
        self._take_filters()
        found = self._get_list_widget(
            filters=self._filters,
            order_column=order if known else "",
            order_direction=direction if known else "",
            page=_number(request.args.get(f"page_{name}"), 0, 100_000, 0),
            page_size=_number(request.args.get(f"psize_{name}"), 1, self.max_page_size, self.page_size),
            **kwargs,
        )
        found["list"].template_args["empty_text"] = self.empty_text
        found["list"].template_args["add_title"] = self.add_title
        return self._get_search_widget(form=self.search_form.refresh(), widgets=found)

    def _take_filters(self, *, of_relations: bool = False) -> None:
        """Read `_flt_<number>_<column>=value` from the address; what is empty or unknown is left out.

        of_relations: also take columns outside the search panel: an "Add" button on another
        page passes the row it stands on this way.
        """
        self._filters.clear_filters()
        for argument in request.args:
            number, _dash, column = argument.removeprefix("_flt_").partition("_")
            values = [v for v in request.args.getlist(argument) if v != ""]
            if not argument.startswith("_flt_") or not number.isdigit() or not values:
                continue
            of_column = self._filters.get_search_filters().get(column, ())
            if not of_column and of_relations:
                of_column = self._filters._all_filters.get(column, ())
            if int(number) < len(of_column):
                self._filters.add_filter_index(column, int(number), values)

    @expose("/list/")
    @allowed
    def list(self) -> Any:
        return self.render_template(self.list_template, title=self.list_title, widgets=self._list(), view=self)

    # --- show

    @expose("/show/<pk>", methods=["GET"])
    @allowed
    def show(self, pk: str) -> Any:
        item = self._item_or_404(pk)
        found = self._get_related(item, self._get_show_widget(pk, item))
        return self.render_template(self.show_template, pk=pk, title=str(item), widgets=found, related_views=self._related_views, view=self, item=item)

    # --- add and edit

    @expose("/add", methods=["GET", "POST"])
    @allowed
    def add(self) -> Any:
        self._take_filters(of_relations=True)
        given = self._filters.get_relation_cols()
        form = self.add_form.refresh()
        item, status = self.datamodel.obj(), 200
        if request.method == "POST":
            self._fill_form_exclude_cols(given, form)
            if form.validate() and self._store(form, item, self.pre_add, self.datamodel.add, self.post_add):
                done(self.add_row_message)
                return self.post_add_redirect()
            status = 422
        found = self._get_add_widget(form=form, exclude_cols=given)
        return self.render_template(self.add_template, title=self.add_title, widgets=found, view=self), status

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @allowed
    def edit(self, pk: str) -> Any:
        item, status = self._item_or_404(pk), 200
        title = str(item)
        self._take_filters(of_relations=True)
        given = self._filters.get_relation_cols()
        form = self.edit_form.refresh(obj=item)
        form._id = self.datamodel.get_pk_value(item)  # so that it may keep its own unique values
        if request.method == "POST":
            self._fill_form_exclude_cols(given, form)
            if form.validate() and self._store(form, item, self.pre_update, self.datamodel.edit, self.post_update):
                done(self.edit_row_message)
                return self.post_edit_redirect()
            status = 422
        else:
            self.prefill_form(form, pk)
        found = self._get_related(item, self._get_edit_widget(form=form, exclude_cols=given))
        return self.render_template(
            self.edit_template, pk=pk, title=title, widgets=found, related_views=self._related_views, view=self, item=item
        ), status

    def _store(self, form: Any, item: Any, before: Any, write: Any, after: Any) -> bool:
        """Write it in one transaction; a mistake goes beside its field and the input stays."""
        self.process_form(form, before == self.pre_add)
        try:
            with transaction():
                form.populate_obj(item)
                before(item)
                write(item)
                after(item)
        except UserMistake as mistake:
            field = form._fields.get(mistake.field or "")
            if field is None:
                form.form_errors.append(mistake.message)
            else:
                field.errors = [*field.errors, mistake.message]
        except IntegrityError:
            form.form_errors.append(_("This could not be saved: it already exists, or something it belongs to is gone. Check the fields and try again."))
        else:
            return True
        return False

    # --- delete

    @expose("/delete/<pk>", methods=["POST"])
    @allowed
    def delete(self, pk: str) -> Any:
        item = self._item_or_404(pk)
        name = str(item)
        try:
            with transaction():
                self.pre_delete(item)
                self.datamodel.delete(item)
                self.post_delete(item)
        except UserMistake as mistake:
            warn(mistake.message)
        except IntegrityError:
            warn(_("%(name)s is still in use, so it was not deleted. Remove it first where it is used.", name=name))
        else:
            done(self.delete_row_message)
        return self.post_delete_redirect()

    # --- choices of a relation, while typing

    @expose("/options/<form_name>/<column>", methods=["GET"])
    @allowed
    def options(self, form_name: str, column: str) -> Any:
        """The choices that match `?q=`, for the script of the select."""
        source = self.relation_sources.get((form_name, column))
        if source is None or not source.search_on:
            abort(404)
        found = source.find(request.args.get("q", "")[:100])
        return jsonify(results=[{"value": source.key(item), "text": str(item)} for item in found])

    # --- shared

    def _item_or_404(self, pk: str) -> Any:
        item = self.datamodel.get(self._deserialize_pk_if_composite(pk), self._base_filters)
        return item if item is not None else abort(404)

    def _get_related(self, item: Any, found: Any) -> Any:
        """The lists of other tables that belong to this row."""
        pages = {type(v).__name__: _number(request.args.get(f"page_{type(v).__name__}"), 0, 100_000, 0) for v in self._related_views}
        return self._get_related_views_widgets(item, orders={}, pages=pages, page_sizes={}, widgets=found)


def _number(text: str | None, least: int, most: int, usual: int) -> int:
    """A number out of the address, kept within bounds; nonsense gives the usual one."""
    return min(max(int(text), least), most) if text and text.isdecimal() and len(text) < 10 else usual
