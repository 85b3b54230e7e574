/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "service/access.h"
#include "service/document.h"
#include "service/merge.h"
#include "service/services.h"
#include "store/rows/collection.h"
#include "store/rows/document.h"
#include "store/rows/grant.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

#define SERVICE Orgd__V1__AccessService_Service
RPC(Check, check)
RPC(BatchCheck, batch_check)
RPC(ExplainAccess, explain_access)
RPC(ListUserDocuments, list_user_documents)
RPC(ListDocumentUsers, list_document_users)

ProtobufCService *access_service(void)
{
	static SERVICE service = ORGD__V1__ACCESS_SERVICE__INIT(rpc_);

	return &service.base;
}

enum {
	CHECKS_MAX = 1000,
	/* A page ends early past these: some 50 ms. */
	PAGE_LOOKS_MAX = 20 * 1000,
	DOCUMENT_ENTRY_BYTES = sizeof(uint64_t) + sizeof(struct id),
	USER_ENTRY_BYTES = sizeof(struct id),
};

MUST_USE static struct status check_permission(const char *field, Orgd__V1__Permission wanted)
{
	return enum_check_optional(field, &orgd__v1__permission__descriptor, wanted);
}

/* What Check and ExplainAccess ask alike. */
struct question {
	const struct access_user *user;
	const struct access_document *document;
};

MUST_USE static struct status read_question(struct access *access, const char *user_text,
	const char *document_text, Orgd__V1__Permission wanted, struct question *question)
{
	struct call *call = access->call;
	struct id user_id, document_id;

	TRY(id_parse(ID_DOCUMENT, "document_id", document_text, &document_id));
	TRY(authorize_user_id(call, "user_id", user_text, &user_id));
	TRY(check_permission("permission", wanted));
	TRY(access_find_user(access, &user_id, &question->user));
	return access_find_document(access, &document_id, &question->document);
}

static struct status check(
	struct call *call, const Orgd__V1__CheckRequest *request, Orgd__V1__CheckResponse *response)
{
	struct access_explanation explanation;
	struct question question;
	struct access access;

	access_init(&access, call);
	TRY(read_question(
		&access, request->user_id, request->document_id, request->permission, &question));
	response->revision = snapshot_revision(call->snapshot);
	if (!request->with_reason) {
		bool allowed;

		TRY(access_check(
			&access, question.user, question.document, request->permission, &allowed));
		response->allowed = allowed;
		return OK;
	}
	TRY(access_explain(
		&access, question.user, question.document, request->permission, &explanation));
	response->allowed = explanation.verdict.allowed;
	response->reason = explanation.verdict.reason;
	response->grant_id = id_text(call->arena, ID_GRANT, &explanation.verdict.grant.id);
	if (explanation.decided)
		response->organization_id = id_text(
			call->arena, ID_ORGANIZATION, &explanation.decided->organization_id);
	return OK;
}

struct pair {
	struct id user_id, document_id;
};

/* Names of fields are written only when one of them is to be named. */
struct check_fields {
	char document_id[FAILURE_FIELD_MAX], user_id[FAILURE_FIELD_MAX];
};

static struct check_fields check_fields(size_t i)
{
	struct check_fields fields;

	snprintf(fields.document_id, sizeof(fields.document_id), "checks[%zu].document_id", i);
	snprintf(fields.user_id, sizeof(fields.user_id), "checks[%zu].user_id", i);
	return fields;
}

MUST_USE static struct status parse_check(const Orgd__V1__BatchCheckRequest__Check *check,
	const char *document_field, const char *user_field, struct pair *pair)
{
	TRY(id_parse(ID_DOCUMENT, document_field, check->document_id, &pair->document_id));
	return *check->user_id ? id_parse(ID_USER, user_field, check->user_id, &pair->user_id) : OK;
}

