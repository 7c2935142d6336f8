"""Phones that nobody here wrote, each behind the same few verbs."""

from .baresip import Baresip
from .linphonec import Linphonec
from .phone import Account, Answer, Phone
from .pjsua import Pjsua

__all__ = ["Account", "Answer", "Baresip", "Linphonec", "Phone", "Pjsua"]
