# SPDX-License-Identifier: Apache-2.0
"""Documents, and who reaches them (SPEC.md, rules 31 to 33)."""
import dataclasses

from words import (ABORTED, DAY, NOT_FOUND, PERMISSION_DENIED, AccessReason, Fields, Lifecycle,
                   Permission, Refused, Role, UserState, Verification, changes, required, rpc)

REVERIFY_GRACE = 14 * DAY
Why = AccessReason


@dataclasses.dataclass
class Document:
    name: str
    title: str
    locator: str
    collections: list = dataclasses.field(default_factory=list)  # in the order it came into them


@dataclasses.dataclass
class Collection:
    name: str
    title: str
    description: str
    documents: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Grant:
    name: str
    organization: str
    resource: str
    permission: Permission
    minimum_role: Role
    expires: int

    def terms(self):
        return self.permission, self.minimum_role, self.expires


@dataclasses.dataclass
class Path:
    """What one organization contributes to a user's access to a document, or one of its grants."""
    organization: str
    reason: AccessReason
    grant: Grant = None
    permission: Permission = Permission.UNSPECIFIED  # that it gives

    @property
    def allowed(self):
        return self.reason in (Why.DOCUMENT_GRANT, Why.COLLECTION_GRANT)

    @property
    def furthest(self):
        """How far the tests came; what a grant on the document itself gives comes further than what one on a
        collection does."""
        order = (Why.ORGANIZATION_DELETED, Why.ORGANIZATION_SUSPENDED, Why.ORGANIZATION_NOT_VERIFIED,
                 Why.REVERIFICATION_OVERDUE, Why.NO_GRANT, Why.GRANT_EXPIRED, Why.ROLE_TOO_LOW, Why.PERMISSION_TOO_LOW,
                 Why.COLLECTION_GRANT, Why.DOCUMENT_GRANT)
        return order.index(self.reason)