/* The ids of all checks; an empty user is the caller. */
MUST_USE static struct status parse_checks(
	struct call *call, const Orgd__V1__BatchCheckRequest *request, struct pair **pairs)
{
	*pairs = ARENA_ARRAY(call->arena, struct pair, request->n_checks);
	for (size_t i = 0; i < request->n_checks; i++) {
		struct check_fields fields;

		if (!parse_check(request->checks[i], "", "", &(*pairs)[i]).code)
			continue;
		fields = check_fields(i);
		return parse_check(
			request->checks[i], fields.document_id, fields.user_id, &(*pairs)[i]);
	}
	return OK;
}

MUST_USE static struct status authorize_checks(
	struct call *call, const Orgd__V1__BatchCheckRequest *request, struct pair *pairs)
{
	/* With no check at all there is nobody else whom it is about. */
	TRY(authorize(call));
	for (size_t i = 0; i < request->n_checks; i++) {
		const char *user_id = request->checks[i]->user_id;

		if (authorize_user_id(call, "", user_id, &pairs[i].user_id).code)
			return authorize_user_id(
				call, check_fields(i).user_id, user_id, &pairs[i].user_id);
	}
	return OK;
}

MUST_USE static struct status validate_checks(const Orgd__V1__BatchCheckRequest *request)
{
	if (!request->n_checks || request->n_checks > CHECKS_MAX)
		return status_invalid("checks", "BATCH_SIZE", "ask for 1 to %d checks, not %zu",
			CHECKS_MAX, request->n_checks);
	for (size_t i = 0; i < request->n_checks; i++) {
		char field[FAILURE_FIELD_MAX];

		snprintf(field, sizeof(field), "checks[%zu].permission", i);
		TRY(check_permission(field, request->checks[i]->permission));
	}
	return OK;
}

static struct status batch_check(struct call *call, const Orgd__V1__BatchCheckRequest *request,
	Orgd__V1__BatchCheckResponse *response)
{
	struct access access;
	struct pair *pairs;

	TRY(parse_checks(call, request, &pairs));
	TRY(authorize_checks(call, request, pairs));
	TRY(validate_checks(request));
	access_init(&access, call);
	response->revision = snapshot_revision(call->snapshot);
	response->n_allowed = request->n_checks;
	response->allowed = ARENA_ARRAY(call->arena, protobuf_c_boolean, request->n_checks);
	for (size_t i = 0; i < request->n_checks; i++) {
		const struct access_document *document;
		const struct access_user *user;
		bool allowed;

		TRY(access_find_user(&access, &pairs[i].user_id, &user));
		TRY(access_find_document(&access, &pairs[i].document_id, &document));
		TRY(access_check(
			&access, user, document, request->checks[i]->permission, &allowed));
		response->allowed[i] = allowed;
	}
	return OK;
}

MUST_USE static struct status path_message(struct call *call, const struct access_path *path,
	Orgd__V1__ExplainAccessResponse__Path **out)
{
	Orgd__V1__ExplainAccessResponse__Path *message =
		ARENA_NEW(call->arena, Orgd__V1__ExplainAccessResponse__Path);
	Orgd__Store__V1__OrganizationView *organization;

	orgd__v1__explain_access_response__path__init(message);
	message->organization_id = id_text(call->arena, ID_ORGANIZATION, &path->organization_id);
	TRY(organization_view(call->snapshot, &path->organization_id, &organization));
	if (organization)
		message->organization_handle = organization->organization->handle;
	message->role = path->role;
	message->allowed = path->verdict.allowed;
	message->reason = path->verdict.reason;
	message->grant_id = id_text(call->arena, ID_GRANT, &path->verdict.grant.id);
	message->collection_id =
		id_text(call->arena, ID_COLLECTION, &path->verdict.grant.collection_id);
	*out = message;
	return OK;
}

static struct status explain_access(struct call *call,
	const Orgd__V1__ExplainAccessRequest *request, Orgd__V1__ExplainAccessResponse *response)
{
	struct access_explanation explanation;
	struct question question;
	struct access access;

	access_init(&access, call);
	TRY(read_question(
		&access, request->user_id, request->document_id, request->permission, &question));
	TRY(access_explain(
		&access, question.user, question.document, request->permission, &explanation));
	response->allowed = explanation.verdict.allowed;
	response->reason = explanation.verdict.reason;
	response->n_paths = explanation.path_count;
	response->paths = ARENA_ARRAY(
		call->arena, Orgd__V1__ExplainAccessResponse__Path *, explanation.path_count);
	for (size_t i = 0; i < explanation.path_count; i++)
		TRY(path_message(call, &explanation.paths[i], &response->paths[i]));
	return OK;
}

