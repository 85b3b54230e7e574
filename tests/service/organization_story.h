/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "support/story.h"

/* What the tests of organizations, their verification and their members share. */

#define ADA "ada@example.com"
#define BOB "bob@example.com"
#define EVE "eve@example.com"
#define ZOE "zoe@example.com"

#define MEMBER ORGD__V1__ROLE__ROLE_MEMBER
#define ADMIN  ORGD__V1__ROLE__ROLE_ADMIN
#define OWNER  ORGD__V1__ROLE__ROLE_OWNER

#define PENDING     ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING
#define VERIFIED    ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED
#define REJECTED    ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REJECTED
#define ASKED       ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_NEEDS_INFORMATION
#define UNVERIFIED  ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_UNVERIFIED
#define REVERIFYING ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REVERIFYING

#define ACTIVE    ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE
#define SUSPENDED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_SUSPENDED
#define DELETED   ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED

/* A story with Ada, Bob and Eve. */
struct story *people_begin(void);

/* A message for Create and Update: only these two fields. */
Orgd__V1__Organization organization_named(const char *handle, const char *display_name);
/* Created by the person, PENDING. Returns the id. */
const char *organization_made(struct story *story, const char *owner_email, const char *handle);
/* As the operator sees it. */
const Orgd__V1__Organization *organization_seen(struct story *story, const char *organization_id);
/* The tries of Create and Update, to be refused or not. */
struct outcome organization_try_create(
	struct story *story, const char *who, Orgd__V1__Organization *organization);
struct outcome organization_try_update(struct story *story, const char *who,
	Orgd__V1__Organization *organization, const char *mask);
void organization_deleted_by(struct story *story, const char *who, const char *organization_id);
void organization_suspend_for(struct story *story, const char *organization_id, const char *reason);

/* Makes the person a reviewer or a platform administrator. */
void person_give_platform_role(struct story *story, const char *email, Orgd__V1__PlatformRole role);
void person_disable(struct story *story, const char *email);
/* How many organizations ListMyOrganizations shows to the person. */
size_t person_organization_count(struct story *story, const char *email);

/* The member as the operator sees it, NULL for none; ROLE_UNSPECIFIED for none. */
const Orgd__V1__Member *member_seen(
	struct story *story, const char *organization_id, const char *email);
Orgd__V1__Role member_role(struct story *story, const char *organization_id, const char *email);
struct outcome member_try_change(struct story *story, const char *who, const char *organization_id,
	const char *email, Orgd__V1__Role role);
struct outcome member_try_remove(
	struct story *story, const char *who, const char *organization_id, const char *email);
struct outcome member_try_leave(struct story *story, const char *who, const char *organization_id);

/* The organization's events with this action, as the operator sees them; *last (may be NULL) is the
 * newest. */
size_t event_count(struct story *story, const char *organization_id, const char *action,
	const Orgd__V1__Event **last);
/* "" when there is no such detail. */
const char *event_detail(const Orgd__V1__Event *event, const char *key);

/* What was tried went well, or was refused so. */
#define expect_done(outcome_)                                                                      \
	do {                                                                                       \
		struct outcome done_ = (outcome_);                                                 \
		cr_assert(!done_.code, "%s: %s", done_.reason, done_.message);                     \
	} while (0)
#define expect_reason(outcome_, code_, reason_)                                                    \
	do {                                                                                       \
		struct outcome refused_ = (outcome_);                                              \
		cr_assert_eq((int)refused_.code, (int)(code_), "%s %s: %s",                        \
			status_code_name((int)refused_.code), refused_.reason, refused_.message);  \
		cr_assert_str_eq(refused_.reason, (reason_));                                      \
	} while (0)
