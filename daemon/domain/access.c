/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/access.h"

#include "base/compiler.h"

#define REASON(name) ORGD__V1__ACCESS_REASON__ACCESS_REASON_##name

/* How far it came: each reason is one test further than the one before it. */
static const Orgd__V1__AccessReason progress[] = {
	REASON(NO_SUCH_USER),
	REASON(USER_NOT_ACTIVE),
	REASON(NO_SUCH_DOCUMENT),
	REASON(NOT_A_MEMBER),
	REASON(ORGANIZATION_DELETED),
	REASON(ORGANIZATION_SUSPENDED),
	REASON(ORGANIZATION_NOT_VERIFIED),
	REASON(REVERIFICATION_OVERDUE),
	REASON(NO_GRANT),
	REASON(GRANT_EXPIRED),
	REASON(ROLE_TOO_LOW),
	REASON(PERMISSION_TOO_LOW),
	REASON(COLLECTION_GRANT),
	REASON(DOCUMENT_GRANT),
};

MUST_USE static size_t progress_of(Orgd__V1__AccessReason reason)
{
	size_t step = 0;

	while (step < COUNT_OF(progress) && progress[step] != reason)
		step++;
	return step;
}

MUST_USE static bool is_given(Orgd__V1__AccessReason reason)
{
	return reason == REASON(DOCUMENT_GRANT) || reason == REASON(COLLECTION_GRANT);
}

MUST_USE static Orgd__V1__AccessReason judge_organization(
	const struct access_question *question, const struct access_organization *organization)
{
	switch (organization->lifecycle) {
	case ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE:
		break;
	case ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_SUSPENDED:
		return REASON(ORGANIZATION_SUSPENDED);
	default:
		return REASON(ORGANIZATION_DELETED);
	}
	switch (organization->verification) {
	case ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED:
		return REASON(UNSPECIFIED);
	case ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REVERIFYING:
		return question->now_us - organization->verification_us <
				       question->reverify_grace_us
			       ? REASON(UNSPECIFIED)
			       : REASON(REVERIFICATION_OVERDUE);
	default:
		return REASON(ORGANIZATION_NOT_VERIFIED);
	}
}

MUST_USE static Orgd__V1__AccessReason judge_grant(const struct access_question *question,
	const struct access_grant *grant, Orgd__V1__Role role)
{
	if (grant->expire_us && grant->expire_us <= question->now_us)
		return REASON(GRANT_EXPIRED);
	if (role < grant->minimum_role)
		return REASON(ROLE_TOO_LOW);
	if (grant->permission < question->wanted)
		return REASON(PERMISSION_TOO_LOW);
	return id_is_zero(&grant->collection_id) ? REASON(DOCUMENT_GRANT)
						 : REASON(COLLECTION_GRANT);
}

struct access_verdict access_begin(const struct access_question *question)
{
	return (struct access_verdict){
		.reason = !question->user_exists       ? REASON(NO_SUCH_USER)
			  : !question->user_active     ? REASON(USER_NOT_ACTIVE)
			  : !question->document_exists ? REASON(NO_SUCH_DOCUMENT)
						       : REASON(NOT_A_MEMBER),
	};
}

struct access_verdict access_judge(
	const struct access_question *question, const struct access_organization *organization)
{
	struct access_verdict verdict = access_begin(question);

	if (verdict.reason != REASON(NOT_A_MEMBER))
		return verdict;
	verdict.reason = judge_organization(question, organization);
	if (verdict.reason != REASON(UNSPECIFIED))
		return verdict;
	verdict.reason = REASON(NO_GRANT);
	for (size_t i = 0; i < organization->grant_count; i++) {
		const struct access_grant *grant = &organization->grants[i];
		struct access_verdict offer = {
			.reason = judge_grant(question, grant, organization->role), .grant = *grant
		};

		offer.allowed = is_given(offer.reason);
		if (offer.allowed || offer.reason == REASON(PERMISSION_TOO_LOW))
			offer.highest = grant->permission;
		(void)access_take(&verdict, &offer);
	}
	return verdict;
}

bool access_take(struct access_verdict *best, const struct access_verdict *offer)
{
	Orgd__V1__Permission highest =
		best->highest > offer->highest ? best->highest : offer->highest;
	bool further = progress_of(offer->reason) > progress_of(best->reason);

	if (further)
		*best = *offer;
	best->highest = highest;
	return further;
}
