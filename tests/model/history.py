# SPDX-License-Identifier: Apache-2.0
"""Random histories over a tiny alphabet, so that what is rare elsewhere happens often."""
import dataclasses
import random

from invitations import SPENT_FOR
from words import DAY, HOUR, InvitationState, Permission, PlatformRole, Role, UserState

PASSWORD = "correct horse battery staple"
PEOPLE = ("ada", "bob", "cyd", "dan", "rex", "pia")  # rex is a reviewer, pia a platform administrator
STRANGERS = ("gil", "hal")  # nobody has an account with these addresses at first
HANDLES = ("acme", "brio", "cobe", "dune")
KEYS = {"all": ["act", "check", "documents", "events", "organizations.read"], "act": ["act"], "check": ["check"],
        "documents": ["documents"], "events": ["events"], "read": ["organizations.read"]}
KILLED = 0.002
AGES_OF_SESSIONS = 13 * DAY  # until then a session is certainly good: orgd keeps its last use to the hour alone
SEASONS = (16 * DAY, 31 * DAY, 61 * DAY)
MOMENTS = (HOUR, 6 * HOUR, DAY, 2 * DAY)


@dataclasses.dataclass
class Step:
    """One call, or "advance" (the clock) or "compare" (everything)."""
    label: str
    method: str
    credential: str = "operator"
    on_behalf: str = ""
    request: dict = dataclasses.field(default_factory=dict)
    request_id: str = ""
    crash: bool = False  # orgd is killed while the call is under way, and the call sent again

    def __str__(self):
        who = self.credential or "anyone"
        if "/" not in self.method:
            return f"{self.label}: {self.method} {self.request or ''}"
        replay = "" if self.request_id.endswith(f"-{self.label}") else f"  (request id {self.request_id})"
        replay += "  (and a kill)" if self.crash else ""
        return f"{self.label}: {who}{' for ' + self.on_behalf if self.on_behalf else ''}: {self.method} " \
               f"{self.request}{replay}"


def call(label, method, credential="operator", on_behalf="", **request):
    return Step(str(label), method, credential, on_behalf, request, f"request-of-step-{label}")


def address(name):
    return f"{name}@example.com"


def prelude():
    """The people with their sessions, the keys and the documents that every history begins with."""
    for name in PEOPLE:
        yield call(name, "UserService/SignUp", "", email=address(name), password=PASSWORD, display_name=name.title())
        yield call(f"{name}.verify", "UserService/VerifyEmail", "", token=f"token#{name}")
        yield call(name + ".0", "SessionService/SignIn", "", email=address(name), password=PASSWORD)
    yield call("reviewer", "UserService/SetPlatformRoles", user_id="usr#rex", platform_roles=[PlatformRole.REVIEWER])
    yield call("admin", "UserService/SetPlatformRoles", user_id="usr#pia", platform_roles=[PlatformRole.PLATFORM_ADMIN])
    for name, scopes in KEYS.items():
        yield call(name, "ApiKeyService/CreateApiKey", api_key={"display_name": name, "scopes": scopes})
    for number in range(3):
        yield call(f"d{number}", "DocumentService/CreateDocument", document={"title": f"D{number}", "locator": "/d"})
    for number in range(2):
        yield call(f"c{number}", "DocumentService/CreateCollection", collection={"title": f"C{number}"})


