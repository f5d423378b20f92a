"""What other rooms and plugins use of the outbox."""

from core.outbox.models import OutboxMessage
from core.outbox.services import erase_mails_to, queue_mail

__all__ = ["OutboxMessage", "erase_mails_to", "queue_mail"]
