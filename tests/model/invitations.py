# SPDX-License-Identifier: Apache-2.0
"""Inviting people by e-mail (SPEC.md, rules 1 to 13)."""
import dataclasses

from words import (ALREADY_EXISTS, DAY, FAILED_PRECONDITION, HOUR, NOT_FOUND, PERMISSION_DENIED,
                   RESOURCE_EXHAUSTED, UNAUTHENTICATED, InvitationState, Refused, Role, UserState, Verification,
                   canonical, changes, required, rpc)

SPENT_FOR = 30 * DAY
State = InvitationState


@dataclasses.dataclass
class Invitation:
    name: str
    organization: str
    email: str
    role: Role
    invited_by: str
    expires: int
    token: str  # the one that is alive: a resend replaces it
    finished: State = None
    accepted_by: str = ""
    finish_time: int = None

    def state(self, now):
        """Rules 9 and 44: expiry is derived at read."""
        return self.finished or (State.EXPIRED if now >= self.expires else State.PENDING)

    def finish(self, state, now, user=""):
        self.finished, self.finish_time, self.accepted_by = state, now, user


def expiry(request):
    """Rule 9: 7 days unless told otherwise, from 1 hour to 30 days."""
    seconds = request.part("expire_after").get("seconds", 7 * DAY)
    required(HOUR <= seconds <= 30 * DAY, "EXPIRY_OUT_OF_RANGE")
    return seconds


def check_email(email):
    """Rule 38: what reaches a mail header holds no line break."""
    required("@" in email and "\n" not in email, "INVALID_EMAIL", "FIELD_REQUIRED")