class History:
    """Draws steps one after another, looking at the model for what there is to act on."""

    def __init__(self, seed, model):
        self.random = random.Random(seed)
        self.model = model
        self.count = 0
        self.calls = []
        self.last_season = model.now
        self.operations, self.weights = zip(*self.alphabet())

    def next(self):
        self.count += 1
        self.label = str(self.count)
        while True:
            step = self.random.choices(self.operations, self.weights)[0]()
            if step:
                break
        if "/" in step.method and self.chance(KILLED):
            step = dataclasses.replace(step, crash=True)
        if "/" in step.method and step.credential and not step.request.get("password"):
            self.calls.append((self.model.now, step))
        return step

    # What to act on

    def pick(self, *things, rare=()):
        """One of the things; now and then one of the rare ones."""
        things = [t for t in things if t is not None] or [""]
        return self.random.choice(rare if rare and self.random.random() < 0.04 else things)

    def chance(self, probability):
        return self.random.random() < probability

    def an_organization(self):
        return self.pick(*self.model.organizations, rare=("org#none", "malformed", ""))

    def a_user(self):
        return self.pick(*[u.name for u in self.model.users.values() if u.email_verified][-12:],
                         rare=("usr#none", "malformed", ""))

    def a_living_user(self):
        return self.pick(*[u.name for u in self.model.users.values()
                           if u.email_verified and u.state != UserState.ERASED])

    def a_member(self, organization):
        place = self.model.organizations.get(organization)
        return self.pick(*(place.members if place and self.chance(0.85) else [self.a_user()]))

    def a_document(self):
        return self.pick(*list(self.model.documents)[-4:], rare=("doc#none", "malformed", ""))

    def a_collection(self):
        return self.pick(*list(self.model.collections)[-3:], rare=("col#none", "malformed", ""))

    def an_invitation(self):
        """More often than not one that is pending."""
        known = [*self.model.invitations.values()]
        pending = [i for i in known if i.state(self.model.now) == InvitationState.PENDING]
        return self.pick(*(pending if pending and self.chance(0.7) else known)[-12:]) or None

    def a_token(self):
        """More often than not one that is alive, and none that orgd may have forgotten."""
        pending = [i.token for i in self.model.invitations.values()
                   if i.state(self.model.now) == InvitationState.PENDING]
        if pending and self.chance(0.6):
            return self.pick(*pending)
        known = [token for token, invitation in self.model.tokens.items()
                 if invitation.finished is None or self.model.now - invitation.finish_time < SPENT_FOR]
        return self.pick(*known[-8:], rare=("token#none", "x", ""))

    def an_address(self):
        name = self.pick(*PEOPLE, *STRANGERS)
        return self.pick(address(name), address(name), address(name), address(name).title(),
                         rare=("", "nobody", "a@b\ncc:d@example.com"))

    def a_role(self):
        return self.pick(Role.MEMBER, Role.ADMIN, Role.OWNER, rare=(Role.UNSPECIFIED, 7))

    # Who calls

    def as_user(self, user):
        """A credential of theirs: a session that lives, or now and then a service on their behalf."""
        sessions = [name for name, s in self.model.sessions.items()
                    if s.user == user and s.end_time(self.model.now) is None]
        if sessions and self.chance(0.85):
            return self.random.choice(sessions), ""
        return self.pick("secret#all", "secret#all", "secret#act"), user

    def somebody(self, organization=""):
        """A caller, more often than not one with something to say there."""
        place, draw = self.model.organizations.get(organization), self.random.random()
        if place and place.members and draw < 0.5:
            return self.as_user(self.random.choice(list(place.members)))
        if draw < 0.7:
            return "operator", ""
        if draw < 0.9:
            return self.as_user(self.a_living_user())
        if draw < 0.96:
            return f"secret#{self.pick(*KEYS)}", self.pick("", "", "", self.a_user())
        return self.pick("", "nonsense", "Bearer nonsense", "session#none", *list(self.model.sessions)[:4]), ""

    def call(self, method, where="", caller=None, **request):
        credential, on_behalf = caller or self.somebody(where)
        return call(self.label, method, credential, on_behalf, **request)

    # The alphabet

    def alphabet(self):
        return [
            (self.create_organization, 2), (self.get_organization, 3), (self.update_organization, 3),
            (self.delete_organization, 1), (self.undelete_organization, 2), (self.suspend, 0.5),
            (self.unsuspend, 2), (self.set_primary_contact, 2), (self.list_organizations, 1),
            (self.review, 7), (self.answer, 3), (self.list_decisions, 0.5), (self.list_queue, 0.3),
            (self.change_role, 7), (self.remove_member, 4), (self.leave, 1.5), (self.get_member, 1),
            (self.list_members, 1), (self.invite, 10), (self.invite_many, 2), (self.look_at_invitations, 3),
            (self.finish_invitation, 5), (self.accept, 14), (self.decline, 2), (self.look_up, 2),
            (self.change_document, 2), (self.grant, 8), (self.delete_grant, 2), (self.fill_collection, 4),
            (self.check, 10), (self.list_access, 3), (self.change_account, 3), (self.disable, 0.5),
            (self.enable, 1.5), (self.erase, 0.15), (self.platform_roles, 0.7), (self.sign_in, 0.12),
            (self.sign_up_invited, 0.15), (self.end_session, 0.15), (self.api_key, 0.5), (self.replay, 4),
            (self.list_private, 2), (self.moment, 1.5), (self.season, 0.1),]

    def create_organization(self):
        taken = {o.handle for o in self.model.organizations.values()}
        handle = self.pick(*[h for h in HANDLES if h not in taken], *HANDLES[:1], rare=("-", "admin", "ACME", ""))
        request = {"organization": {"handle": handle, "display_name": self.pick("One", rare=("", "https://x.example")),
                                    "website": "https://a.example"}}
        caller = self.somebody()
        if caller[0] == "operator" or self.chance(0.05):
            request["owner_user_id"] = self.a_user()
        if self.chance(0.2):
            request["organization"]["seat_limit"] = 4
        return self.call("OrganizationService/CreateOrganization", caller=caller, **request)

    def get_organization(self):
        name = self.an_organization()
        if self.chance(0.3):
            return self.call("OrganizationService/GetOrganization", name, handle=self.pick(*HANDLES))
        return self.call("OrganizationService/GetOrganization", name, organization_id=name)

    def list_organizations(self):
        if self.chance(0.5):
            return self.call("OrganizationService/ListMyOrganizations", user_id=self.pick("", "", self.a_user()),
                             page_size=self.pick(1, 2, 1000))
        return self.call("OrganizationService/ListOrganizations", page_size=self.pick(1, 2, 1000),
                         verification=self.pick(0, 0, 1, 2, 6), lifecycle=self.pick(0, 0, 1, 2, 3))

    def update_organization(self):
        name = self.an_organization()
        fields = {"id": name}
        if self.chance(0.5):
            fields["display_name"] = self.pick("One", "Two", rare=("https://x.example",))
        if self.chance(0.35):
            fields["website"] = self.pick("https://a.example", "https://b.example", rare=("gopher:x",))
        if self.chance(0.2):
            fields["seat_limit"] = self.pick(2, 4, 50)
        if self.chance(0.05):
            fields["etag"] = "stale"
        request = {"organization": fields}
        if len(fields) == 1 or self.chance(0.3):
            request["update_mask"] = {"paths": self.pick(["display_name"], ["website"], ["description", "website"],
                                                         ["seat_limit"], ["*"], rare=(["verification"], ["lifecycle"],
                                                                                      ["handle"], ["nothing"]))}
        return self.call("OrganizationService/UpdateOrganization", name, **request)

    def delete_organization(self):
        name = self.an_organization()
        place = self.model.organizations.get(name)
        return self.call("OrganizationService/DeleteOrganization", name, organization_id=name,
                         confirm_handle=self.pick(place.handle if place else "acme", rare=("", "wrong")),
                         validate_only=self.chance(0.6))

    def undelete_organization(self):
        deleted = [o.name for o in self.model.organizations.values() if o.deleted is not None]
        name = self.pick(*deleted) if deleted and self.chance(0.9) else self.an_organization()
        return self.call("OrganizationService/UndeleteOrganization", name, organization_id=name)

    def suspend(self):
        name = self.an_organization()
        return self.call("OrganizationService/SuspendOrganization", name, self.platform(), organization_id=name,
                         reason=self.pick("Spam", "Abuse", rare=("",)))

    def unsuspend(self):
        suspended = [o.name for o in self.model.organizations.values() if o.suspended]
        name = self.pick(*suspended) if suspended and self.chance(0.9) else self.an_organization()
        return self.call("OrganizationService/UnsuspendOrganization", name, self.platform(), organization_id=name)

    def platform(self):
        """More often than not somebody of the platform."""
        return self.pick(("operator", ""), ("operator", ""), self.as_user("usr#pia"), self.as_user("usr#rex"),
                         self.somebody())

    def set_primary_contact(self):
        name = self.an_organization()
        return self.call("OrganizationService/SetPrimaryContact", name, organization_id=name,
                         user_id=self.a_member(name))

    def review(self):
        name = self.an_organization()
        method, request = self.pick(*[("VerifyOrganization", {})] * 8,
                                    ("RejectOrganization", {"reason": self.pick(1, 6, rare=(0, 99)), "note": "No."}),
                                    ("RequestInformation", {"note": "Who?"}),
                                    rare=(("RejectOrganization", {"reason": 1}), ("RequestInformation", {}),
                                          ("VerifyOrganization", {"etag": "stale"})))
        if self.chance(0.3):
            request = {**request, "private_note": "Hm."}
        return self.call(f"VerificationService/{method}", name, self.platform(), organization_id=name, **request)

    def answer(self):
        name = self.an_organization()
        method, request = self.pick(("AnswerReviewer", {"note": "We."}), ("Withdraw", {}),
                                    *[("Resubmit", {"note": "Again."})] * 3, rare=(("AnswerReviewer", {}),))
        return self.call(f"VerificationService/{method}", name, organization_id=name, **request)

    def list_decisions(self):
        name = self.an_organization()
        return self.call("VerificationService/ListDecisions", name, organization_id=name)

    def list_queue(self):
        return self.call("VerificationService/ListQueue", caller=self.platform(), page_size=self.pick(1, 1000))

    def change_role(self):
        name = self.an_organization()
        request = {"organization_id": name, "user_id": self.a_member(name), "role": self.a_role()}
        if self.chance(0.03):
            request["etag"] = "stale"
        return self.call("MemberService/ChangeRole", name, **request)

    def remove_member(self):
        name = self.an_organization()
        return self.call("MemberService/RemoveMember", name, organization_id=name, user_id=self.a_member(name),
                         validate_only=self.chance(0.3))

    def leave(self):
        name = self.an_organization()
        return self.call("MemberService/LeaveOrganization", name, organization_id=name)

    def get_member(self):
        name = self.an_organization()
        return self.call("MemberService/GetMember", name, organization_id=name, user_id=self.a_member(name))

    def list_members(self):
        name = self.an_organization()
        return self.call("MemberService/ListMembers", name, organization_id=name, page_size=self.pick(1, 2, 1000),
                         role=self.pick(0, 0, Role.OWNER, Role.ADMIN))

    def expiry(self):
        seconds = self.pick(None, HOUR, DAY, 30 * DAY, rare=(60, 31 * DAY))
        return {} if seconds is None else {"expire_after": {"seconds": seconds}}

    def invite(self):
        name = self.an_organization()
        return self.call("InvitationService/CreateInvitation", name, organization_id=name, email=self.an_address(),
                         role=self.a_role(), **self.expiry())

    def invite_many(self):
        name = self.an_organization()
        return self.call("InvitationService/BatchCreateInvitations", name, organization_id=name,
                         emails=[self.an_address() for _ in range(self.pick(1, 2, 3, rare=(0,)))],
                         role=self.a_role(), **self.expiry())

    def look_at_invitations(self):
        name, invitation = self.an_organization(), self.an_invitation()
        if self.chance(0.3):
            return self.call("InvitationService/ListMyInvitations", page_size=self.pick(1, 1000))
        if invitation and self.chance(0.5):
            name = self.pick(invitation.organization, rare=(name,))
            return self.call("InvitationService/GetInvitation", name, organization_id=name,
                             invitation_id=self.pick(invitation.name, rare=("inv#none", "malformed")))
        return self.call("InvitationService/ListInvitations", name, organization_id=name,
                         page_size=self.pick(1, 3, 1000), state=self.pick(0, 0, 1, 2, 4, 5))

    def finish_invitation(self):
        invitation = self.an_invitation()
        if not invitation:
            return None
        name = self.pick(invitation.organization, rare=(self.an_organization(),))
        method = self.pick("ResendInvitation", "ResendInvitation", "RevokeInvitation")
        return self.call(f"InvitationService/{method}", name, organization_id=name,
                         invitation_id=self.pick(invitation.name, rare=("inv#none", "malformed")),
                         **(self.expiry() if method == "ResendInvitation" else {}))

    def invited(self, email):
        """The caller that an invitation is for, when there is one."""
        account = self.model.account(email)
        return self.as_user(account.name) if account and self.chance(0.85) else self.somebody()

    def accept(self):
        token = self.a_token()
        invitation = self.model.tokens.get(token)
        caller = self.invited(invitation.email) if invitation else self.somebody()
        return self.call("InvitationService/AcceptInvitation", caller=caller, token=token)

    def decline(self):
        token, invitation = self.a_token(), self.an_invitation()
        if invitation and self.chance(0.5):
            return self.call("InvitationService/DeclineInvitation", caller=self.invited(invitation.email),
                             invitation_id=invitation.name)
        return self.call("InvitationService/DeclineInvitation", token=token,
                         caller=self.pick(("", ""), self.somebody()))

    def look_up(self):
        return self.call("InvitationService/LookUpInvitation", caller=self.pick(("", ""), self.somebody()),
                         token=self.a_token())

    def a_librarian(self):
        return self.pick(("operator", ""), ("secret#documents", ""), ("secret#all", ""), self.somebody())

    def change_document(self):
        kind = self.pick("document", "collection")
        name = self.a_document() if kind == "document" else self.a_collection()
        things = self.model.documents if kind == "document" else self.model.collections
        other = {"locator": "/d"} if kind == "document" else {}
        if len(things) < (3 if kind == "document" else 2):
            return self.call(f"DocumentService/Create{kind.title()}", caller=self.a_librarian(),
                             **{kind: {"title": self.pick("A", rare=("",)), **other}})
        if self.chance(0.08):
            return self.call(f"DocumentService/Delete{kind.title()}", caller=self.a_librarian(),
                             **{f"{kind}_id": name}, allow_missing=self.chance(0.3))
        return self.call(f"DocumentService/Update{kind.title()}", caller=self.a_librarian(), **{kind: {
            "id": name, "title": self.pick("A", "B"), **({"etag": "stale"} if self.chance(0.05) else {})}})

    def grant(self):
        expiry = self.pick(None, None, None, DAY, 3 * DAY, rare=(-DAY,))
        fields = {"organization_id": self.an_organization(),
                  "permission": self.pick(Permission.READ, Permission.COMMENT, Permission.WRITE, rare=(0, 9))}
        fields |= {"document_id": self.a_document()} if self.chance(0.5) else {"collection_id": self.a_collection()}
        if self.chance(0.4):
            fields["minimum_role"] = self.pick(Role.MEMBER, Role.ADMIN, Role.OWNER)
        if expiry:
            fields["expire_time"] = {"seconds": self.model.now + expiry}
        return self.call("DocumentService/CreateGrant", caller=self.a_librarian(), grant=fields)

    def delete_grant(self):
        return self.call("DocumentService/DeleteGrant", caller=self.a_librarian(), allow_missing=self.chance(0.3),
                         grant_id=self.pick(*self.model.grants, rare=("grt#none", "malformed", "")))

    def fill_collection(self):
        method = self.pick("AddDocuments", "AddDocuments", "RemoveDocuments")
        return self.call(f"DocumentService/{method}", caller=self.a_librarian(), collection_id=self.a_collection(),
                         document_ids=[self.a_document() for _ in range(self.pick(1, 2, rare=(0,)))])

    def check(self):
        user = self.a_user()
        request = {"user_id": self.pick(user, user, ""), "document_id": self.a_document(),
                   "permission": self.pick(0, 1, 2, 3)}
        caller = self.pick(("operator", ""), ("secret#check", ""), self.as_user(user), self.somebody())
        method = self.pick("Check", "Check", "ExplainAccess", "BatchCheck")
        if method == "BatchCheck":
            return self.call("AccessService/BatchCheck", caller=caller, checks=[request, {
                **request, "document_id": self.a_document()}])
        if method == "Check":
            request["with_reason"] = self.chance(0.7)
        return self.call(f"AccessService/{method}", caller=caller, **request)

    def list_access(self):
        if self.chance(0.5):
            return self.call("AccessService/ListDocumentUsers", document_id=self.a_document(),
                             permission=self.pick(0, 1, 3), page_size=self.pick(1, 2, 1000))
        user = self.a_user()
        return self.call("AccessService/ListUserDocuments", caller=self.pick(self.as_user(user), self.somebody()),
                         user_id=self.pick("", user), permission=self.pick(0, 1, 3), page_size=self.pick(1, 1000))

    def change_account(self):
        user = self.a_user()
        if self.chance(0.4):
            return self.call("UserService/GetUser", caller=self.pick(self.as_user(user), self.somebody()),
                             user_id=self.pick("", user))
        return self.call("UserService/UpdateUser", caller=self.pick(self.as_user(user), self.somebody()), user={
            "id": user, "display_name": self.pick("Mx. A", "Mx. B", rare=("",)),
            **({"etag": "stale"} if self.chance(0.05) else {})})

    def disable(self):
        return self.call("UserService/DisableUser", caller=self.platform(), user_id=self.a_user())

    def enable(self):
        disabled = [u.name for u in self.model.users.values() if u.state == UserState.DISABLED]
        return self.call("UserService/EnableUser", caller=self.platform(),
                         user_id=self.pick(*disabled) if disabled and self.chance(0.9) else self.a_user())

    def erase(self):
        user = self.a_user()
        email = self.model.users[user].email if user in self.model.users else "nobody@example.com"
        return self.call("UserService/EraseUser", caller=self.pick(("operator", ""), self.as_user(user),
                                                                   self.somebody()),
                         user_id=user, confirm_email=self.pick(email, rare=("", "wrong@example.com")))

    def platform_roles(self):
        user = self.pick("usr#pia", "usr#rex", self.a_user())
        return self.call("UserService/SetPlatformRoles", caller=self.platform(), user_id=user, platform_roles=self.pick(
            *([[2], [2], [1, 2]] if user == "usr#pia" else [[1], [1], [1, 2]]), [], rare=([0], [9])))

    def without_session(self):
        """Somebody who could sign in and has no session."""
        now = self.model.now
        signed_in = {s.user for s in self.model.sessions.values() if s.end_time(now) is None}
        return [u for u in self.model.users.values()
                if u.name not in signed_in and u.email_verified and u.state != UserState.ERASED]

    def sign_in(self):
        waiting = self.without_session()
        user = self.pick(*waiting) if waiting else None
        email = user.email if user else address(self.pick(*PEOPLE, *STRANGERS))
        return call(self.label, "SessionService/SignIn", "", email=email, password=PASSWORD)

    def sign_up_invited(self):
        free = [t for t, i in self.model.tokens.items() if not self.model.account(i.email)]
        token = self.pick(*free[-3:]) if free and self.chance(0.8) else self.a_token()
        return self.call("UserService/SignUp", caller=("", ""), password=PASSWORD, display_name="New",
                         invitation_token=token, **self.pick({}, rare=({"email": address("ada")},))) if token else None

    def end_session(self):
        user = self.a_user()
        caller = self.as_user(user)
        if self.chance(0.5):
            return self.call("SessionService/SignOut", caller=self.pick(caller, self.somebody()))
        return self.call("SessionService/RevokeSession", caller=self.pick(caller, self.platform()), **self.pick(
            {"all": True, "user_id": user}, {"user_id": user},
            {"session_id": self.pick(*self.model.sessions).replace("session", "ses"), "user_id": user}))

    def api_key(self):
        if self.chance(0.6):
            return self.call("ApiKeyService/CreateApiKey", caller=self.platform(), api_key={
                "display_name": "key", "scopes": [self.pick(*KEYS["all"], rare=("root",))]})
        spare = [key for key in self.model.keys if key.split("#")[1] not in KEYS]
        return self.call("ApiKeyService/RevokeApiKey", caller=self.platform(),
                         api_key_id=self.pick(*spare, rare=("key#none", "malformed", "")))

    def list_private(self):
        name, user = self.an_organization(), self.a_user()
        return self.pick(
            self.call("EventService/ListEvents", name, organization_id=name, action_prefix="organization.deleted"),
            self.call("EventService/ListEvents", action_prefix="organization.deleted"),
            self.call("UserService/ListUsers", state=self.pick(0, 2, 3)), self.call("ApiKeyService/ListApiKeys"),
            self.call("SessionService/ListSessions", caller=self.pick(self.as_user(user), self.somebody()),
                      user_id=self.pick("", user)))

    def replay(self):
        """The same again under the same request id, now and then with another payload."""
        recent = [(when, step) for when, step in self.calls[-60:] if self.model.now - when < 24 * HOUR]
        if not recent:
            return None
        step = self.random.choice(recent)[1]
        if self.chance(0.1) and "organization_id" in step.request:
            step = dataclasses.replace(step, request={**step.request, "organization_id": "org#none"})
        return dataclasses.replace(step, label=self.label, crash=False)

    # Time

    def moment(self):
        seconds = self.pick(*MOMENTS)
        if self.model.now + seconds - self.last_season >= AGES_OF_SESSIONS:
            return self.season()
        return Step(self.label, "advance", request={"seconds": seconds})

    def season(self):
        """Long enough that every session has certainly ended."""
        seconds = self.pick(*SEASONS)
        self.last_season = self.model.now + seconds
        return Step(self.label, "advance", request={"seconds": seconds})
