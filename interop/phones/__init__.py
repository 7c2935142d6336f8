"""Phones that nobody here wrote, each behind the same few verbs."""

from .baresip import Baresip, CallingBaresip
from .calls import CallingPhone, Turn
from .linphonec import CallingLinphonec, Linphonec
from .phone import Account, Answer, Phone
from .pjsua import Pjsua

__all__ = [
    "Account",
    "Answer",
    "Baresip",
    "CallingBaresip",
    "CallingLinphonec",
    "CallingPhone",
    "Linphonec",
    "Phone",
    "Pjsua",
    "Turn",
]
