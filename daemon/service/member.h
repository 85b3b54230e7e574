/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* The one way into an organization, and the one way out: roles, the list of Owners, the primary
 * contact, the counts on both sides and the events stay in step. */

/* When it was, for whoever restores it; the organization's own update_time stays then. */
struct joined {
	int64_t join_us, update_us;
	size_t owner_place; /* of an Owner: in the organization's list */
};

struct joining {
	const struct id *organization_id, *user_id;
	Orgd__Store__V1__Organization *organization; /* changed and saved */
	Orgd__Store__V1__User *user;                 /* likewise */
	Orgd__V1__Role role;
	const struct id *invited_by; /* NULL for the creator and for whom an operator invited */
	const struct joined *joined; /* NULL: it begins now */
};
/* Adds the user, who must not belong to it yet, and appends "member.joined". The first Owner
 * becomes the primary contact, unless there is one. *member (may be NULL) is the contract's
 * message.
 *
 *   ALREADY_EXISTS     ALREADY_A_MEMBER, metadata "organization_id"
 *   RESOURCE_EXHAUSTED ORGANIZATION_LIMIT (100 a user), OWNED_ORGANIZATION_LIMIT (50 a user),
 *                      OWNER_LIMIT (32 an organization) */
MUST_USE struct status member_join(
	struct call *call, const struct joining *joining, Orgd__V1__Member **member);

struct parting {
	const struct id *organization_id, *user_id;
	Orgd__Store__V1__Organization *organization; /* changed and saved */
	const char *action; /* of the event: "member.removed", "member.left", "member.erased" */
	bool by_system;
};
/* Takes the user out. A primary contact hands over to the longest-standing Owner (SPEC rule 19).
 * Does not look whether it is the last Owner: see member_check_owners. */
MUST_USE struct status member_part(struct call *call, const struct parting *parting);

/* Would the organization have an active Owner without this one (SPEC rules 16, 17)?
 *
 *   FAILED_PRECONDITION LAST_OWNER, metadata "organization_id" */
MUST_USE struct status member_check_owners(struct call *call, const struct id *organization_id,
	const Orgd__Store__V1__Organization *organization, const struct id *without);
/* The same for every organization that the user owns: before disabling or erasing the user. Each is
 * read, and so is an Owner who stays; it is not rewritten, since fifty of them could be more than a
 * batch may hold, and need not be: whoever else takes an Owner away rewrites the organization and
 * reads the row of this user. */
MUST_USE struct status member_check_owned(struct call *call, const struct id *user_id);

/* The contract's message. In the call's arena. */
MUST_USE struct status member_message(struct call *call, const struct id *organization_id,
	const struct id *user_id, const Orgd__Store__V1__Membership *row,
	const Orgd__Store__V1__Organization *organization, Orgd__V1__Member **member);

/* Whom the platform writes to about the organization: the primary contact, or while that user is
 * not active the longest-standing active Owner. *user is NULL when there is none. */
MUST_USE struct status member_contact(struct call *call,
	const Orgd__Store__V1__Organization *organization, Orgd__Store__V1__User **user);
/* Makes an Owner the primary contact and saves the organization; nothing when they are already.
 *
 *   FAILED_PRECONDITION NOT_AN_OWNER  no active Owner of it */
MUST_USE struct status member_set_contact(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, const struct id *user_id);

/* The parts of the above that member_service.c and the purge put together in ways of their own. */

struct member_fact {
	const char *action;
	const struct id *organization_id, *user_id;
	const Orgd__Store__V1__User *user; /* NULL when the row is gone */
	Orgd__V1__Role role, from;         /* `from` only of a change */
	bool by_system;
};
/* Appends the event about a member. */
MUST_USE struct status member_event(struct call *call, const struct member_fact *fact);
/* Takes the user off the list of Owners, where they need not be. The primary contact hands over,
 * with an event. The row is changed, not saved. */
MUST_USE struct status member_drop_owner(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, const struct id *user_id, bool by_system);
/* Deletes the membership `row` and counts it off on both sides; *user is the saved row, NULL when
 * there is none. The organization is changed, not saved. */
MUST_USE struct status member_take_out(struct call *call, const struct id *organization_id,
	Orgd__Store__V1__Organization *organization, const struct id *user_id,
	const Orgd__Store__V1__Membership *row, Orgd__Store__V1__User **user);
