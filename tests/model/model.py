# SPDX-License-Identifier: Apache-2.0
"""What orgd should answer to any call, written from SPEC.md and the comments of the contract, and from nothing else.

The model names things by who made them ("org#17" is what step 17 created) and counts time in seconds of the test's own
clock. A rule of SPEC.md is a function here, or a line with its number."""
import copy
import dataclasses
import functools

from accounts import Accounts
from documents import Documents
from invitations import Invitations
from members import Members
from organizations import Organizations
from policy import POLICY, ROLES
from words import (DAY, INVALID_ARGUMENT, PERMISSION_DENIED, UNAUTHENTICATED, Fields, PlatformRole, Refused, Role,
                   UserState, required, rpc, rpcs)


@dataclasses.dataclass
class Call:
    """One call under way: who makes it, and whether it changed something."""
    label: str
    now: int
    kind: str = "anyone"
    user: str = ""
    scopes: tuple = ()
    on_behalf: bool = False
    session: str = ""
    changed: bool = False
    absent: bool = False  # asks about something that is not there, and may know

    @property
    def invited_by(self):
        return self.user or "operator"


@dataclasses.dataclass
class Answer:
    code: int = 0
    reasons: tuple = ()
    fields: dict = dataclasses.field(default_factory=dict)
    changed: bool = False
    absent: bool = False


class Model(Organizations, Members, Invitations, Documents, Accounts):
    def __init__(self, names):
        self.names = names  # what orgd calls the things that the model names: for lists that are sorted by id
        self.now = 0
        self.counter = 0
        self.users, self.sessions, self.keys = {}, {}, {}
        self.organizations, self.handles = {}, {}
        self.invitations, self.tokens = {}, {}
        self.documents, self.collections, self.grants = {}, {}, {}
        self.leaving = []  # whose grants on what was deleted go within seconds
        self.verifications = {}
        self.requests = {}

    def next(self):
        """Counts what happens, for everything that is in the order in which it came."""
        self.counter += 1
        return self.counter

    # Every call

    def call(self, step):
        """The answer to a call, and its effect."""
        rpc = rpcs[step.method]
        call = Call(step.label, self.now)
        key = (step.credential, step.on_behalf, step.method, step.request_id)
        first = self.requests.get(key) if rpc.changes else None
        try:
            try:
                self.authenticate(call, step)
            except Refused as refused:
                # Rule 34: a session that ended less than 24 hours ago may still replay, nothing else.
                if not (first and refused.ended is not None and self.now - refused.ended < DAY):
                    raise
            if first and self.now - first.time < DAY:
                if first.request != step.request:
                    raise Refused(INVALID_ARGUMENT, "REQUEST_ID_REUSED")
                return Answer(fields=first.fields)
            self.check_first(call, rpc, Fields(step.request))
            fields = rpc.handler(self, call, Fields(step.request))
        except Refused as refused:
            return Answer(refused.code, refused.reasons, absent=call.absent)
        if rpc.changes:
            self.requests[key] = FirstAnswer(self.now, step.request, copy.deepcopy(fields))
        return Answer(fields=fields, changed=call.changed)

    def authenticate(self, call, step):
        """Section 3: the credential says what kind of caller it is, and never falls back to another kind."""
        kind = step.credential.split("#")[0]
        if kind == "operator":
            call.kind = "operator"
        elif kind == "session":
            session = self.sessions.get(step.credential)
            if not session:
                raise Refused(UNAUTHENTICATED, "CREDENTIAL_INVALID")
            session.refuse_ended(self.now)
            session.used = self.now
            call.kind, call.user, call.session = "user", session.user, step.credential
        elif kind == "secret":
            key = self.keys.get(step.credential.replace("secret", "key"))
            if not key or key.revoked or key.expired(self.now):
                raise Refused(UNAUTHENTICATED, "CREDENTIAL_INVALID")
            call.kind, call.scopes = "service", key.scopes
        elif kind:
            raise Refused(UNAUTHENTICATED, "CREDENTIAL_INVALID" if kind.startswith("Bearer ") else
                          "CREDENTIAL_MALFORMED")
        if step.on_behalf:
            # With the scope "act" alone, and for an active user.
            required(step.on_behalf != "malformed", "MALFORMED_ID")
            if "act" not in call.scopes:
                raise Refused(PERMISSION_DENIED, "ON_BEHALF_NOT_ALLOWED")
            user = self.users.get(step.on_behalf)
            if not user or user.state != UserState.ACTIVE:
                raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
            call.kind, call.user, call.on_behalf = "user", step.on_behalf, True

    def check_first(self, call, rpc, request):
        """Section 3: a malformed id names nothing, so it is refused before authorization. Then what no caller of this
        kind may do."""
        for name in rpc.ids:
            *path, field = name.split(".")
            part = functools.reduce(Fields.part, path, request)
            required(part[field] or (name in rpc.one_of and field not in part), "MALFORMED_ID", "FIELD_REQUIRED")
        required(not any(is_malformed(*field) for field in ids_of(request)), "MALFORMED_ID")
        if call.kind == "anyone" and not rpc.anyone:
            raise Refused(UNAUTHENTICATED)
        if call.on_behalf and rpc.never_on_behalf:
            raise Refused(PERMISSION_DENIED, "ON_BEHALF_NOT_ALLOWED")

    # Who may do what

    def role(self, organization, user):
        """Rule 20: roles are read live. Someone who is not active has none."""
        place = self.organizations.get(organization)
        if not place or user not in place.members or self.users[user].state != UserState.ACTIVE:
            return Role.UNSPECIFIED
        return place.members[user].role

    def is_platform(self, call, role):
        """Section 3: on behalf of a user, platform roles are off. A platform administrator is a reviewer too."""
        if call.kind == "operator":
            return True
        if call.kind != "user" or call.on_behalf:
            return False
        held = self.users[call.user].platform_roles
        return role in held or PlatformRole.PLATFORM_ADMIN in held

    def is_admin(self, call):
        return self.is_platform(call, PlatformRole.PLATFORM_ADMIN)

    def may(self, call, action, organization=""):
        row = POLICY[action]
        if row["platform"] and self.is_admin(call):
            return True
        if row["scope"] != "-" and (call.kind == "service" or call.on_behalf) and row["scope"] not in call.scopes:
            return False
        if call.kind == "service":
            return row["scope"] != "-"
        if row["reviewer"] and self.is_platform(call, PlatformRole.REVIEWER):
            return True
        if call.kind != "user":
            return False
        return row[ROLES[self.role(organization, call.user)]]

    def authorize(self, call, action, organization=""):
        if not self.may(call, action, organization):
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        call.absent |= bool(organization) and organization not in self.organizations

    # Events

    @rpc("EventService/ListEvents")
    def list_events(self, call, request):
        """Who may read them; what they say, the test looks at itself."""
        name = request["organization_id"]
        self.authorize(call, "read events", name)
        if name:
            self.for_whom_it_is_there(call, self.organization(name))
        elif call.on_behalf:
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        return {}

    # Time

    def advance(self, seconds):
        """Rule 44: everything follows one clock."""
        self.now += seconds
        self.purge_organizations()


@dataclasses.dataclass
class FirstAnswer:
    """Rule 34: what a replay within 24 hours gets."""
    time: int
    request: dict
    fields: dict


def is_malformed(field, value):
    return value == "malformed" or not value and (field.endswith("_ids") or field == "document_id")


def ids_of(request):
    """Every id in a request."""
    for key, value in request.items():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from ids_of(part)
            elif key == "id" or key.endswith("_id") or key.endswith("_ids"):
                yield key, part
