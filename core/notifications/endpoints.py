"""Addresses of push services, which come from a browser and so from anybody: https only, and never into our own network."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from core.errors import UserMistake
from core.i18n import _

LONGEST = 1_000
#: bytes read of an answer
MOST_READ = 4_096
_INTERNAL = ("localhost", "local", "internal", "lan", "home", "intranet", "corp", "arpa")


class PrivateAddress(OSError):
    """The name of a push service led into a private network."""


def check_endpoint(endpoint: Any, *, is_test: bool = False) -> str:
    """The address, when it may be one of a push service; no name is looked up here. is_test: a server on this machine is good."""
    text = endpoint if isinstance(endpoint, str) else ""
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise _refused() from None
    if not 0 < len(text) <= LONGEST or not text.isascii() or any(ord(sign) <= 32 for sign in text):
        raise _refused()
    if is_test and host == "127.0.0.1":
        return text
    if parts.scheme != "https" or port not in (None, 443) or parts.username is not None or parts.password is not None:
        raise _refused()
    if "." not in host or host.rpartition(".")[2] in _INTERNAL or host.rpartition(".")[2].isdigit() or _is_number(host):
        raise _refused()
    return text


def check_key(value: Any, length: int) -> str:
    """A key of a browser: so many bytes as base64url."""
    text = value if isinstance(value, str) and len(value) < 120 else ""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != length:
        raise _refused()
    return text


def _refused() -> UserMistake:
    return UserMistake(_("This browser gave an address for notifications that we cannot use."))


def _is_number(host: str) -> bool:
    """An address in numbers, in any way of writing: push services have names."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """May we talk to this IP address? Also when an old one is wrapped in a new one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    wrapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (wrapped is None or wrapped.is_global)


class _Checked:
    """Looks at whom it is connected to before a byte is sent: a name can lead elsewhere than a moment ago."""

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        if not is_public(made.getpeername()[0]):
            made.close()
            raise PrivateAddress("a push service in a private network")
        return made


class _SafeHTTP(_Checked, HTTPConnection):
    pass


class _SafeHTTPS(_Checked, HTTPSConnection):
    pass


class _SafeHTTPPool(HTTPConnectionPool):
    ConnectionCls = _SafeHTTP


class _SafeHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _SafeHTTPS


class _SafeAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.poolmanager.pool_classes_by_scheme = {"http": _SafeHTTPPool, "https": _SafeHTTPSPool}


class PushSession(requests.Session):
    """For push services only: no redirects, no proxy of the environment, a short answer, no private network."""

    def __init__(self, *, is_test: bool = False) -> None:
        super().__init__()
        self.trust_env = False
        if not is_test:
            self.mount("https://", _SafeAdapter())
            self.mount("http://", _SafeAdapter())

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        answer = super().request(*args, **{**kwargs, "stream": True, "allow_redirects": False})
        answer._content, answer._content_consumed = answer.raw.read(MOST_READ, decode_content=False), True  # type: ignore[attr-defined]
        answer.close()
        return answer
