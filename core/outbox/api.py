"""What other rooms and plugins use of the outbox."""

from core.outbox.models import AddressRefusal, OutboxMessage
from core.outbox.services import Mail, erase_mails_to, queue_mail, queue_mails, withdraw_mails

__all__ = ["AddressRefusal", "Mail", "OutboxMessage", "erase_mails_to", "queue_mail", "queue_mails", "withdraw_mails"]
