/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "domain/membership.h"
#include "domain/user.h"
#include "domain/verification.h"
#include "service/admin_import.h"
#include "service/organization_profile.h"
#include "service/record.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"

#define ACTIVE    ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE
#define DELETED   ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED
#define SUSPENDED ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_SUSPENDED
#define PENDING   ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING
#define OWNER     ORGD__V1__ROLE__ROLE_OWNER

/* The record's organization as it is kept, but for the id. */
MUST_USE static struct status read_organization(struct importing *importing,
	const Orgd__V1__Organization *given, Orgd__V1__Organization *organization)
{
	struct call *call = importing->call;
	const char *handle, *reason;
	uint64_t changed;

	orgd__v1__organization__init(organization);
	TRY(text_check_handle(call->arena, "organization.handle", given->handle, &handle));
	TRY(organization_profile_set(call, given, PROFILE_ALL, organization, &changed));
	TRY(enum_check_optional("organization.verification",
		&orgd__v1__verification_state__descriptor, (int)given->verification));
	TRY(enum_check_optional("organization.lifecycle", &orgd__v1__organization_state__descriptor,
		(int)given->lifecycle));
	if (given->lifecycle == DELETED)
		return status_invalid("organization.lifecycle", "UNKNOWN_ENUM_VALUE",
			"organization.lifecycle: what is deleted cannot be imported");
	TRY(text_check(call->arena, TEXT_PARAGRAPHS, "organization.suspension_reason",
		given->suspension_reason, given->lifecycle == SUSPENDED, TEXT_NOTE_MAX, &reason));
	organization->handle = (char *)(uintptr_t)handle;
	organization->verification = given->verification ? given->verification : PENDING;
	organization->lifecycle = given->lifecycle ? given->lifecycle : ACTIVE;
	if (organization->lifecycle == SUSPENDED)
		organization->suspension_reason = (char *)(uintptr_t)reason;
	return OK;
}

MUST_USE static struct status read_organization_times(struct importing *importing,
	const Orgd__V1__Organization *given, Orgd__V1__Organization *organization)
{
	struct call *call = importing->call;
	int64_t create_us, update_us, verification_us;

	TRY(import_time(importing, "organization.create_time", given->create_time, call->now_us,
		&create_us));
	TRY(import_time(
		importing, "organization.update_time", given->update_time, create_us, &update_us));
	TRY(import_time(importing, "organization.verification_time", given->verification_time,
		create_us, &verification_us));
	organization->create_time = timestamp_new(call->arena, create_us);
	organization->update_time = timestamp_new(call->arena, update_us);
	organization->verification_time = timestamp_new(call->arena, verification_us);
	return OK;
}

/* The Owners of an organization's record. */
struct owners {
	size_t count;
	struct belonging each[OWNERS_MAX];
	size_t contact, active; /* who is the primary contact; the first who is active */
};

MUST_USE static struct status read_owner(
	struct importing *importing, size_t place, struct belonging *owner)
{
	owner->field = arena_printf(importing->call->arena, "owners[%zu]", place);
	return belonging_read(importing, importing->record->owners[place], owner);
}

MUST_USE static struct status read_owners(struct importing *importing, struct owners *owners)
{
	const Orgd__V1__Record *record = importing->record;

	if (!record->n_owners)
		return status_invalid("owners", "FIELD_REQUIRED",
			"say who owns the organization: \"owners\" beside it, at least one");
	if (record->n_owners > OWNERS_MAX)
		return status_fail(STATUS_RESOURCE_EXHAUSTED, "OWNER_LIMIT",
			"an organization has at most %d Owners", OWNERS_MAX);
	owners->count = record->n_owners;
	for (size_t i = 0; i < owners->count; i++)
		TRY(read_owner(importing, i, &owners->each[i]));
	return OK;
}

/* Finds the two that an organization is never without. */
MUST_USE static struct status choose_first(
	struct importing *importing, const char *contact, struct owners *owners)
{
	struct id contact_id;

