# SPDX-License-Identifier: Apache-2.0
"""Organizations: their life and their verification (SPEC.md, section 2 and rules 24 to 29)."""
import dataclasses
import re

from policy import POLICY, ROLES
from words import (ABORTED, ALREADY_EXISTS, DAY, FAILED_PRECONDITION, NOT_FOUND, PERMISSION_DENIED,
                   RESOURCE_EXHAUSTED, Fields, Lifecycle, Refused, Role, UserState, Verification, changes,
                   required, rpc)

RESTORABLE, HANDLE_RESERVED = 30 * DAY, 90 * DAY
UNVERIFIED_PER_CREATOR = 5
EDITABLE = ("display_name", "website", "description", "seat_limit")
VERIFIED_FIELDS = ("legal_name", "website", "country")

V = Verification
# What a reviewer or an Owner may do in which state, and where it leads.
TRANSITIONS = {
    "Verify": {V.PENDING: V.VERIFIED, V.REVERIFYING: V.VERIFIED},
    "Reject": {state: V.REJECTED for state in (V.PENDING, V.NEEDS_INFORMATION, V.VERIFIED, V.REVERIFYING)},
    "RequestInformation": {V.PENDING: V.NEEDS_INFORMATION, V.REVERIFYING: V.REVERIFYING},
    "Answer": {V.NEEDS_INFORMATION: V.PENDING, V.REVERIFYING: V.REVERIFYING},
    "Withdraw": {state: V.UNVERIFIED for state in (V.PENDING, V.NEEDS_INFORMATION, V.REVERIFYING)},
    "Resubmit": {V.REJECTED: V.PENDING, V.UNVERIFIED: V.PENDING},
}


@dataclasses.dataclass
class Decision:
    before: int
    after: int
    actor: str
    for_platform: bool  # decided as one of the platform, not as one of the organization
    note: str = ""
    private_note: str = ""


@dataclasses.dataclass
class Organization:
    name: str
    handle: str
    creator: str
    verified_since: int = 0  # since when it is in its verification state, as time and as order
    place: int = 0
    verification: Verification = V.PENDING
    suspended: bool = False
    deleted: int = None  # when
    contact: str = ""
    members: dict = dataclasses.field(default_factory=dict)
    decisions: list = dataclasses.field(default_factory=list)
    fields: dict = dataclasses.field(default_factory=dict)

    @property
    def lifecycle(self):
        if self.deleted is not None:
            return Lifecycle.DELETED
        return Lifecycle.SUSPENDED if self.suspended else Lifecycle.ACTIVE

    def refuse_unless_live(self):
        """Rules 1 and 29: a deleted or suspended organization refuses writes."""
        if self.lifecycle != Lifecycle.ACTIVE:
            raise Refused(FAILED_PRECONDITION, f"ORGANIZATION_{self.lifecycle.name}")

    def refuse_deleted(self):
        if self.deleted is not None:
            raise Refused(FAILED_PRECONDITION, "ORGANIZATION_DELETED")


def is_admin_only(fields):
    return fields["seat_limit"] not in ("", 0)


def check_text(fields, mask):
    """Rule 38: display names that are URLs are refused."""
    required("display_name" not in mask or fields["display_name"], "FIELD_REQUIRED")
    required("display_name" not in mask or not fields["display_name"].startswith("https:"), "NAME_IS_A_URL")
    required("website" not in mask or not fields["website"] or fields["website"].startswith("https:"), "INVALID_URL")


