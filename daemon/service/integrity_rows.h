/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/compiler.h"
#include "service/integrity.h"
#include "store/rows/chore.h"
#include "store/rows/row.h"

/* What the checks of the tables share, a function a table in integrity_<nouns>.c. */
struct integrity {
	const struct integrity_listener *listener;
	struct integrity_report *report;
	struct store_reader *reader;
	struct arena arena; /* of the snapshot */
	struct snapshot *snapshot;
	const char *table; /* where the check stands */
	struct key key;
};

/* Looks at the row that the scan stands on. A failure is that of a read: a finding as well. */
typedef struct status integrity_function(struct integrity *check, const struct scan *row);

/* Something is wrong with the present row. */
void integrity_found(struct integrity *check, const char *format, ...) PRINTF_LIKE(2, 3);

/* *message is NULL when the value is not what it should be, which is a finding. */
void integrity_unpack(struct integrity *check, const struct scan *row,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **message);
/* The id that the value is; zero when it is none, which is a finding. */
struct id integrity_value_id(struct integrity *check, const struct scan *row);
/* A value where there should be none is a finding. */
void integrity_key_alone(struct integrity *check, const struct scan *row);
/* The id that ends the key, and the one that begins it. Keys have their checked length. */
struct id integrity_last_id(const struct scan *row);
struct id integrity_first_id(const struct scan *row);

/* A batch to derive rows with: what is put there never gets any further. */
struct batch *integrity_batch(struct integrity *check);
/* Is every row that was put there as it should be, but the present one and those of the tables in
 * the string `but`? */
MUST_USE struct status integrity_expect(
	struct integrity *check, const struct batch *rows, const char *but);
/* Is the present row one of those? Else nothing stands behind it. */
void integrity_belongs(
	struct integrity *check, const struct scan *row, const struct batch *rows, const char *but);

/* Will a sweep still see to `id`? */
MUST_USE struct status integrity_chore(
	struct integrity *check, enum chore chore, const struct id *id, bool *pending);
/* How many rows stand under this prefix. */
MUST_USE struct status integrity_count(
	struct integrity *check, const struct key *prefix, uint32_t *count);
/* Is a keyed hash what it should be? Which one, in words. */
void integrity_hash(struct integrity *check, ProtobufCBinaryData hash, const char *which);

/* integrity_accounts.c */
integrity_function integrity_user, integrity_user_by_email, integrity_user_by_time,
	integrity_session, integrity_session_index, integrity_token, integrity_api_key,
	integrity_api_key_by_time, integrity_person_key;
/* integrity_organizations.c */
integrity_function integrity_organization, integrity_handle, integrity_organization_index,
	integrity_decision, integrity_membership, integrity_membership_by_user,
	integrity_membership_by_time;
/* integrity_invitations.c */
integrity_function integrity_invitation, integrity_invitation_index, integrity_invitation_pending;
/* integrity_documents.c */
integrity_function integrity_document, integrity_document_by_time, integrity_document_collections,
	integrity_collection, integrity_collection_by_time, integrity_collection_document,
	integrity_grant, integrity_grant_index, integrity_resource_grant, integrity_granted;
/* integrity_outbox.c */
integrity_function integrity_delivery, integrity_delivery_index, integrity_webhook,
	integrity_webhooks, integrity_webhook_news, integrity_webhook_due,
	integrity_webhook_attempt;
/* integrity_records.c */
integrity_function integrity_request, integrity_event_by_organization, integrity_chore_row,
	integrity_usage, integrity_meta, integrity_event, integrity_event_index, integrity_anchor;
/* The whole chain of events, in snapshots of its own. */
MUST_USE struct status integrity_event_chain(struct integrity *check);
