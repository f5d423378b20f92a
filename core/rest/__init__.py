"""The REST API: resources declared once, for JSON, for the OpenAPI document and for the page about it."""