/* Both lists walk entries that end with an id, and list what has the wanted permission at least. */
static struct id entry_id(const struct key *entry)
{
	size_t offset = entry->size - sizeof(struct id);

	return key_read_id(key_bytes(entry), &offset);
}

MUST_USE static bool suffices(Orgd__V1__Permission highest, Orgd__V1__Permission wanted)
{
	return highest && highest >= wanted;
}

/* Where the documents are that a user may reach: those granted to each organization and those in
 * the collections granted to it, all by creation. Of more runs than a merge takes, all documents
 * there are: the order is the same, so that each page may decide anew. */
MUST_USE static struct status merge_documents(
	struct call *call, const struct access_user *user, struct merge *merge)
{
	struct key prefix;
	bool room = true;

	merge_init(merge, call, DOCUMENT_ENTRY_BYTES);
	if (!user->active)
		return OK;
	for (size_t i = 0; i < user->membership_count && room; i++) {
		const struct id *organization_id = &user->memberships[i].organization_id;
		CLEANUP(scan_end) struct scan scan = { 0 };

		granted_prefix(&prefix, organization_id, GRANT_ON_DOCUMENT);
		room = merge_add(merge, &prefix);
		granted_prefix(&prefix, organization_id, GRANT_ON_COLLECTION);
		TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
		while (scan.found && room) {
			struct id collection_id = collection_of_key(scan.key);

			collection_document_prefix(&prefix, &collection_id);
			room = merge_add(merge, &prefix);
			TRY(scan_next(&scan));
		}
	}
	if (room)
		return OK;
	merge_clear(merge);
	document_time_prefix(&prefix);
	(void)merge_add(merge, &prefix);
	return OK;
}

MUST_USE static struct status document_entry(struct call *call, const struct id *id,
	Orgd__V1__Permission highest, Orgd__V1__ListUserDocumentsResponse__Entry **out)
{
	Orgd__V1__ListUserDocumentsResponse__Entry *entry =
		ARENA_NEW(call->arena, Orgd__V1__ListUserDocumentsResponse__Entry);
	Orgd__Store__V1__Document *row;

	orgd__v1__list_user_documents_response__entry__init(entry);
	entry->permission = highest;
	TRY(document_peek(call->snapshot, id, &row));
	if (!row)
		return status_internal("a document has collections and no row");
	TRY(document_message(call, id, row, &entry->document));
	*out = entry;
	return OK;
}

static struct status list_user_documents(struct call *call,
	const Orgd__V1__ListUserDocumentsRequest *request,
	Orgd__V1__ListUserDocumentsResponse *response)
{
	const struct access_user *user;
	struct key at, last = { 0 };
	struct access access;
	struct merge merge;
	struct page page;
	struct id user_id;
	bool found;

	TRY(authorize_user_id(call, "user_id", request->user_id, &user_id));
	TRY(check_permission("permission", request->permission));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	access_init(&access, call);
	TRY(access_find_user(&access, &user_id, &user));
	TRY(merge_documents(call, user, &merge));
	TRY(merge_begin(&merge, page_after(&page)));
	response->documents =
		ARENA_ARRAY(call->arena, Orgd__V1__ListUserDocumentsResponse__Entry *, page.size);
	while (access.looks <= PAGE_LOOKS_MAX) {
		const struct access_document *document;
		Orgd__V1__Permission highest;
		struct id document_id;

		TRY(merge_next(&merge, &at, &found));
		if (!found)
			return OK;
		document_id = entry_id(&at);
		TRY(access_find_document(&access, &document_id, &document));
		TRY(access_highest(&access, user, document, &highest));
		if (suffices(highest, request->permission)) {
			Orgd__V1__ListUserDocumentsResponse__Entry *entry = NULL;

			TRY(document_entry(call, &document_id, highest, &entry));
			if (!page_add(&page, &entry->base))
				break;
			response->documents[response->n_documents++] = entry;
		}
		last = at;
	}
	response->next_page_token = page_token(call, &last);
	return OK;
}

