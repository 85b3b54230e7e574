# SPDX-License-Identifier: Apache-2.0
"""Who belongs to an organization (SPEC.md, rules 16 to 22)."""
import dataclasses

from words import (ABORTED, FAILED_PRECONDITION, NOT_FOUND, Refused, Role, UserState, changes,
                   required, rpc)


@dataclasses.dataclass
class Membership:
    role: Role
    invited_by: str
    place: int
    owner_since: int


class Members:
    def join(self, organization, user, role, invited_by):
        place = self.next()
        organization.members[user] = Membership(role, invited_by, place, place)

    def part(self, organization, user):
        """Someone is gone. Rule 19: when it was the primary contact, the longest-standing Owner takes over."""
        del organization.members[user]
        self.hand_over(organization)

    def hand_over(self, organization):
        owners = self.owners(organization)
        if organization.contact not in owners:
            active = self.owners(organization, active=True)
            organization.contact = (active or owners or [""])[0]

    def refuse_last_owner(self, organization, user):
        """Rule 16: there is always at least one Owner. Rule 17: who is not active does not count."""
        others = [owner for owner in self.owners(organization, active=True) if owner != user]
        if organization.members[user].role == Role.OWNER and not others:
            raise Refused(FAILED_PRECONDITION, "LAST_OWNER")

    def member(self, organization, user):
        if user not in organization.members:
            raise Refused(NOT_FOUND, "MEMBER_NOT_FOUND")
        return organization.members[user]

    def member_view(self, organization, user):
        member, person = organization.members[user], self.users[user]
        return {"organization_id": organization.name, "user_id": user, "role": member.role,
                "invited_by": "" if member.invited_by == "operator" else member.invited_by,
                "display_name": person.display_name, "email": person.email,
                "primary_contact": organization.contact == user}

    @rpc("MemberService/GetMember", "organization_id", "user_id")
    def get_member(self, call, request):
        self.authorize(call, "get organization", request["organization_id"])
        organization = self.for_whom_it_is_there(call, self.organization(request["organization_id"]))
        self.member(organization, request["user_id"])
        return {"member": self.member_view(organization, request["user_id"])}

    @rpc("MemberService/ListMembers", "organization_id")
    def list_members(self, call, request):
        self.authorize(call, "get organization", request["organization_id"])
        organization = self.for_whom_it_is_there(call, self.organization(request["organization_id"]))
        joined = sorted((m.place, user) for user, m in organization.members.items()
                        if not request["role"] or m.role == request["role"])
        return {"members": [self.member_view(organization, user) for _, user in joined]}

    def role_of(self, organization, user):
        """The role of a target, whoever it is; none when there is no such thing."""
        place = self.organizations.get(organization)
        return place.members[user].role if place and user in place.members else Role.UNSPECIFIED

    @changes("MemberService/ChangeRole", "organization_id", "user_id")
    def change_role(self, call, request):
        """Rule 18: an Admin cannot mint or demote an Owner."""
        name, user, role = request["organization_id"], request["user_id"], request["role"] or Role.UNSPECIFIED
        self.authorize(call, "change role", name)
        required(role in (Role.MEMBER, Role.ADMIN, Role.OWNER), "UNKNOWN_ENUM_VALUE")
        if Role.OWNER in (role, self.role_of(name, user)):
            self.authorize(call, "change owner", name)
        organization = self.organization(name)
        member = self.member(organization, user)
        organization.refuse_unless_live()
        if request["etag"]:
            raise Refused(ABORTED, "ETAG_MISMATCH")
        if member.role == role:
            return {"member": self.member_view(organization, user)}
        if role == Role.OWNER and self.users[user].state != UserState.ACTIVE:
            raise Refused(FAILED_PRECONDITION, "USER_NOT_ACTIVE")
        self.refuse_last_owner(organization, user)
        member.role, member.owner_since = role, self.next()
        self.hand_over(organization)
        call.changed = True
        return {"member": self.member_view(organization, user)}

    @changes("MemberService/RemoveMember", "organization_id", "user_id")
    def remove(self, call, request):
        name, user = request["organization_id"], request["user_id"]
        self.authorize(call, "remove member", name)
        if self.role_of(name, user) == Role.OWNER:
            self.authorize(call, "remove owner", name)
        required(user != call.user, "USE_LEAVE")
        organization = self.organization(name)
        self.member(organization, user)
        organization.refuse_unless_live()
        self.refuse_last_owner(organization, user)
        view = self.member_view(organization, user)
        orphaned = self.orphaned_by(organization, user)
        if not request["validate_only"]:
            self.part(organization, user)
            call.changed = True
        return {"member": view, "invitations": orphaned}

    @changes("MemberService/LeaveOrganization", "organization_id")
    def leave(self, call, request):
        self.authorize(call, "leave", request["organization_id"])
        organization = self.organization(request["organization_id"])
        if organization.deleted is None:
            self.refuse_last_owner(organization, call.user)
        self.part(organization, call.user)
        call.changed = True
        return {}
