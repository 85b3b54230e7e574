/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "store/rows/row.h"

/*
 * TABLE_CHORE: work that is too long for one batch. What must hold at once is marked in the batch
 * that causes it; a sweep finishes the rest in chunks when it falls due.
 */
enum chore {
	CHORE_REVOKE_INVITATIONS = 1, /* of an organization whose invitation_epoch was raised */
	CHORE_PURGE_ORGANIZATION = 2, /* deleted 30 days before */
	CHORE_ERASE_USER = 3,         /* an erased user's rows */
	CHORE_FORGET_INVITATION = 4,  /* a finished invitation's spent token, 30 days after */
	CHORE_REMIND_INVITATION =
		5,                 /* a pending invitation's reminder, 24 hours before its expiry */
	CHORE_FORGET_DOCUMENT = 6, /* the grants of a deleted document */
	CHORE_FORGET_COLLECTION = 7, /* the entries and grants of a deleted collection */
	CHORE_FORGET_WEBHOOK = 8,    /* the attempts of a deleted webhook */
};

MUST_USE struct status chore_put(
	struct batch *batch, enum chore chore, int64_t due_us, const struct id *id);
MUST_USE struct status chore_delete(
	struct batch *batch, enum chore chore, int64_t due_us, const struct id *id);
/* The one of this kind that is due first, if one is due by `now_us`. Relies on nothing. */
MUST_USE struct status chore_find(struct snapshot *snapshot, enum chore chore, int64_t now_us,
	struct id *id, int64_t *due_us, bool *found);