/* The members of the organizations that hold a grant on this resource; *room is false when they are
 * too many. */
MUST_USE static struct status merge_holders(struct call *call, enum grant_on on,
	const struct id *resource_id, struct merge *merge, bool *room)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix;

	grant_holders_prefix(&prefix, on, resource_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, NULL));
	while (scan.found && *room) {
		struct id organization_id = grant_of_key(scan.key);

		membership_organization_prefix(&prefix, &organization_id);
		*room = merge_add(merge, &prefix);
		TRY(scan_next(&scan));
	}
	return OK;
}

/* Where the users are who may reach a document: the members of each organization with a grant on
 * it or on a collection that contains it, all by id. Of more than a merge takes, all users there
 * are. */
MUST_USE static struct status merge_users(
	struct call *call, const struct access_document *document, struct merge *merge)
{
	bool room = true;
	struct key prefix;

	merge_init(merge, call, USER_ENTRY_BYTES);
	if (!document->exists)
		return OK;
	TRY(merge_holders(call, GRANT_ON_DOCUMENT, &document->id, merge, &room));
	for (size_t i = 0; i < document->collection_count; i++)
		TRY(merge_holders(
			call, GRANT_ON_COLLECTION, &document->collection_ids[i], merge, &room));
	if (room)
		return OK;
	merge_clear(merge);
	user_prefix(&prefix);
	(void)merge_add(merge, &prefix);
	return OK;
}

MUST_USE static struct status user_entry(struct call *call, const struct id *id,
	Orgd__V1__Permission highest, Orgd__V1__ListDocumentUsersResponse__Entry **out)
{
	Orgd__V1__ListDocumentUsersResponse__Entry *entry =
		ARENA_NEW(call->arena, Orgd__V1__ListDocumentUsersResponse__Entry);
	Orgd__Store__V1__UserView *row;

	orgd__v1__list_document_users_response__entry__init(entry);
	TRY(user_view(call->snapshot, id, &row));
	entry->user_id = id_text(call->arena, ID_USER, id);
	entry->display_name = row->user->display_name;
	entry->permission = highest;
	*out = entry;
	return OK;
}

static struct status list_document_users(struct call *call,
	const Orgd__V1__ListDocumentUsersRequest *request,
	Orgd__V1__ListDocumentUsersResponse *response)
{
	const struct access_document *document;
	struct key at, last = { 0 };
	struct access access;
	struct merge merge;
	struct page page;
	struct id document_id;
	bool found;

	TRY(id_parse(ID_DOCUMENT, "document_id", request->document_id, &document_id));
	TRY(authorize(call));
	TRY(check_permission("permission", request->permission));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	access_init(&access, call);
	TRY(access_find_document(&access, &document_id, &document));
	TRY(merge_users(call, document, &merge));
	TRY(merge_begin(&merge, page_after(&page)));
	response->users =
		ARENA_ARRAY(call->arena, Orgd__V1__ListDocumentUsersResponse__Entry *, page.size);
	while (access.looks <= PAGE_LOOKS_MAX) {
		const struct access_user *user;
		Orgd__V1__Permission highest;
		struct id user_id;

		TRY(merge_next(&merge, &at, &found));
		if (!found)
			return OK;
		user_id = entry_id(&at);
		TRY(access_find_user(&access, &user_id, &user));
		TRY(access_highest(&access, user, document, &highest));
		if (suffices(highest, request->permission)) {
			Orgd__V1__ListDocumentUsersResponse__Entry *entry = NULL;

			TRY(user_entry(call, &user_id, highest, &entry));
			if (!page_add(&page, &entry->base))
				break;
			response->users[response->n_users++] = entry;
		}
		last = at;
	}
	response->next_page_token = page_token(call, &last);
	return OK;
}
