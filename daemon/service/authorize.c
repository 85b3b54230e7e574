/* SPDX-License-Identifier: Apache-2.0 */
#include "service/call.h"
#include "store/rows/membership.h"
#include "store/rows/organization.h"
#include "store/rows/user.h"

struct status authorize(struct call *call)
{
	const struct credentials *who = &call->caller.credentials;

	/* About nobody else: whoever is a user is the one whom it is about. */
	return policy_allows(
		call->rule, who, policy_hats(who, ORGD__V1__ROLE__ROLE_UNSPECIFIED, who->user));
}

struct status authorize_user_id(
	struct call *call, const char *field, const char *text, struct id *user_id)
{
	const struct caller *caller = &call->caller;

	/* Nobody means oneself by accident where it is mostly others whom a method is about. */
	if (*text || !(call->rule->hats & HAT_SELF))
		TRY(id_parse(ID_USER, field, text, user_id));
	else
		*user_id = caller->user_id;
	TRY(policy_allows(call->rule, &caller->credentials,
		policy_hats(&caller->credentials, ORGD__V1__ROLE__ROLE_UNSPECIFIED,
			caller->credentials.user && id_equal(user_id, &caller->user_id))));
	if (id_is_zero(user_id))
		return status_invalid(
			field, "FIELD_REQUIRED", "%s is needed: you are no user yourself", field);
	return OK;
}

struct status authorize_user(struct call *call, const char *field, const char *text,
	Orgd__Store__V1__User **user, struct id *user_id)
{
	char id[ID_TEXT_BYTES];

	TRY(authorize_user_id(call, field, text, user_id));
	TRY(user_get(call->snapshot, user_id, user));
	if (*user)
		return OK;
	id_format(ID_USER, user_id, id);
	return status_fail(STATUS_NOT_FOUND, "USER_NOT_FOUND", "there is no user %s", id);
}

struct status authorize_organization_id(
	struct call *call, const struct id *id, struct standing *standing)
{
	const struct caller *caller = &call->caller;
	char text[ID_TEXT_BYTES];

	standing->organization_id = *id;
	standing->role = ORGD__V1__ROLE__ROLE_UNSPECIFIED;
	TRY(organization_get(call->snapshot, id, &standing->organization));
	if (standing->organization && caller->credentials.user) {
		Orgd__Store__V1__Membership *membership;

		TRY(membership_get(call->snapshot, id, &caller->user_id, &membership));
		if (membership)
			standing->role = membership->role;
	}
	standing->hats = policy_hats(&caller->credentials, standing->role, false);
	TRY(policy_allows(call->rule, &caller->credentials, standing->hats));
	id_format(ID_ORGANIZATION, id, text);
	if (!standing->organization)
		return status_fail(STATUS_NOT_FOUND, "ORGANIZATION_NOT_FOUND",
			"there is no organization %s", text);
	return OK;
}

struct status authorize_organization(
	struct call *call, const char *field, const char *text, struct standing *standing)
{
	struct id id;

	TRY(id_parse(ID_ORGANIZATION, field, text, &id));
	return authorize_organization_id(call, &id, standing);
}
