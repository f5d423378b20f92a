"""The same 17 facts as core.bench.people, and three more for the extra fields."""

from django.db import models


class Person(models.Model):
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    birth_date = models.DateField(null=True)
    gender = models.CharField(max_length=1)
    nationality = models.CharField(max_length=2)
    language = models.CharField(max_length=2)
    email_1 = models.CharField(max_length=254, null=True)
    email_2 = models.CharField(max_length=254, null=True)
    mobile_1 = models.CharField(max_length=40, null=True)
    phone = models.CharField(max_length=40, null=True)
    street = models.CharField(max_length=120)
    house_number = models.CharField(max_length=12)
    box = models.CharField(max_length=12, null=True)
    postcode = models.CharField(max_length=12)
    town = models.CharField(max_length=80)
    country = models.CharField(max_length=2)
    remarks = models.CharField(max_length=2000, null=True)
    bench_sport = models.CharField(max_length=40, null=True)
    bench_points = models.IntegerField(null=True)
    bench_since = models.CharField(max_length=10, null=True)

    class Meta:
        indexes = [models.Index(fields=["last_name", "first_name", "id"])]

    def __str__(self) -> str:
        return f"{self.last_name} {self.first_name}"
