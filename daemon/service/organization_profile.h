/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/* What people tell about an organization: the fields that Create and Update take. */

/* A bit for each, in the order of organization_profile_fields. */
enum profile_field {
	PROFILE_DISPLAY_NAME = 1 << 0,
	PROFILE_LEGAL_NAME = 1 << 1,
	PROFILE_WEBSITE = 1 << 2,
	PROFILE_COUNTRY = 1 << 3,
	PROFILE_DESCRIPTION = 1 << 4,
	PROFILE_INTENDED_USE = 1 << 5,
	PROFILE_METADATA = 1 << 6,
	PROFILE_SEAT_LIMIT = 1 << 7, /* a platform administrator's */
	PROFILE_ALL = (1 << 8) - 1,
	/* What reviewers have looked at (SPEC rule 26). */
	PROFILE_VERIFIED = PROFILE_LEGAL_NAME | PROFILE_WEBSITE | PROFILE_COUNTRY,
};
/* Their names, for update_mask_read. */
extern const char *const organization_profile_fields[];

/* Checks the `fields` of `given`, and puts those that differ into `profile`; *changed says which.
 *
 *   INVALID_ARGUMENT  INVALID_URL, INVALID_COUNTRY, METADATA_LIMIT, METADATA_KEY and what
 *                     text_check answers, with the field */
MUST_USE struct status organization_profile_set(struct call *call,
	const Orgd__V1__Organization *given, uint64_t fields, Orgd__V1__Organization *profile,
	uint64_t *changed);

/* "legal_name,website" */
char *organization_profile_names(struct arena *arena, uint64_t fields);