class Access:
    def path_by_grant(self, organization, user, grant, permission):
        """The tests of one grant, in their order."""
        if grant.expires is not None and self.now >= grant.expires:
            return Path(organization.name, Why.GRANT_EXPIRED, grant)
        if organization.members[user].role < grant.minimum_role:
            return Path(organization.name, Why.ROLE_TOO_LOW, grant)
        if grant.permission < permission:
            return Path(organization.name, Why.PERMISSION_TOO_LOW, grant)
        given = Why.DOCUMENT_GRANT if grant.resource.startswith("doc") else Why.COLLECTION_GRANT
        return Path(organization.name, given, grant, grant.permission)

    def path_by_organization(self, organization, user, document, permission):
        """The tests of one organization, in their order; then of its grants the one that comes furthest."""
        overdue = self.now - organization.verified_since >= REVERIFY_GRACE
        for refuses, reason in (
                (organization.lifecycle == Lifecycle.DELETED, Why.ORGANIZATION_DELETED),
                (organization.lifecycle == Lifecycle.SUSPENDED, Why.ORGANIZATION_SUSPENDED),
                (organization.verification not in (Verification.VERIFIED, Verification.REVERIFYING),
                 Why.ORGANIZATION_NOT_VERIFIED),
                (organization.verification == Verification.REVERIFYING and overdue, Why.REVERIFICATION_OVERDUE)):
            if refuses:
                return Path(organization.name, reason)
        of = {grant.resource: grant for grant in self.grants.values() if grant.organization == organization.name}
        paths = [self.path_by_grant(organization, user, of[resource], permission)
                 for resource in [document.name, *document.collections] if resource in of]
        return max(paths, key=lambda path: path.furthest, default=Path(organization.name, Why.NO_GRANT))

    def paths(self, user, document, permission):
        """Rule 31: one for each organization of the user, by id."""
        mine = [o for o in self.organizations.values() if user in o.members]
        return [self.path_by_organization(o, user, document, permission)
                for o in sorted(mine, key=lambda o: self.names[o.name])]

    def decide_access(self, user, document, permission):
        """The path that decides, or the reason from the user's side; and all of them."""
        if user not in self.users:
            return Path("", Why.NO_SUCH_USER), []
        if self.users[user].state != UserState.ACTIVE:
            return Path("", Why.USER_NOT_ACTIVE), []
        if document not in self.documents:
            return Path("", Why.NO_SUCH_DOCUMENT), []
        paths = self.paths(user, self.documents[document], permission)
        return max(paths, key=lambda path: path.furthest, default=Path("", Why.NOT_A_MEMBER)), paths

    def highest(self, user, document):
        """The highest permission that a user has; unspecified for none."""
        return max((p for p in (Permission.READ, Permission.COMMENT, Permission.WRITE)
                    if self.decide_access(user, document, p)[0].allowed), default=Permission.UNSPECIFIED)

    def asked_about(self, call, user):
        """Whom a caller may ask about: oneself, or anyone with the right to. On behalf needs the scope too."""
        user = user or call.user
        oneself = call.kind == "user" and user == call.user and (not call.on_behalf or "check" in call.scopes)
        if not oneself and (call.on_behalf or not self.may(call, "check anyone")):
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        required(user, "FIELD_REQUIRED")
        return user

    @rpc("AccessService/Check", "document_id")
    def check(self, call, request):
        user = self.asked_about(call, request["user_id"])
        path, _ = self.decide_access(user, request["document_id"], request["permission"] or Permission.READ)
        answer = {"allowed": path.allowed}
        if request["with_reason"]:
            answer |= {"reason": path.reason, "organization_id": path.organization,
                       "grant_id": path.grant.name if path.grant else ""}
        return answer

    @rpc("AccessService/BatchCheck")
    def batch_check(self, call, request):
        """Rule 32."""
        checks = [Fields(check) for check in request["checks"] or []]
        users = [self.asked_about(call, check["user_id"]) for check in checks]
        required(checks and len(checks) <= 1000, "BATCH_SIZE")
        return {"allowed": [self.decide_access(user, check["document_id"], check["permission"] or Permission.READ)[0]
                            .allowed for user, check in zip(users, checks)]}

    @rpc("AccessService/ExplainAccess", "document_id")
    def explain(self, call, request):
        user = self.asked_about(call, request["user_id"])
        best, paths = self.decide_access(user, request["document_id"], request["permission"] or Permission.READ)
        answer = {"allowed": best.allowed, "reason": best.reason}
        if best.reason not in (Why.NO_SUCH_USER, Why.USER_NOT_ACTIVE, Why.NO_SUCH_DOCUMENT):
            answer["paths"] = [
                {"organization_id": p.organization, "role": self.organizations[p.organization].members[user].role,
                 "organization_handle": self.organizations[p.organization].handle,
                 "allowed": p.allowed, "reason": p.reason, "grant_id": p.grant.name if p.grant else "",
                 "collection_id": p.grant.resource if p.grant and p.grant.resource.startswith("col") else ""}
                for p in paths]
        return answer

    @rpc("AccessService/ListUserDocuments")
    def list_user_documents(self, call, request):
        user = self.asked_about(call, request["user_id"])
        least = request["permission"] or Permission.READ
        reached = [(self.highest(user, name), document) for name, document in self.documents.items()]
        return {"documents": [{"document": {"id": document.name}, "permission": permission}
                              for permission, document in reached if permission >= least]}

    @rpc("AccessService/ListDocumentUsers", "document_id")
    def list_document_users(self, call, request):
        if call.on_behalf or not self.may(call, "check anyone"):
            raise Refused(PERMISSION_DENIED, "PERMISSION_DENIED")
        least = request["permission"] or Permission.READ
        members = {user for organization in self.organizations.values() for user in organization.members}
        reaching = [(user, self.highest(user, request["document_id"]))
                    for user in sorted(members, key=lambda user: self.names[user])]
        return {"users": [{"user_id": user, "permission": permission, "display_name": self.users[user].display_name}
                          for user, permission in reaching if permission >= least]}


