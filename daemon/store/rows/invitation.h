/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "orgd/store/v1/rows.pb-c.h"
#include "store/rows/row.h"

/*
 * TABLE_INVITATION and its indexes. While an invitation is PENDING on disk it also stands under its
 * organization and address, under its address alone, and under its expiry; who reads any of these
 * asks invitation_state() what it is now. The organization's list has it for ever.
 */

/* Sets *row to the invitation, NULL if there is none; peek relies on nothing. */
MUST_USE struct status invitation_get(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Invitation **row);
MUST_USE struct status invitation_peek(
	struct snapshot *snapshot, const struct id *id, Orgd__Store__V1__Invitation **row);
/* The one that is PENDING on disk for this address (canonical) in this organization. */
MUST_USE struct status invitation_get_pending(struct snapshot *snapshot,
	const struct id *organization_id, const char *email, struct id *id, bool *exists);

/* Adds a pending one under a fresh id. */
MUST_USE struct status invitation_insert(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Invitation *row);
/* Writes the row back; whether it is pending, and until when, stays. */
MUST_USE struct status invitation_put(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Invitation *row);
/* Writes a pending row back whose expiry was `old_expire_us`. */
MUST_USE struct status invitation_renew(struct batch *batch, const struct id *id,
	const Orgd__Store__V1__Invitation *row, int64_t old_expire_us);
/* Writes a row back that has just left PENDING. */
MUST_USE struct status invitation_close(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Invitation *row);
/* Takes the row and all that leads to it away, whatever its state. */
MUST_USE struct status invitation_delete(
	struct batch *batch, const struct id *id, const Orgd__Store__V1__Invitation *row);

/* All of an organization by creation, (create us, id); its pending ones by address, which have the
 * id for a value; the pending ones of an address by creation, (create us, id); all pending ones by
 * expiry, (expire us, id). */
void invitation_organization_prefix(struct key *key, const struct id *organization_id);
void invitation_pending_prefix(struct key *key, const struct id *organization_id);
void invitation_email_prefix(struct key *key, const char *email);
void invitation_expiry_prefix(struct key *key);
/* What a key of an order by time says. */
struct id invitation_of_key(struct bytes key, int64_t *us);
