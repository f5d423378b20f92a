"""Names and addresses as they stand on an invoice: copied when it is issued, never changed after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.organisations.models import Organisation


def issuer_of(federation: Organisation) -> dict[str, Any]:
    return {
        "name": federation.name,
        "official_name": federation.official_name,
        "address": address_lines(_own_address(federation)),
        "vat_number": federation.vat_number or "",
        "iban": federation.iban or "",
        "bic": federation.bic or "",
        "email": federation.invoice_email or federation.email or "",
        "phone": federation.phone or "",
        "website": federation.website or "",
        "accent": federation.accent,
    }


def debtor_of(club: Organisation, number: str | None) -> dict[str, Any]:
    """The club as it is invoiced: with its invoice address when it has one."""
    return {
        "name": club.name,
        "official_name": club.official_name,
        "address": address_lines(club.invoice_address or _own_address(club)),
        "vat_number": club.vat_number or "",
        "number": number or "",
        "email": email_of(club),
    }


def email_of(club: Organisation) -> str:
    """Where invoices of this club go; empty when it has no address at all."""
    return club.invoice_email or club.email or ""


def _own_address(organisation: Organisation) -> dict[str, Any]:
    return {name: getattr(organisation, name) for name in ("street", "house_number", "box", "postcode", "town", "country")}


def address_lines(address: Mapping[str, Any]) -> list[str]:
    """Street and number, then postcode and town, as on an envelope."""
    street = " ".join(str(address[part]) for part in ("street", "house_number") if address.get(part))
    if address.get("box"):
        street += f" bus {address['box']}"
    town = " ".join(str(address[part]) for part in ("postcode", "town") if address.get(part))
    country = str(address.get("country") or "BE")
    return [line for line in (street, town, country if country != "BE" else "") if line]
