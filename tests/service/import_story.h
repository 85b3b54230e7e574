/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "support/story.h"

/* Records, as the tests of imports make them: in the story's name, by an operator. They live until
 * import_story_end(). */

#define USR_ADA    "usr_0000000000000000000000ada1"
#define USR_BOB    "usr_00000000000000000000000b0b"
#define ORG_ACME   "org_00000000000000000000000acm"
#define COL_SHELF  "col_000000000000000000000shef1"
#define DOC_MANUAL "doc_00000000000000000000manna1"
#define GRT_FIRST  "grt_0000000000000000000000f1r5"

struct story *import_story_begin(void);
void import_story_end(struct story *s);

/* Days before the story's present. */
Google__Protobuf__Timestamp *days_ago(struct story *s, int days);
Google__Protobuf__Timestamp *in_days(struct story *s, int days);

/* Verified people; `id` is "" to leave it to orgd. */
Orgd__V1__Record *a_user_record(const char *id, const char *email);
/* Named by an id or an address. */
Orgd__V1__Member *an_owner(const char *who, Google__Protobuf__Timestamp *join_time);
/* Verified and active, owned by whom an_owner made. */
Orgd__V1__Record *an_organization_record(
	const char *id, const char *handle, size_t count, Orgd__V1__Member **owners);
/* `organization` is an id or a handle. */
Orgd__V1__Record *a_member_record(
	const char *organization, const char *who, Google__Protobuf__Timestamp *join_time);
Orgd__V1__Record *a_collection_record(const char *id);
Orgd__V1__Record *a_document_record(const char *id, size_t count, const char *const *collections);
Orgd__V1__Record *a_grant_record(const char *organization, const char *resource);

/* One call; the records end with NULL. */
struct outcome import_try(struct story *s, Orgd__V1__Record *const records[]);
#define IMPORT_TRY(s, ...) import_try(s, (Orgd__V1__Record *const[]){ __VA_ARGS__, NULL })
/* Must go well; how many were imported, the others being there already. */
size_t import_done(struct outcome outcome);
#define IMPORT(s, ...) import_done(IMPORT_TRY(s, __VA_ARGS__))
#define IMPORT_REFUSED(s, code_, reason_, ...)                                                     \
	do {                                                                                       \
		struct outcome refused_ = IMPORT_TRY(s, __VA_ARGS__);                              \
		cr_assert_eq((int)refused_.code, (int)(code_), "%d %s: %s", (int)refused_.code,    \
			refused_.reason, refused_.message);                                        \
		cr_assert_str_eq(refused_.reason, (reason_));                                      \
	} while (0)

/* Ada owns acme, verified; a collection with a document that acme is granted. */
void import_portal(struct story *s);
