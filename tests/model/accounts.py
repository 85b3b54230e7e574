# SPDX-License-Identifier: Apache-2.0
"""Users, their sessions, and the keys of services (SPEC.md, rules 5, 16, 30 and 41)."""
import dataclasses

from words import (ABORTED, ALREADY_EXISTS, DAY, FAILED_PRECONDITION, NOT_FOUND, PERMISSION_DENIED,
                   UNAUTHENTICATED, PlatformRole, Refused, UserState, canonical, changes, required, rpc)

SCOPES = ("act", "check", "documents", "events", "organizations.read")


@dataclasses.dataclass
class User:
    name: str
    email: str
    display_name: str
    email_verified: bool = False
    state: UserState = UserState.ACTIVE
    platform_roles: list = dataclasses.field(default_factory=list)

    @property
    def is_platform_admin(self):
        return self.state == UserState.ACTIVE and PlatformRole.PLATFORM_ADMIN in self.platform_roles


@dataclasses.dataclass
class Session:
    """30 days at most, 14 without use."""
    user: str
    created: int
    used: int
    ended: int = None

    def end(self, now):
        if self.end_time(now) is None:
            self.ended = now

    def end_time(self, now):
        times = [self.created + 30 * DAY, self.used + 14 * DAY]
        return min((t for t in [*times, self.ended] if t is not None and t <= now), default=None)

    def refuse_ended(self, now):
        ended = self.end_time(now)
        if ended is not None:
            raise Refused(UNAUTHENTICATED, "SESSION_EXPIRED", "CREDENTIAL_INVALID", ended=ended)


@dataclasses.dataclass
class Key:
    name: str
    scopes: tuple
    expires: int = None
    revoked: bool = False

    def expired(self, now):
        return self.expires is not None and now >= self.expires


