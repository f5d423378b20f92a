"""Files: what is known of one, and its content."""

from __future__ import annotations

from typing import Any

from core.access import Actor, current_actor
from core.errors import NotFound
from core.files import services
from core.files.models import StoredFile
from core.files.purposes import may_read
from core.files.views import answer_with
from core.i18n import _, _l
from core.rest.fields import ApiField
from core.rest.resource import CoreRestApi
from core.web.views import expose, needs


class FileApi(CoreRestApi):
    resource = "files"
    title = _l("Files")
    description = _l("A file is given to who may see what it belongs to; a key needs the scope of that too.")
    permission = "files.read"
    fields = (
        ApiField("id", "integer"),
        ApiField("filename"),
        ApiField("content_type"),
        ApiField("size", "integer", help=_l("Bytes")),
        ApiField("sha256"),
        ApiField("created_at", "instant"),
        ApiField("expires_at", "instant", help=_l("After this moment it is gone")),
    )

    def find(self, pk: int, *, actor: Actor) -> StoredFile:
        file = services.get(pk)
        if not may_read(file, actor):
            raise NotFound(f"file {pk}")
        return file

    @expose("/<int:pk>/content")
    @needs("files.read")
    def content(self, pk: int) -> Any:
        """The bytes."""
        self._enter("read")
        return answer_with(self.find(pk, actor=current_actor()))

    @classmethod
    def more_paths(cls) -> list[tuple[str, str, dict[str, Any]]]:
        answer = {"200": {"description": _("The bytes."), "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}
        return [("/{id}/content", "get", {"summary": _("Download"), "responses": answer})]