class Invitations:
    def pending(self, organization):
        return [i for i in self.invitations.values()
                if i.organization == organization.name and i.state(self.now) == State.PENDING]

    def revoke_all(self, organization):
        """Rule 7: deleting or suspending kills every link at once."""
        for invitation in self.pending(organization):
            invitation.finish(State.REVOKED, self.now)

    def forget_invitation(self, invitation):
        """Rule 30: an erased person's open invitations go."""
        if invitation.state(self.now) == State.PENDING:
            del self.invitations[invitation.name]

    def may_invite(self, inviter, organization, role):
        """Rule 8: whether the inviter could still give that role."""
        if inviter == "operator":
            return True
        person = self.users[inviter]
        if person.state != UserState.ACTIVE:
            return False
        return person.is_platform_admin or self.role(organization, inviter) >= (
            Role.OWNER if role == Role.OWNER else Role.ADMIN)

    def orphaned_by(self, organization, user):
        """The pending invitations of a member that nobody could accept once they are gone."""
        return 0 if self.users[user].is_platform_admin else sum(
            i.invited_by == user for i in self.pending(organization))

    def authorize_inviting(self, call, organization, role):
        self.authorize(call, "invite owner" if role == Role.OWNER else "invite", organization)

    def refuse_unless_inviting(self, organization):
        """Rule 1."""
        organization.refuse_unless_live()
        if organization.verification != Verification.VERIFIED:
            raise Refused(FAILED_PRECONDITION, "ORGANIZATION_NOT_VERIFIED")

    def invitation_view(self, invitation):
        return {"id": invitation.name, "organization_id": invitation.organization, "email": invitation.email,
                "role": invitation.role, "state": invitation.state(self.now), "invited_by": invitation.invited_by}

    def invite(self, call, organization, email, role, expire_after, label):
        """One address: rules 3 and 12."""
        check_email(email)
        if any(canonical(self.users[user].email) == canonical(email) for user in organization.members):
            raise Refused(ALREADY_EXISTS, "ALREADY_A_MEMBER")
        pending = self.pending(organization)
        if any(canonical(i.email) == canonical(email) for i in pending):
            raise Refused(ALREADY_EXISTS, "ALREADY_INVITED")
        limit = organization.fields["seat_limit"]
        if limit and len(organization.members) + len(pending) >= limit:
            raise Refused(RESOURCE_EXHAUSTED, "SEAT_LIMIT")
        name = f"inv#{label}"
        invitation = self.invitations[name] = Invitation(
            name, organization.name, email.strip(), role, call.invited_by, self.now + expire_after, f"token#{label}")
        self.tokens[invitation.token] = invitation
        call.changed = True
        return self.invitation_view(invitation)

    @changes("InvitationService/CreateInvitation", "organization_id")
    def create_invitation(self, call, request):
        role = request["role"] or Role.UNSPECIFIED
        self.authorize_inviting(call, request["organization_id"], role)
        required(role in (Role.MEMBER, Role.ADMIN, Role.OWNER), "UNKNOWN_ENUM_VALUE", "FIELD_REQUIRED")
        expire_after = expiry(request)
        check_email(request["email"])
        organization = self.organization(request["organization_id"])
        self.refuse_unless_inviting(organization)
        return {"invitation": self.invite(call, organization, request["email"], role, expire_after, call.label)}

    @changes("InvitationService/BatchCreateInvitations", "organization_id")
    def create_invitations(self, call, request):
        """Rule 11: each address on its own."""
        role, emails = request["role"] or Role.UNSPECIFIED, request["emails"] or []
        self.authorize_inviting(call, request["organization_id"], role)
        required(role in (Role.MEMBER, Role.ADMIN, Role.OWNER), "UNKNOWN_ENUM_VALUE", "FIELD_REQUIRED")
        expire_after = expiry(request)
        required(1 <= len(emails) <= 100, "BATCH_SIZE")
        organization = self.organization(request["organization_id"])
        self.refuse_unless_inviting(organization)
        results = []
        for index, email in enumerate(emails):
            try:
                view = self.invite(call, organization, email, role, expire_after, f"{call.label}.{index}")
                results.append({"email": email, "invitation": view, "error": None})
            except Refused as refused:
                results.append({"email": email, "invitation": None, "error": refused})
        return {"results": results}

    def invitation(self, organization, name):
        """Rule 22: one of this organization's."""
        invitation = self.invitations.get(name)
        if not invitation or invitation.organization != organization.name:
            raise Refused(NOT_FOUND, "INVITATION_NOT_FOUND")
        return invitation

    @rpc("InvitationService/GetInvitation", "organization_id", "invitation_id")
    def get_invitation(self, call, request):
        self.authorize(call, "invite", request["organization_id"])
        organization = self.for_whom_it_is_there(call, self.organization(request["organization_id"]))
        return {"invitation": self.invitation_view(self.invitation(organization, request["invitation_id"]))}

    @rpc("InvitationService/ListInvitations", "organization_id")
    def list_invitations(self, call, request):
        self.authorize(call, "invite", request["organization_id"])
        organization = self.for_whom_it_is_there(call, self.organization(request["organization_id"]))
        return {"invitations": [self.invitation_view(i) for i in self.invitations.values()
                                if i.organization == organization.name
                                and (not request["state"] or i.state(self.now) == request["state"])]}

    @rpc("InvitationService/ListMyInvitations")
    def list_my_invitations(self, call, request):
        if call.kind != "user":
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        mine = canonical(self.users[call.user].email)
        return {"invitations": [
            {"invitation": self.invitation_view(i),
             "organization_handle": self.organizations[i.organization].handle}
            for i in self.invitations.values() if canonical(i.email) == mine and i.state(self.now) == State.PENDING]}

    def authorize_finishing(self, call, request):
        """Resend and revoke need the right to give the invitation's role."""
        name = request["organization_id"]
        invitation = self.invitations.get(request["invitation_id"])
        role = invitation.role if invitation and invitation.organization == name else Role.MEMBER
        self.authorize_inviting(call, name, role)
        call.absent |= request["invitation_id"] not in self.invitations

    def refuse_finished(self, invitation):
        if invitation.state(self.now) != State.PENDING:
            raise Refused(FAILED_PRECONDITION, "INVITATION_FINISHED")

    @changes("InvitationService/ResendInvitation", "organization_id", "invitation_id")
    def resend(self, call, request):
        """Rule 7: keeps the id, replaces the token, renews the expiry."""
        self.authorize_finishing(call, request)
        expire_after = expiry(request)
        organization = self.organization(request["organization_id"])
        invitation = self.invitation(organization, request["invitation_id"])
        self.refuse_unless_inviting(organization)
        self.refuse_finished(invitation)
        invitation.token, invitation.expires = f"token#{call.label}", self.now + expire_after
        invitation.invited_by = call.invited_by
        self.tokens[invitation.token] = invitation
        call.changed = True
        return {"invitation": self.invitation_view(invitation)}

    @changes("InvitationService/RevokeInvitation", "organization_id", "invitation_id")
    def revoke(self, call, request):
        self.authorize_finishing(call, request)
        organization = self.organization(request["organization_id"])
        invitation = self.invitation(organization, request["invitation_id"])
        organization.refuse_unless_live()
        self.refuse_finished(invitation)
        invitation.finish(State.REVOKED, self.now)
        call.changed = True
        return {"invitation": self.invitation_view(invitation)}

    # With the link's token

    def by_token(self, call, token):
        """Rules 4 and 6: only a holder of a live token learns more; only who accepted and still belongs hears so."""
        invitation = self.tokens.get(token)
        if not invitation or invitation.token != token or invitation.name not in self.invitations:
            raise Refused(NOT_FOUND, "TOKEN_INVALID")
        if invitation.finished == State.ACCEPTED and call.user and invitation.accepted_by == call.user and \
                call.user in self.organizations[invitation.organization].members and \
                self.now - invitation.finish_time < SPENT_FOR:
            raise Refused(ALREADY_EXISTS, "ALREADY_A_MEMBER")
        if invitation.state(self.now) != State.PENDING:
            raise Refused(NOT_FOUND, "TOKEN_INVALID")
        return invitation

    @rpc("InvitationService/LookUpInvitation", anyone=True)
    def look_up(self, call, request):
        invitation = self.by_token(call, request["token"])
        return {"invitation_id": invitation.name, "email": invitation.email, "role": invitation.role,
                "organization_handle": self.organizations[invitation.organization].handle}

    def accept_as(self, call, invitation, user):
        organization = self.organizations[invitation.organization]
        self.refuse_unless_inviting(organization)
        if not self.may_invite(invitation.invited_by, organization.name, invitation.role):
            raise Refused(FAILED_PRECONDITION, "INVITER_NOT_AUTHORIZED")
        self.join(organization, user, invitation.role, invitation.invited_by)
        invitation.finish(State.ACCEPTED, self.now, user)
        call.changed = True
        return organization

    @changes("InvitationService/AcceptInvitation")
    def accept(self, call, request):
        if call.kind != "user":
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        invitation = self.by_token(call, request["token"])
        if canonical(self.users[call.user].email) != canonical(invitation.email):
            raise Refused(FAILED_PRECONDITION, "EMAIL_MISMATCH")
        organization = self.accept_as(call, invitation, call.user)
        return {"member": self.member_view(organization, call.user)}

    @changes("InvitationService/DeclineInvitation", one_of=("invitation_id",), anyone=True)
    def decline(self, call, request):
        """With the token, or, as the invited user, with the id."""
        if "token" in request:
            invitation = self.by_token(call, request["token"])
        else:
            required("invitation_id" in request, "FIELD_REQUIRED")
            if call.kind == "anyone":
                raise Refused(UNAUTHENTICATED)
            invitation = self.invitations.get(request["invitation_id"])
            if call.kind != "user" or not invitation or \
                    canonical(self.users[call.user].email) != canonical(invitation.email):
                raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
            self.refuse_finished(invitation)
        invitation.finish(State.DECLINED, self.now)
        call.changed = True
        return {}
