/* SPDX-License-Identifier: Apache-2.0 */
#include "service/verification.h"

#include "service/organization.h"
#include "store/rows/decision.h"

static char *text_or_empty(struct arena *arena, const char *text)
{
	return arena_strdup(arena, text ? text : "");
}

/* Keeps what was decided, with who it was as reviewers see it. */
MUST_USE static struct status keep_decision(struct call *call, const struct standing *standing,
	const struct verification *verification, Orgd__V1__Decision *decision)
{
	struct id id = entropy_draw_id(&call->entropy);
	Orgd__Store__V1__Decision row = ORGD__STORE__V1__DECISION__INIT;

	decision->create_time = call_now(call);
	decision->actor = call->caller.user ? id_text(call->arena, ID_USER, &call->caller.user_id)
					    : arena_strdup(call->arena, "operator");
	decision->reason = verification->reason;
	decision->note = text_or_empty(call->arena, verification->note);
	decision->private_note = text_or_empty(call->arena, verification->private_note);
	row.decision = decision;
	/* As who they did it: one of the organization's own people, or else the platform. */
	row.by_platform =
		!(call->rule->hats & standing->hats & (HAT_MEMBER | HAT_ADMIN | HAT_OWNER));
	TRY(decision_insert(call->batch, &standing->organization_id, call->now_us, &id, &row));
	decision->id = id_text(call->arena, ID_DECISION, &id);
	return OK;
}

struct status verification_take(struct call *call, const struct standing *standing,
	const struct verification *verification, Orgd__V1__Decision **decision)
{
	Orgd__Store__V1__Organization *row = standing->organization;
	Orgd__V1__VerificationState from = row->organization->verification, to;
	Orgd__V1__Decision *kept = ARENA_NEW(call->arena, Orgd__V1__Decision);

	TRY(organization_check_writable(row));
	TRY(verification_next(from, verification->step, &to));
	orgd__v1__decision__init(kept);
	kept->from = from;
	kept->to = to;
	TRY(keep_decision(call, standing, verification, kept));
	if (to != from) {
		row->organization->verification = to;
		row->verification_us = call->now_us;
		TRY(organization_place_in_queue(call, &standing->organization_id, row));
	}
	if (decision)
		*decision = kept;
	TRY(organization_save(call, &standing->organization_id, row));
	return event_append(call,
		&(struct event){ .action = verification_action(verification->step),
			.organization = &standing->organization_id,
			.details = { { .key = "from", .value = verification_state_word(from) },
				{ .key = "to", .value = verification_state_word(to) },
				{ .key = verification->reason ? "reason" : NULL,
					.value = enum_word(&orgd__v1__decision_reason__descriptor,
						verification->reason) } } });
}