	owners->contact = 0;
	owners->active = owners->count;
	if (*contact) {
		TRY(id_parse(ID_USER, "organization.primary_contact", contact, &contact_id));
		owners->contact = owners->count;
	}
	for (size_t i = owners->count; i-- > 0;) {
		const struct belonging *owner = &owners->each[i];

		if (owner->user && user_is_active(owner->user))
			owners->active = i;
		if (owner->user && *contact && id_equal(&owner->user_id, &contact_id))
			owners->contact = i;
	}
	if (importing->missing_count)
		return OK;
	if (owners->contact == owners->count)
		return status_fail(STATUS_FAILED_PRECONDITION, "NOT_AN_OWNER",
			"the primary contact %s is none of the Owners", contact);
	if (owners->active == owners->count)
		return status_fail(STATUS_FAILED_PRECONDITION, "NO_ACTIVE_OWNER",
			"none of the Owners is active, and an organization is never without one");
	return OK;
}

/* Behind how many of the Owners that are there does the record put this one? */
static size_t owner_place(const Orgd__Store__V1__Organization *organization,
	const struct belonging *owners, size_t index)
{
	size_t place = 0;

	for (size_t i = 0; i < index; i++)
		place += owners[i].user && membership_is_owner(organization, &owners[i].user_id);
	return place < organization->n_owner_ids ? place : organization->n_owner_ids;
}

MUST_USE static struct status join_first(struct importing *importing, const struct id *id,
	Orgd__Store__V1__Organization *row, struct owners *owners, size_t index)
{
	struct belonging *owner = &owners->each[index];

	TRY(belonging_check(importing->call, row, owner, OWNER));
	owner->joined.owner_place = owner_place(row, owners->each, index);
	return belonging_begin(importing, id, row, owner, OWNER);
}

MUST_USE static struct status append(
	struct call *call, const struct id *id, const Orgd__V1__Organization *organization)
{
	return event_append(call,
		&(struct event){ .action = "organization.created",
			.organization = id,
			.details = { { .key = "handle", .value = organization->handle },
				{ .key = "display_name", .value = organization->display_name },
				{ .key = "verification",
					.value = verification_state_word(
						organization->verification) } } });
}

MUST_USE static struct status insert_organization(struct importing *importing, const struct id *id,
	Orgd__V1__Organization *organization, struct owners *owners)
{
	Orgd__Store__V1__Organization *row =
		ARENA_NEW(importing->call->arena, Orgd__Store__V1__Organization);
	bool waits =
		organization->lifecycle == ACTIVE && verification_waits(organization->verification);
	struct call *call = importing->call;

	orgd__store__v1__organization__init(row);
	row->organization = organization;
	row->verification_us = timestamp_us(organization->verification_time);
	row->queued_us = waits ? row->verification_us : 0;
	row->creator_id = bytes_of_id(call->arena, &owners->each[0].user_id);
	organization->primary_contact =
		id_text(call->arena, ID_USER, &owners->each[owners->contact].user_id);
	organization->verification_time = NULL; /* the row has it */
	if (!import_validates(importing)) {
		TRY(organization_insert(call->batch, id, row));
		TRY(append(call, id, organization));
	}
	TRY(join_first(importing, id, row, owners, owners->contact));
	if (user_is_active(owners->each[owners->contact].user))
		return OK;
	return join_first(importing, id, row, owners, owners->active);
}

/* The organization that the record is about, if it is here: by its id or its handle. */
MUST_USE static struct status find_present(struct importing *importing,
	const Orgd__V1__Organization *organization, struct id *id,
	Orgd__Store__V1__Organization **present)
{
	const char *given_id = importing->record->organization->id;
	struct call *call = importing->call;
	Orgd__Store__V1__Handle *taken;
	struct id holder_id;

	*present = NULL;
	if (*given_id)
		TRY(organization_get(call->snapshot, id, present));
	if (*present)
		return OK;
	TRY(organization_find(call->snapshot, organization->handle, &holder_id, &taken));
	if (!taken || (taken->reserved_until_us && taken->reserved_until_us <= call->now_us))
		return OK;
	if (*given_id || taken->reserved_until_us)
		return status_fail(STATUS_ALREADY_EXISTS, "HANDLE_TAKEN",
			"the handle \"%s\" is another organization's: %s", organization->handle,
			id_text(call->arena, ID_ORGANIZATION, &holder_id));
	*id = holder_id;
	return organization_get(call->snapshot, id, present);
}