class Documents(Access):
    """Rule of the service: a platform administrator or the service scope, for every rpc."""

    def document(self, name):
        if name not in self.documents:
            raise Refused(NOT_FOUND, "DOCUMENT_NOT_FOUND")
        return self.documents[name]

    def collection(self, name):
        if name not in self.collections:
            raise Refused(NOT_FOUND, "COLLECTION_NOT_FOUND")
        return self.collections[name]

    def document_view(self, document):
        return {"id": document.name, "title": document.title, "locator": document.locator,
                "collections": list(document.collections)}

    def collection_view(self, collection):
        return {"id": collection.name, "title": collection.title, "description": collection.description,
                "document_count": len(collection.documents)}

    def grant_view(self, grant):
        return {"id": grant.name, "organization_id": grant.organization, "permission": grant.permission,
                "minimum_role": grant.minimum_role,
                "document_id" if grant.resource.startswith("doc") else "collection_id": grant.resource}

    def edit(self, call, thing, fields, editable):
        """Rule 37. An update to what is, is none."""
        mask = fields[1].get("paths") or [f for f in editable if fields[0][f]]
        mask = editable if "*" in mask else mask
        required(all(f in editable for f in mask), "UPDATE_MASK")
        required("title" not in mask or fields[0]["title"], "FIELD_REQUIRED", "FIELD_TOO_SHORT")
        required("locator" not in mask or fields[0]["locator"], "FIELD_REQUIRED", "FIELD_TOO_SHORT")
        thing = thing()
        if fields[0]["etag"]:
            raise Refused(ABORTED, "ETAG_MISMATCH")
        for field in mask:
            call.changed |= getattr(thing, field) != fields[0][field]
            setattr(thing, field, fields[0][field])
        return thing

    @changes("DocumentService/CreateDocument")
    def create_document(self, call, request):
        self.authorize(call, "write documents")
        fields = request.part("document")
        required(fields["title"] and fields["locator"], "FIELD_REQUIRED", "FIELD_TOO_SHORT")
        name = f"doc#{call.label}"
        self.documents[name] = Document(name, fields["title"], fields["locator"])
        call.changed = True
        return {"document": self.document_view(self.documents[name])}

    @rpc("DocumentService/GetDocument", "document_id")
    def get_document(self, call, request):
        self.authorize(call, "write documents")
        return {"document": self.document_view(self.document(request["document_id"]))}

    @rpc("DocumentService/ListDocuments")
    def list_documents(self, call, request):
        self.authorize(call, "write documents")
        only = self.collection(request["collection_id"]).documents if request["collection_id"] else self.documents
        return {"documents": [self.document_view(d) for d in self.documents.values() if d.name in only]}

    @changes("DocumentService/UpdateDocument", "document.id")
    def update_document(self, call, request):
        self.authorize(call, "write documents")
        fields = request.part("document")
        document = self.edit(call, lambda: self.document(fields["id"]), (fields, request.part("update_mask")),
                             ("title", "locator"))
        return {"document": self.document_view(document)}

    @changes("DocumentService/DeleteDocument", "document_id")
    def delete_document(self, call, request):
        self.authorize(call, "write documents")
        self.delete_thing(call, request, request["document_id"], self.document, self.documents)
        for collection in self.collections.values():
            collection.documents.discard(request["document_id"])
        return {}

    @changes("DocumentService/DeleteCollection", "collection_id")
    def delete_collection(self, call, request):
        self.authorize(call, "write documents")
        name = request["collection_id"]
        self.delete_thing(call, request, name, self.collection, self.collections)
        for document in self.documents.values():
            document.collections = [c for c in document.collections if c != name]
        return {}

    def delete_thing(self, call, request, name, find, things):
        if name not in things and request["allow_missing"]:
            return
        find(name)
        del things[name]
        self.leaving += [grant.organization for grant in self.grants.values() if grant.resource == name]
        self.grants = {g: grant for g, grant in self.grants.items() if grant.resource != name}
        call.changed = True

    @changes("DocumentService/CreateCollection")
    def create_collection(self, call, request):
        self.authorize(call, "write documents")
        fields = request.part("collection")
        required(fields["title"], "FIELD_REQUIRED", "FIELD_TOO_SHORT")
        name = f"col#{call.label}"
        self.collections[name] = Collection(name, fields["title"], fields["description"])
        call.changed = True
        return {"collection": self.collection_view(self.collections[name])}

    @rpc("DocumentService/GetCollection", "collection_id")
    def get_collection(self, call, request):
        self.authorize(call, "write documents")
        return {"collection": self.collection_view(self.collection(request["collection_id"]))}

    @rpc("DocumentService/ListCollections")
    def list_collections(self, call, request):
        self.authorize(call, "write documents")
        return {"collections": [self.collection_view(c) for c in self.collections.values()]}

    @changes("DocumentService/UpdateCollection", "collection.id")
    def update_collection(self, call, request):
        self.authorize(call, "write documents")
        fields = request.part("collection")
        collection = self.edit(call, lambda: self.collection(fields["id"]), (fields, request.part("update_mask")),
                               ("title", "description"))
        return {"collection": self.collection_view(collection)}

    def members_to_change(self, call, request):
        self.authorize(call, "write documents")
        names = request["document_ids"] or []
        required(request["collection_id"], "FIELD_REQUIRED", "MALFORMED_ID", "BATCH_SIZE")
        required(1 <= len(names) <= 50, "BATCH_SIZE")
        return self.collection(request["collection_id"]), names

    @changes("DocumentService/AddDocuments", "collection_id")
    def add_documents(self, call, request):
        """All or none; those that are in it already stay."""
        collection, names = self.members_to_change(call, request)
        documents = [self.document(name) for name in names]
        for document in documents:
            if collection.name not in document.collections:
                document.collections.append(collection.name)
                collection.documents.add(document.name)
                call.changed = True
        return {"collection": self.collection_view(collection)}

    @changes("DocumentService/RemoveDocuments", "collection_id")
    def remove_documents(self, call, request):
        collection, names = self.members_to_change(call, request)
        for name in names:
            if name in collection.documents:
                self.documents[name].collections.remove(collection.name)
                collection.documents.remove(name)
                call.changed = True
        return {"collection": self.collection_view(collection)}

    @changes("DocumentService/CreateGrant", "grant.organization_id",
             one_of=("grant.document_id", "grant.collection_id"))
    def create_grant(self, call, request):
        """Rule 33: granting what is granted changes nothing; otherwise the grant that is there gets these terms."""
        self.authorize(call, "write documents")
        fields = request.part("grant")
        resource = fields["document_id"] or fields["collection_id"]
        expires = fields.part("expire_time").get("seconds")
        required(fields["permission"] in (Permission.READ, Permission.COMMENT, Permission.WRITE),
                 "UNKNOWN_ENUM_VALUE")
        required(resource, "FIELD_REQUIRED")
        required(expires is None or expires > self.now, "EXPIRE_TIME_PAST")
        things = self.documents if fields["document_id"] else self.collections
        if resource not in things or fields["organization_id"] not in self.organizations:
            raise Refused(NOT_FOUND, "ORGANIZATION_NOT_FOUND", "DOCUMENT_NOT_FOUND", "COLLECTION_NOT_FOUND")
        organization = self.organizations[fields["organization_id"]]
        organization.refuse_deleted()
        terms = fields["permission"], fields["minimum_role"] or Role.UNSPECIFIED, expires
        grant = next((g for g in self.grants.values()
                      if (g.organization, g.resource) == (organization.name, resource)), None)
        if not grant:
            grant = self.grants[f"grt#{call.label}"] = Grant(f"grt#{call.label}", organization.name, resource, *terms)
            call.changed = True
        elif grant.terms() != terms:
            grant.permission, grant.minimum_role, grant.expires = terms
            call.changed = True
        return {"grant": self.grant_view(grant)}

    @rpc("DocumentService/ListGrants", one_of=("organization_id", "document_id", "collection_id"))
    def list_grants(self, call, request):
        self.authorize(call, "write documents")
        of = request["organization_id"] or request["document_id"] or request["collection_id"]
        required(of, "FIELD_REQUIRED")
        return {"grants": [self.grant_view(g) for g in self.grants.values() if of in (g.organization, g.resource)]}

    @changes("DocumentService/DeleteGrant", "grant_id")
    def delete_grant(self, call, request):
        self.authorize(call, "write documents")
        name = request["grant_id"]
        if name not in self.grants:
            if request["allow_missing"]:
                return {}
            raise Refused(NOT_FOUND, "GRANT_NOT_FOUND")
        del self.grants[name]
        call.changed = True
        return {}
