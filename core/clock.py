"""The one place that asks what time it is, so that tests can freeze it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

DEFAULT_ZONE = "Europe/Brussels"


def now() -> datetime:
    """The present instant, timezone-aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str = DEFAULT_ZONE) -> date:
    """The local date in `zone` (IANA name)."""
    return now().astimezone(ZoneInfo(zone)).date()


def age_on(birth_date: date, day: date) -> int:
    """Whole years lived on `day`; someone born on 29 February ages on 1 March in other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
