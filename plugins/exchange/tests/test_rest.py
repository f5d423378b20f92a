"""The other system brings and fetches over the REST API."""

from __future__ import annotations

from typing import Any

import pytest

from core.jobs.runner import work_off
from plugins.exchange.tests.conftest import Town

SCOPES = ("exchanges:read", "exchange-runs:read", "exchange-runs:write", "exchange-rows:read")


@pytest.mark.covers("R306")
def test_bringing_and_fetching_with_a_key(app: Any, town: Town, caller: Any) -> None:
    key = caller("admin.f", *SCOPES, organisation="federation")
    assert [row["partner"] for row in key("GET", "exchanges").json["data"]] == ["Mother (Pamela)"]
    ann = {"Nr": "P1", "Club": "1001", "First": "Ann", "Last": "Peeters", "Born": "1950-01-01", "Town": "Leuven"}
    body = {"exchange_id": town.exchange, "direction": "in", "rows": [ann]}
    made = key("POST", "exchange-runs", body, Idempotency_Key="batch-1")
    assert (made.status_code, made.json["state"]) == (201, "checking")
    again = key("POST", "exchange-runs", body, Idempotency_Key="batch-1")
    assert (again.json["id"], again.headers["Idempotent-Replayed"]) == (made.json["id"], "true")
    work_off(app)
    run = key("GET", f"exchange-runs/{made.json['id']}").json
    assert (run["state"], run["counts"]) == ("ready", {"conflict": 1})
    rows = key("GET", f"exchange-rows?f.run.is={run['id']}").json["data"]
    assert rows[0]["differences"] == {"town": ["Aarschot", "Leuven", "conflict"]}
    assert key("POST", f"exchange-runs/{run['id']}/apply").json["state"] == "applying"
    work_off(app)

    out = key("POST", "exchange-runs", {"exchange_id": town.exchange, "direction": "out", "only_changed": True})
    work_off(app)
    fetched = key("GET", f"exchange-rows?f.run.is={out.json['id']}").json["data"]
    assert {row["values"]["First"] for row in fetched} == {"Ann", "Bert", "Cis"}
    assert next(row["values"]["Sex"] for row in fetched) == "V"
    for wrong in ({"exchange_id": 999999}, {"direction": "sideways"}, {"rows": [1]}):
        assert key("POST", "exchange-runs", {**body, **wrong}).status_code == 422
    assert caller("admin.f", "exchanges:read", organisation="federation")("POST", "exchange-runs", body).status_code == 403
