"""A plugin as small as can be: models, generated pages, a menu, two widgets."""

from datetime import date

from plugins.look_sample.pages import VIEWS

from core.access import Permission
from core.extend.contributions import MenuEntry, Widget
from core.extend.hookspecs import hookimpl
from core.extend.manifest import Manifest

manifest = Manifest("look_sample", "Courses", "1.0", table_prefix="sample")


@hookimpl
def register_permissions() -> list[Permission]:
    return [
        Permission("look_sample.read", "See courses", roles=("club_admin", "member")),
        Permission("look_sample.write", "Change courses", roles=("club_admin",)),
    ]


@hookimpl
def register_views() -> list[type]:
    return list(VIEWS)


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [
        MenuEntry("Notifications", "bell", "PersonView.list", "look_sample.read", area="mine", count=lambda: 4),
        MenuEntry("Planning", "calendar-event", "CourseView.list", "look_sample.read", area="mine", position=20),
        MenuEntry("Courses", "calendar", "CourseView.list", "look_sample.write"),
        MenuEntry("Places", "map-pin", "PlaceView.list", "look_sample.write"),
    ]


@hookimpl
def register_widgets() -> list[Widget]:
    return [
        Widget(
            "look_number", "Courses", lambda _organisation: {"value": 9, "label": "open courses", "url": "#", "tone": "warn"},
            "look_sample.read", shape="stat",
        ),  # fmt: skip
        Widget("look_days", "Coming", lambda _organisation: {"days": [date(2027, 3, 12)]}, "look_sample.read", template="look_sample/days.html", column="side"),
        Widget("look_broken", "Broken", lambda _organisation: {}["nothing"], "look_sample.read", template="look_sample/days.html"),
    ]