MUST_USE static struct status compare_organization(struct importing *importing, const struct id *id,
	const Orgd__Store__V1__Organization *present, Orgd__V1__Organization *organization)
{
	const Orgd__V1__Organization *given = importing->record->organization;
	Orgd__V1__Organization *there = record_organization(importing->call, id, present);

	organization->id = there->id;
	organization->primary_contact =
		*given->primary_contact ? given->primary_contact : there->primary_contact;
	if (!given->verification)
		organization->verification = there->verification;
	if (!given->verification_time)
		organization->verification_time = there->verification_time;
	if (!given->create_time)
		organization->create_time = there->create_time;
	if (!given->update_time)
		organization->update_time = there->update_time;
	return import_compare(
		importing, &there->base, &organization->base, "organization", organization->handle);
}

/* Of an organization that was there before: each whom the record names is an Owner of it, so that
 * whom import_owner adds belongs to what this very import made. The one of a record that has no
 * import_owner is compared here too. */
MUST_USE static struct status compare_owners(struct importing *importing, const struct id *id,
	const Orgd__Store__V1__Organization *present, const struct owners *owners)
{
	Orgd__Store__V1__Membership *membership;

	for (size_t i = 0; i < owners->count; i++) {
		const struct belonging *owner = &owners->each[i];

		if (owner->user && !membership_is_owner(present, &owner->user_id))
			return status_fail(STATUS_ALREADY_EXISTS, "RECORD_DIFFERS",
				"organization %s is here already, and %.254s is no Owner of it; "
				"nothing is overwritten",
				present->organization->handle, owner->user->canonical_email);
	}
	if (owners->count > 1 || !owners->each[0].user)
		return OK;
	TRY(membership_get(importing->call->snapshot, id, &owners->each[0].user_id, &membership));
	return membership ? belonging_compare(importing, id, &owners->each[0], OWNER, membership)
			  : OK;
}

struct status import_organization(struct importing *importing)
{
	const Orgd__V1__Organization *given = importing->record->organization;
	struct call *call = importing->call;
	Orgd__V1__Organization organization;
	Orgd__Store__V1__Organization *present;
	struct owners owners;
	struct id id;

	if (*given->id)
		TRY(id_parse(ID_ORGANIZATION, "organization.id", given->id, &id));
	TRY(read_organization(importing, given, &organization));
	TRY(read_organization_times(importing, given, &organization));
	TRY(read_owners(importing, &owners));
	TRY(find_present(importing, &organization, &id, &present));
	if (present) {
		TRY(compare_organization(importing, &id, present, &organization));
		return compare_owners(importing, &id, present, &owners);
	}
	TRY(choose_first(importing, given->primary_contact, &owners));
	if (importing->missing_count)
		return OK;
	if (!*given->id)
		id = entropy_draw_id(&call->entropy);
	return insert_organization(importing, &id, &organization, &owners);
}

/* An Owner of an organization that an import would make. */
MUST_USE static struct status check_alone(
	struct call *call, Orgd__V1__Organization *organization, const struct belonging *owner)
{
	ProtobufCBinaryData first = { 0, NULL };
	Orgd__Store__V1__Organization row = ORGD__STORE__V1__ORGANIZATION__INIT;

	row.organization = organization;
	row.owner_ids = &first;
	row.n_owner_ids = 1;
	return belonging_check(call, &row, owner, OWNER);
}

struct status import_owner(struct importing *importing, size_t place)
{
	const Orgd__V1__Organization *given = importing->record->organization;
	struct call *call = importing->call;
	struct belonging owners[OWNERS_MAX];
	Orgd__Store__V1__Organization *row;
	Orgd__V1__Organization organization;
	struct id id;

	if (*given->id)
		TRY(id_parse(ID_ORGANIZATION, "organization.id", given->id, &id));
	TRY(read_organization(importing, given, &organization));
	for (size_t i = 0; i <= place; i++)
		TRY(read_owner(importing, i, &owners[i]));
	TRY(find_present(importing, &organization, &id, &row));
	if (!row && !import_validates(importing))
		return status_fail(STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND",
			"organization %s was purged meanwhile", organization.handle);
	if (!owners[place].user)
		return OK;
	if (!row)
		return check_alone(call, &organization, &owners[place]);
	owners[place].joined.owner_place = owner_place(row, owners, place);
	return belonging_take_in(importing, &id, row, &owners[place], OWNER);
}
