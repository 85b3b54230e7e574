/* SPDX-License-Identifier: Apache-2.0 */
#include "document_story.h"

#include <string.h>

#include "base/compiler.h"
#include "google/protobuf/timestamp.pb-c.h"

const char *a_document(struct story *s, const char *title)
{
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;

	document.title = title;
	document.locator = "manual/1";
	return ASK(s, "operator", DocumentService, CreateDocument, create_document,
		.document = &document)
		->document->id;
}

const char *a_collection(struct story *s, const char *title)
{
	Orgd__V1__Collection collection = ORGD__V1__COLLECTION__INIT;

	collection.title = title;
	return ASK(s, "operator", DocumentService, CreateCollection, create_collection,
		.collection = &collection)
		->collection->id;
}

void put_into(struct story *s, const char *collection, const char *document)
{
	ASK(s, "operator", DocumentService, AddDocuments, add_documents,
		.collection_id = collection, .n_document_ids = 1,
		.document_ids = (char *[]){ document });
}

void take_out(struct story *s, const char *collection, const char *document)
{
	ASK(s, "operator", DocumentService, RemoveDocuments, remove_documents,
		.collection_id = collection, .n_document_ids = 1,
		.document_ids = (char *[]){ document });
}

Orgd__V1__Grant grant_request(const char *organization, const char *resource, struct terms terms)
{
	Orgd__V1__Grant grant = ORGD__V1__GRANT__INIT;
	static Google__Protobuf__Timestamp expire_time;

	grant.organization_id = organization;
	if (!strncmp(resource, "col_", 4)) {
		grant.resource_case = ORGD__V1__GRANT__RESOURCE_COLLECTION_ID;
		grant.collection_id = resource;
	} else {
		grant.resource_case = ORGD__V1__GRANT__RESOURCE_DOCUMENT_ID;
		grant.document_id = resource;
	}
	grant.permission = terms.permission;
	grant.minimum_role = terms.minimum_role;
	if (terms.expire_us) {
		google__protobuf__timestamp__init(&expire_time);
		expire_time.seconds = terms.expire_us / US_PER_SECOND;
		expire_time.nanos = (int32_t)(terms.expire_us % US_PER_SECOND) * 1000;
		grant.expire_time = &expire_time;
	}
	return grant;
}

const Orgd__V1__Grant *grant_to(
	struct story *s, const char *organization, const char *resource, struct terms terms)
{
	Orgd__V1__Grant grant = grant_request(organization, resource, terms);

	return ASK(s, "operator", DocumentService, CreateGrant, create_grant, .grant = &grant)
		->grant;
}

bool may(struct story *s, const char *user_id, const char *document, Orgd__V1__Permission wanted)
{
	return ASK(s, "operator", AccessService, Check, check, .user_id = user_id,
		.document_id = document, .permission = wanted)
		->allowed;
}

const Orgd__V1__CheckResponse *ask_why(
	struct story *s, const char *user_id, const char *document, Orgd__V1__Permission wanted)
{
	return ASK(s, "operator", AccessService, Check, check, .user_id = user_id,
		.document_id = document, .permission = wanted, .with_reason = true);
}

size_t count_events(struct story *s, const char *action)
{
	const Orgd__V1__ListEventsResponse *page;
	const char *token = "";
	size_t count = 0;

	do {
		page = ASK(s, "operator", EventService, ListEvents, list_events, .page_size = 1000,
			.page_token = token, .action_prefix = action);
		for (size_t i = 0; i < page->n_events; i++)
			count += !strcmp(page->events[i]->action, action);
		token = page->next_page_token;
	} while (*token);
	return count;
}

const char *no_such(const char *prefix)
{
	static const char *const ids[] = {
		"usr_0123456789abcdefghjkmnpqrs",
		"org_0123456789abcdefghjkmnpqrs",
		"inv_0123456789abcdefghjkmnpqrs",
		"doc_0123456789abcdefghjkmnpqrs",
		"col_0123456789abcdefghjkmnpqrs",
		"grt_0123456789abcdefghjkmnpqrs",
		"key_0123456789abcdefghjkmnpqrs",
		"ses_0123456789abcdefghjkmnpqrs",
		"dlv_0123456789abcdefghjkmnpqrs",
		"whk_0123456789abcdefghjkmnpqrs",
		"evt_0123456789abcdefghjkmnpqrs",
	};

	for (size_t i = 0; i < COUNT_OF(ids); i++)
		if (!strncmp(ids[i], prefix, 3))
			return ids[i];
	cr_assert_fail("there is no prefix %s", prefix);
	return NULL;
}
