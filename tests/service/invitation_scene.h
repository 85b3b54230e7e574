/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "store/store.h"
#include "support/story.h"

/* Ada owns the verified organization acme; what tests of invitations do there again and again. */

#define ADA "ada@example.com"
#define ANN "ann@example.com"
#define BOB "bob@example.com"
#define EVE "eve@example.com"

#define ROLE(word)  ORGD__V1__ROLE__ROLE_##word
#define STATE(word) ORGD__V1__INVITATION_STATE__INVITATION_STATE_##word

/* Sets *organization_id to acme's. */
struct story *acme_begin(const char **organization_id);

/* Must be answered OK. */
const Orgd__V1__Invitation *scene_invite(struct story *s, const char *who,
	const char *organization_id, const char *email, Orgd__V1__Role role);
struct outcome scene_try_invite(struct story *s, const char *who, const char *organization_id,
	const char *email, Orgd__V1__Role role);
struct outcome scene_try_accept(struct story *s, const char *who, const char *token);
struct outcome scene_try_resend(
	struct story *s, const char *who, const char *organization_id, const char *invitation_id);
struct outcome scene_try_revoke(
	struct story *s, const char *who, const char *organization_id, const char *invitation_id);

/* As the operator sees them. */
const Orgd__V1__Invitation *scene_look_at(
	struct story *s, const char *organization_id, const char *invitation_id);
const Orgd__V1__Organization *scene_look_at_organization(
	struct story *s, const char *organization_id);
/* How many events of the organization have an action that begins so. */
size_t scene_count_events(struct story *s, const char *organization_id, const char *action);
/* UNSPECIFIED for who does not belong. */
Orgd__V1__Role scene_role_of(struct story *s, const char *organization_id, const char *email);

void scene_suspend(struct story *s, const char *organization_id);
void scene_unsuspend(struct story *s, const char *organization_id);
/* Puts it back to UNVERIFIED. */
void scene_unverify(struct story *s, const char *organization_id);
void scene_set_seat_limit(struct story *s, const char *organization_id, uint32_t limit);

/* Puts a row, or deletes it (value NULL), past all handlers: what a bug, or somebody with the file,
 * could do. */
void scene_tamper(struct story *s, const struct key *key, const char *value);

void scene_expect_ok(struct outcome outcome);
void scene_expect_refusal(struct outcome outcome, enum status_code code, const char *reason);