class Organizations:
    def organization(self, name):
        if name not in self.organizations:
            raise Refused(NOT_FOUND, "ORGANIZATION_NOT_FOUND")
        return self.organizations[name]

    def for_whom_it_is_there(self, call, organization):
        """A deleted organization is found by its Owners, reviewers, platform administrators and services."""
        if organization.deleted is not None and call.kind == "user" and \
                not self.may(call, "decide verification") and \
                self.role(organization.name, call.user) != Role.OWNER:
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        return organization

    def owners(self, organization, active=False):
        """An organization's Owners, longest-standing first. Rule 17: only active ones guard it."""
        owners = [(m.owner_since, user) for user, m in organization.members.items() if m.role == Role.OWNER]
        return [user for _, user in sorted(owners)
                if not active or self.users[user].state == UserState.ACTIVE]

    def organization_view(self, organization):
        pending = 0 if organization.deleted is not None else len(self.pending(organization))
        return {"id": organization.name, "handle": organization.handle, "verification": organization.verification,
                "lifecycle": organization.lifecycle, "primary_contact": organization.contact,
                "owners": self.owners(organization), "member_count": len(organization.members),
                "pending_count": pending, **organization.fields}

    @changes("OrganizationService/CreateOrganization")
    def create(self, call, request):
        fields = request.part("organization")
        self.authorize(call, "create organization")
        if not self.is_admin(call) and (request["owner_user_id"] or is_admin_only(fields)):
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        owner = request["owner_user_id"] or call.user
        required(owner, "FIELD_REQUIRED")
        handle = fields["handle"].strip().lower()
        # Of several fields that are wrong, any may be named.
        well_formed = re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])", handle)
        required(well_formed and fields["display_name"], "INVALID_HANDLE", "FIELD_REQUIRED")
        check_text(fields, EDITABLE)
        required(handle not in ("admin", "www", "api"), "RESERVED_HANDLE")
        if owner not in self.users:
            raise Refused(NOT_FOUND, "USER_NOT_FOUND")
        if self.users[owner].state != UserState.ACTIVE:
            raise Refused(FAILED_PRECONDITION, "USER_NOT_ACTIVE")
        if handle in self.handles and self.handles[handle] > self.now:
            raise Refused(ALREADY_EXISTS, "HANDLE_TAKEN")
        if sum(o.creator == owner and o.verification != V.VERIFIED
               for o in self.organizations.values()) >= UNVERIFIED_PER_CREATOR:
            raise Refused(RESOURCE_EXHAUSTED, "UNVERIFIED_ORGANIZATION_LIMIT")
        name = f"org#{call.label}"
        organization = self.organizations[name] = Organization(
            name, handle, owner, verified_since=self.now, place=self.next(), contact=owner,
            fields={field: fields[field] or (0 if field == "seat_limit" else "") for field in EDITABLE})
        self.handles[handle] = float("inf")
        self.join(organization, owner, Role.OWNER, "")
        call.changed = True
        return {"organization": self.organization_view(organization)}

    @rpc("OrganizationService/GetOrganization", one_of=("organization_id",))
    def get(self, call, request):
        name = request["organization_id"]
        if request["handle"]:
            name = next((o.name for o in self.organizations.values() if o.handle == request["handle"].lower()), "none")
        self.authorize(call, "get organization", name)
        organization = self.for_whom_it_is_there(call, self.organization(name))
        member = organization.members.get(call.user)
        return {"organization": self.organization_view(organization),
                "role": member.role if member else Role.UNSPECIFIED}

    @rpc("OrganizationService/ListOrganizations")
    def list(self, call, request):
        self.authorize(call, "list organizations")
        wanted = request["lifecycle"]
        return {"organizations": [
            self.organization_view(o) for o in self.organizations.values()
            if (o.lifecycle == wanted if wanted else o.deleted is None)
            and (not request["verification"] or o.verification == request["verification"])]}

    @rpc("OrganizationService/ListMyOrganizations")
    def list_mine(self, call, request):
        user = request["user_id"] or call.user
        self.authorize_for(call, user)
        if user not in self.users:
            raise Refused(NOT_FOUND, "USER_NOT_FOUND")
        joined = sorted((o.members[user].place, o) for o in self.organizations.values()
                        if user in o.members and o.deleted is None)
        return {"organizations": [{"organization": self.organization_view(o), "role": o.members[user].role}
                                  for _, o in joined]}

    def refuse_seat_limit(self, call, fields, paths):
        """Rule 12: a platform administrator sets it. Anybody else may name it no more than give another one."""
        place = self.organizations.get(fields["id"])
        another = fields["seat_limit"] and place and fields["seat_limit"] != place.fields["seat_limit"]
        if not self.is_admin(call) and ("seat_limit" in paths if paths else another):
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")

    @changes("OrganizationService/UpdateOrganization", "organization.id")
    def update(self, call, request):
        """Rule 37; rule 26: a verified field of a verified organization puts it in REVERIFYING."""
        fields = request.part("organization")
        mask = request.part("update_mask").get("paths") or [f for f in EDITABLE if fields[f]]
        self.authorize(call, "update profile", fields["id"])
        if "*" in mask:
            mask = [f for f in EDITABLE if f != "seat_limit" or self.is_admin(call)]
        self.refuse_seat_limit(call, fields, request.part("update_mask").get("paths"))
        required(all(field in EDITABLE for field in mask), "UPDATE_MASK")
        check_text(fields, mask)
        organization = self.organization(fields["id"])
        organization.refuse_unless_live()
        if fields["etag"]:
            raise Refused(ABORTED, "ETAG_MISMATCH")
        changed = {f: fields[f] or (0 if f == "seat_limit" else "") for f in mask}
        changed = {f: value for f, value in changed.items() if organization.fields[f] != value}
        if changed:
            organization.fields.update(changed)
            call.changed = True
            if organization.verification == V.VERIFIED and any(f in VERIFIED_FIELDS for f in changed):
                self.decide(call, organization, "update profile", V.REVERIFYING)
        return {"organization": self.organization_view(organization)}

    @changes("OrganizationService/DeleteOrganization", "organization_id")
    def delete(self, call, request):
        """Rule 28."""
        self.authorize(call, "delete organization", request["organization_id"])
        organization = self.organization(request["organization_id"])
        required(request["validate_only"] or request["confirm_handle"] == organization.handle,
                 "CONFIRMATION_MISMATCH")
        organization.refuse_deleted()
        if organization.suspended and not self.is_admin(call):
            raise Refused(FAILED_PRECONDITION, "ORGANIZATION_SUSPENDED")
        grants = sum(g.organization == organization.name for g in self.grants.values())
        affected = {"members": len(organization.members), "invitations": len(self.pending(organization)),
                    "grants": range(grants, grants + self.leaving.count(organization.name) + 1)}
        if request["validate_only"]:
            return {**affected, "organization": None}
        self.revoke_all(organization)
        organization.deleted = self.now
        self.handles[organization.handle] = self.now + HANDLE_RESERVED
        call.changed = True
        return {**affected, "organization": self.organization_view(organization)}

    @changes("OrganizationService/UndeleteOrganization", "organization_id")
    def undelete(self, call, request):
        self.authorize(call, "delete organization", request["organization_id"])
        organization = self.organization(request["organization_id"])
        if organization.deleted is None:
            raise Refused(ALREADY_EXISTS, "ORGANIZATION_NOT_DELETED")
        if not self.owners(organization, active=True):
            raise Refused(FAILED_PRECONDITION, "NO_ACTIVE_OWNER")
        organization.deleted = None
        self.handles[organization.handle] = float("inf")
        call.changed = True
        return {"organization": self.organization_view(organization)}

    def purge_organizations(self):
        for name, organization in list(self.organizations.items()):
            if organization.deleted is not None and self.now - organization.deleted >= RESTORABLE:
                del self.organizations[name]
                self.grants = {g: grant for g, grant in self.grants.items() if grant.organization != name}
                self.invitations = {i: inv for i, inv in self.invitations.items() if inv.organization != name}

    @changes("OrganizationService/SuspendOrganization", "organization_id")
    def suspend(self, call, request):
        """Rule 29."""
        self.authorize(call, "suspend", request["organization_id"])
        required(request["reason"], "FIELD_REQUIRED", "FIELD_TOO_SHORT")
        organization = self.organization(request["organization_id"])
        organization.refuse_deleted()
        if not organization.suspended:
            self.revoke_all(organization)
            organization.suspended = call.changed = True
        return {"organization": self.organization_view(organization)}

    @changes("OrganizationService/UnsuspendOrganization", "organization_id")
    def unsuspend(self, call, request):
        self.authorize(call, "suspend", request["organization_id"])
        organization = self.organization(request["organization_id"])
        organization.refuse_deleted()
        call.changed = organization.suspended
        organization.suspended = False
        return {"organization": self.organization_view(organization)}

    @changes("OrganizationService/SetPrimaryContact", "organization_id", "user_id")
    def set_primary_contact(self, call, request):
        """Rule 19."""
        self.authorize(call, "set primary contact", request["organization_id"])
        organization = self.organization(request["organization_id"])
        organization.refuse_unless_live()
        if request["user_id"] not in self.owners(organization, active=True):
            raise Refused(FAILED_PRECONDITION, "NOT_AN_OWNER")
        call.changed = organization.contact != request["user_id"]
        organization.contact = request["user_id"]
        return {"organization": self.organization_view(organization)}

    # Verification

    def decide(self, call, organization, action, state, request=Fields()):
        """Every step of the dialogue is kept (rule 25)."""
        own = POLICY[action][ROLES[self.role(organization.name, call.user)]]
        organization.decisions.append(Decision(organization.verification, state, call.invited_by, not own,
                                               request["note"], request["private_note"]))
        if organization.verification != state:
            organization.verified_since, organization.place = self.now, self.next()
        organization.verification = state
        call.changed = True
        return organization.decisions[-1]

    def transition(self, call, request, action, step):
        organization = self.organization(request["organization_id"])
        if request["etag"]:
            raise Refused(ABORTED, "ETAG_MISMATCH")
        organization.refuse_unless_live()
        state = TRANSITIONS[step].get(organization.verification)
        if state is None:
            raise Refused(FAILED_PRECONDITION, "ILLEGAL_TRANSITION")
        decision = self.decide(call, organization, action, state, request)
        return {"organization": self.organization_view(organization),
                "decision": {"from": decision.before, "to": decision.after}}

    def review(self, call, request, step, *needed):
        self.authorize(call, "decide verification", request["organization_id"])
        required(all(request[field] for field in needed) and request["reason"] in ("", *range(7)),
                 "FIELD_REQUIRED", "UNKNOWN_ENUM_VALUE")
        return self.transition(call, request, "decide verification", step)

    def reply(self, call, request, step, *needed):
        self.authorize(call, "answer reviewers", request["organization_id"])
        required(all(request[field] for field in needed), "FIELD_REQUIRED")
        return self.transition(call, request, "answer reviewers", step)

    @changes("VerificationService/VerifyOrganization", "organization_id")
    def verify(self, call, request):
        return self.review(call, request, "Verify")

    @changes("VerificationService/RejectOrganization", "organization_id")
    def reject(self, call, request):
        return self.review(call, request, "Reject", "reason", "note")

    @changes("VerificationService/RequestInformation", "organization_id")
    def request_information(self, call, request):
        return self.review(call, request, "RequestInformation", "note")

    @changes("VerificationService/AnswerReviewer", "organization_id")
    def answer_reviewer(self, call, request):
        return self.reply(call, request, "Answer", "note")

    @changes("VerificationService/Withdraw", "organization_id")
    def withdraw(self, call, request):
        return self.reply(call, request, "Withdraw")

    @changes("VerificationService/Resubmit", "organization_id")
    def resubmit(self, call, request):
        return self.reply(call, request, "Resubmit")

    @rpc("VerificationService/ListQueue")
    def list_queue(self, call, request):
        """Rule 25: reviewers see a queue, oldest first."""
        self.authorize(call, "decide verification")
        waiting = sorted((o.place, o) for o in self.organizations.values()
                         if o.verification in (V.PENDING, V.REVERIFYING) and o.lifecycle == Lifecycle.ACTIVE)
        return {"entries": [{"organization": self.organization_view(o)} for _, o in waiting]}

    @rpc("VerificationService/ListDecisions", "organization_id")
    def list_decisions(self, call, request):
        """Rule 42: to the organization's own people reviewers are "platform", and private notes are not there."""
        name = request["organization_id"]
        self.authorize(call, "list decisions", name)
        organization = self.for_whom_it_is_there(call, self.organization(name))
        insider = not self.may(call, "decide verification")
        return {"decisions": [
            {"from": d.before, "to": d.after, "note": d.note, "private_note": "" if insider else d.private_note,
             "actor": "platform" if insider and d.for_platform else d.actor}
            for d in organization.decisions]}
