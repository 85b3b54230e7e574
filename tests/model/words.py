# SPDX-License-Identifier: Apache-2.0
"""The words of the contract that the model speaks."""
import dataclasses
import enum

HOUR, DAY = 3600, 24 * 3600

INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED = 3, 5, 6, 7, 8
FAILED_PRECONDITION, ABORTED, UNAUTHENTICATED = 9, 10, 16

Role = enum.IntEnum("Role", "UNSPECIFIED MEMBER ADMIN OWNER", start=0)
PlatformRole = enum.IntEnum("PlatformRole", "UNSPECIFIED REVIEWER PLATFORM_ADMIN", start=0)
UserState = enum.IntEnum("UserState", "UNSPECIFIED ACTIVE DISABLED ERASED", start=0)
Lifecycle = enum.IntEnum("Lifecycle", "UNSPECIFIED ACTIVE SUSPENDED DELETED", start=0)
Verification = enum.IntEnum(
    "Verification", "UNSPECIFIED PENDING VERIFIED REJECTED NEEDS_INFORMATION UNVERIFIED REVERIFYING", start=0)
InvitationState = enum.IntEnum("InvitationState", "UNSPECIFIED PENDING ACCEPTED DECLINED REVOKED EXPIRED", start=0)
Permission = enum.IntEnum("Permission", "UNSPECIFIED READ COMMENT WRITE", start=0)
AccessReason = enum.IntEnum(
    "AccessReason", "UNSPECIFIED DOCUMENT_GRANT COLLECTION_GRANT NO_SUCH_USER USER_NOT_ACTIVE NO_SUCH_DOCUMENT "
    "NOT_A_MEMBER ORGANIZATION_NOT_VERIFIED REVERIFICATION_OVERDUE ORGANIZATION_SUSPENDED ORGANIZATION_DELETED "
    "NO_GRANT GRANT_EXPIRED PERMISSION_TOO_LOW ROLE_TOO_LOW", start=0)


class Refused(Exception):
    """A call fails with this code and, where the contract leaves a choice, one of these reasons; any without one."""

    def __init__(self, code, *reasons, ended=None):
        super().__init__(code, *reasons)
        self.code, self.reasons = code, reasons
        self.ended = ended  # for a session: when


@dataclasses.dataclass
class Rpc:
    handler: object
    ids: tuple  # that a request must have
    one_of: tuple  # of these: what it may have instead of another
    changes: bool
    anyone: bool
    never_on_behalf: bool


rpcs = {}


def rpc(method, *ids, one_of=(), changes=False, anyone=False, never_on_behalf=False):
    """Makes a function the handler of a method: handler(model, call, request) returns the fields of the answer. `ids`
    are the fields that must hold one, `one_of` those that must when they are there."""
    def register(handler):
        rpcs[method] = Rpc(handler, (*ids, *one_of), one_of, changes, anyone, never_on_behalf)
        return handler

    return register


def changes(method, *ids, **options):
    return rpc(method, *ids, changes=True, **options)


def required(condition, *reasons):
    """Refuses a request that lacks what it needs."""
    if not condition:
        raise Refused(INVALID_ARGUMENT, *reasons)


def canonical(email):
    """Rule 2: addresses are compared without regard to case."""
    return email.strip().casefold()


class Fields(dict):
    """A message's fields: the ones that are not set are empty."""

    def __missing__(self, key):
        return ""

    def part(self, key):
        return Fields(self.get(key) or {})
