"""The changelist that people would write first."""

from django.contrib import admin

from core.bench.yardsticks.django_people.models import Person


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    list_display = (
        "last_name", "first_name", "birth_date", "gender", "email_1", "mobile_1", "postcode", "town", "language", "bench_sport", "bench_points", "bench_since",
    )  # fmt: skip
    ordering = ("last_name", "first_name")
    search_fields = ("last_name", "first_name", "email_1", "town")
    list_per_page = 25
