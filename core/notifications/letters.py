"""The mail that tells of something, in the language of its receiver. Call it inside force_locale()."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from core.i18n import _


@dataclass(frozen=True)
class Letter:
    """A mail, ready for the outbox."""

    subject: str
    text: str
    html: str


def compose(subject: str, text: str, *, link: str, settings: str, sender: str) -> Letter:
    """Text, a button to the page it is about, and where to choose what comes by mail. link: "" when there is no page."""
    button, why = _("See it in Koepel"), _("You get this mail from %(name)s because you are told of this by mail.", name=sender)
    change = _("Choose what you are told, and how")
    plain = [text, f"{button}:\n{link}" if link else "", f"{why}\n{change}: {settings}"]
    paragraphs = [Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in part.split("\n"))) for part in text.split("\n\n") if part]
    press = Markup(
        '<p style="margin:28px 0"><a href="{}" style="background:#14734a;color:#ffffff;padding:14px 22px;border-radius:8px;text-decoration:none;'
        'display:inline-block">{}</a></p>'
    ).format(link, button)
    html = Markup(
        '<div style="font-family:sans-serif;font-size:16px;line-height:1.5;max-width:560px">{}{}<hr>'
        '<p style="color:#555555">{}<br><a href="{}" style="color:#555555;text-decoration:underline">{}</a></p></div>'
    ).format(Markup("").join(paragraphs), press if link else "", why, settings, change)
    return Letter(subject, "\n\n".join(part for part in plain if part) + "\n", str(html))