class Accounts:
    def user(self, name):
        if name not in self.users:
            raise Refused(NOT_FOUND, "USER_NOT_FOUND")
        return self.users[name]

    def account(self, email):
        """Whose address that is: nobody's, when it was never taken or its account is erased."""
        return next((u for u in self.users.values()
                     if canonical(u.email) == canonical(email) and u.state != UserState.ERASED), None)

    def user_view(self, user):
        erased = user.state == UserState.ERASED
        return {"id": user.name, "state": user.state, "platform_roles": list(user.platform_roles),
                "display_name": "" if erased else user.display_name, "email": "" if erased else user.email,
                **({} if erased else {"email_verified": user.email_verified})}

    def begin_session(self, call, user):
        self.sessions[f"session#{call.label}"] = Session(user.name, self.now, self.now)
        return f"session#{call.label}"

    def end_sessions(self, name):
        for session in self.sessions.values():
            if session.user == name:
                session.end(self.now)

    def authorize_for(self, call, name):
        """Rights over someone else's account, or one's own."""
        if not (call.kind == "user" and name == call.user) and not self.is_admin(call):
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        required(name, "FIELD_REQUIRED")

    @rpc("UserService/ListUsers")
    def list_users(self, call, request):
        self.authorize(call, "administer")
        return {"users": [self.user_view(user) for user in self.users.values()
                          if not request["state"] or user.state == request["state"]]}

    @changes("UserService/SignUp", anyone=True)
    def sign_up(self, call, request):
        """Rule 41: the same answer for a known and an unknown address. Rule 5: with an invitation, all in one call."""
        call.changed = True
        if request["invitation_token"]:
            return self.sign_up_invited(call, request)
        if not self.account(request["email"]):
            name = f"usr#{call.label}"
            self.users[name] = User(name, request["email"], request["display_name"])
            self.verifications[f"token#{call.label}"] = name
        return {"user": None, "session_token": ""}

    def sign_up_invited(self, call, request):
        call.changed = False
        invitation = self.by_token(call, request["invitation_token"])
        required(not request["email"] or canonical(request["email"]) == canonical(invitation.email), "EMAIL_MISMATCH")
        account = self.account(invitation.email)
        if account and account.email_verified:
            raise Refused(ALREADY_EXISTS, "ACCOUNT_EXISTS")
        user = account or User(f"usr#{call.label}", invitation.email, request["display_name"])
        self.users[user.name] = user
        try:
            organization = self.accept_as(call, invitation, user.name)
        except Refused:
            if not account:
                del self.users[user.name]
            raise
        user.email, user.display_name, user.email_verified = invitation.email, request["display_name"], True
        return {"user": self.user_view(user), "session_token": self.begin_session(call, user),
                "organization_id": organization.name}

    @changes("UserService/VerifyEmail", anyone=True)
    def verify_email(self, call, request):
        user = self.users.get(self.verifications.pop(request["token"], ""))
        if not user or user.email_verified:
            raise Refused(FAILED_PRECONDITION, "TOKEN_INVALID")
        user.email_verified = call.changed = True
        return {"user": self.user_view(user)}

    @rpc("UserService/GetUser")
    def get_user(self, call, request):
        name = request["user_id"] or call.user
        self.authorize_for(call, name)
        return {"user": self.user_view(self.user(name))}

    def living(self, name):
        required(name, "FIELD_REQUIRED")
        user = self.user(name)
        if user.state == UserState.ERASED:
            raise Refused(FAILED_PRECONDITION, "USER_ERASED")
        return user

    @changes("UserService/UpdateUser", never_on_behalf=True)
    def update_user(self, call, request):
        fields = request.part("user")
        name = fields["id"] or call.user
        self.authorize_for(call, name)
        user = self.living(name)
        if fields["etag"]:
            raise Refused(ABORTED, "ETAG_MISMATCH")
        name = fields["display_name"] or user.display_name
        call.changed = user.display_name != name
        user.display_name = name
        return {"user": self.user_view(user)}

    def refuse_last_active_owner(self, name):
        """Rule 16, for an account: of a deleted organization nobody needs to be left."""
        for organization in self.organizations.values():
            if organization.deleted is None and self.owners(organization, active=True) == [name]:
                raise Refused(FAILED_PRECONDITION, "LAST_OWNER")

    @changes("UserService/DisableUser", "user_id")
    def disable_user(self, call, request):
        self.authorize(call, "administer")
        user = self.living(request["user_id"])
        if user.state == UserState.ACTIVE:
            self.refuse_last_active_owner(user.name)
            user.state = UserState.DISABLED
            self.end_sessions(user.name)
            call.changed = True
        return {"user": self.user_view(user)}

    @changes("UserService/EnableUser", "user_id")
    def enable_user(self, call, request):
        self.authorize(call, "administer")
        user = self.living(request["user_id"])
        call.changed = user.state == UserState.DISABLED
        user.state = UserState.ACTIVE
        return {"user": self.user_view(user)}

    @changes("UserService/EraseUser", never_on_behalf=True)
    def erase_user(self, call, request):
        """Rule 30."""
        name = request["user_id"] or call.user
        self.authorize_for(call, name)
        user = self.user(name)
        if user.state == UserState.ERASED:
            return {}
        required(canonical(request["confirm_email"]) == canonical(user.email), "CONFIRMATION_MISMATCH")
        self.refuse_last_active_owner(user.name)
        user.state, user.platform_roles = UserState.ERASED, []
        self.end_sessions(user.name)
        for organization in self.organizations.values():
            if user.name in organization.members:
                self.part(organization, user.name)
        for invitation in list(self.invitations.values()):
            if canonical(invitation.email) == canonical(user.email):
                self.forget_invitation(invitation)
        call.changed = True
        return {}

    @changes("UserService/SetPlatformRoles", "user_id")
    def set_platform_roles(self, call, request):
        self.authorize(call, "administer")
        roles = sorted(set(request["platform_roles"] or []))
        known = (PlatformRole.REVIEWER, PlatformRole.PLATFORM_ADMIN)
        required(all(role in known for role in roles), "UNKNOWN_ENUM_VALUE")
        user = self.living(request["user_id"])
        call.changed = user.platform_roles != roles
        user.platform_roles = roles
        return {"user": self.user_view(user)}

    # Sessions

    @changes("SessionService/SignIn", anyone=True)
    def sign_in(self, call, request):
        user = self.account(request["email"])
        if not user:
            raise Refused(UNAUTHENTICATED, "SIGN_IN_FAILED")
        if not user.email_verified:
            raise Refused(FAILED_PRECONDITION, "EMAIL_NOT_VERIFIED")
        if user.state == UserState.DISABLED:
            raise Refused(FAILED_PRECONDITION, "USER_DISABLED")
        call.changed = True
        return {"session_token": self.begin_session(call, user), "user": self.user_view(user),
                "session": {"id": f"ses#{call.label}", "user_id": user.name}}

    @changes("SessionService/SignOut")
    def sign_out(self, call, request):
        if not call.session or call.on_behalf:
            raise Refused(PERMISSION_DENIED)
        self.sessions[call.session].end(self.now)
        call.changed = True
        return {}

    @rpc("SessionService/WhoAmI")
    def who_am_i(self, call, request):
        return {"user": self.user_view(self.users[call.user])} if call.user else {}

    @rpc("SessionService/ListSessions", never_on_behalf=True)
    def list_sessions(self, call, request):
        name = request["user_id"] or call.user
        self.authorize_for(call, name)
        self.user(name)
        return {"sessions": [{"id": session.replace("session", "ses"), "user_id": name}
                             for session, s in self.sessions.items()
                             if s.user == name and s.end_time(self.now) is None]}

    @changes("SessionService/RevokeSession", one_of=("session_id",), never_on_behalf=True)
    def revoke_session(self, call, request):
        name = request["user_id"] or call.user
        self.authorize_for(call, name)
        required(request["session_id"] or request["all"], "FIELD_REQUIRED")
        self.user(name)
        if request["all"]:
            call.changed = any(s.user == name and s.end_time(self.now) is None for s in self.sessions.values())
            self.end_sessions(name)
            return {}
        session = self.sessions.get(request["session_id"].replace("ses#", "session#"))
        if not session or session.user != name or session.end_time(self.now) is not None:
            raise Refused(NOT_FOUND, "SESSION_NOT_FOUND")
        session.end(self.now)
        call.changed = True
        return {}

    # Keys

    @changes("ApiKeyService/CreateApiKey")
    def create_api_key(self, call, request):
        self.authorize(call, "administer")
        fields = request.part("api_key")
        scopes = fields["scopes"] or []
        expires = fields.part("expire_time").get("seconds")
        required(fields["display_name"], "FIELD_REQUIRED", "FIELD_TOO_SHORT")
        required(all(scope in SCOPES for scope in scopes), "UNKNOWN_SCOPE")
        required(expires is None or expires > self.now, "EXPIRE_TIME_PAST")
        name = f"key#{call.label}"
        self.keys[name] = Key(name, tuple(scopes), expires)
        call.changed = True
        return {"api_key": self.key_view(self.keys[name]), "secret": f"secret#{call.label}"}

    def key_view(self, key):
        return {"id": key.name, "scopes": sorted(key.scopes), "revoked": key.revoked}

    @rpc("ApiKeyService/ListApiKeys")
    def list_api_keys(self, call, request):
        self.authorize(call, "administer")
        return {"api_keys": [self.key_view(key) for key in self.keys.values()]}

    @changes("ApiKeyService/RevokeApiKey", "api_key_id")
    def revoke_api_key(self, call, request):
        self.authorize(call, "administer")
        if request["api_key_id"] not in self.keys:
            raise Refused(NOT_FOUND, "API_KEY_NOT_FOUND")
        key = self.keys[request["api_key_id"]]
        call.changed, key.revoked = not key.revoked, True
        return {"api_key": self.key_view(key)}
