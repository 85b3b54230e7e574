/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "service/admin.h"
#include "service/helper.h"

enum { FINDINGS_MAX = 100 };

bool admin_check_answers(const struct helper_state *state)
{
	return helper_find(state, "checked") || helper_failure(state).code == STATUS_DATA_LOSS;
}

/* How many findings there are; that the check itself did not survive is one. */
static uint64_t count_findings(const struct helper_state *state)
{
	const struct helper_line *checked = helper_find(state, "checked");
	uint64_t count = 0;

	if (checked)
		return helper_number(checked->words[3]);
	for (size_t i = 0; i < state->line_count; i++)
		count += !strcmp(state->lines[i].words[0], "finding");
	return count + 1;
}

bool admin_check_outcome(
	struct arena *arena, const struct helper_state *state, const char **outcome)
{
	uint64_t count;

	if (!admin_check_answers(state)) {
		*outcome = arena_strdup(arena, helper_failure(state).failure->message);
		return false;
	}
	count = count_findings(state);
	*outcome = count ? arena_printf(arena, "%" PRIu64 " %s", count,
				   count == 1 ? "finding" : "findings")
			 : "no findings";
	return !count;
}

static void add_finding(struct arena *arena, Orgd__V1__IntegrityReport *report, const char *table,
	const char *key, const char *sentence)
{
	Orgd__V1__IntegrityFinding *finding;

	if (report->n_findings == FINDINGS_MAX)
		return;
	finding = ARENA_NEW(arena, Orgd__V1__IntegrityFinding);
	orgd__v1__integrity_finding__init(finding);
	finding->table = arena_strdup(arena, table);
	finding->key = arena_strdup(arena, key);
	finding->sentence = arena_strdup(arena, sentence);
	report->findings[report->n_findings++] = finding;
}

static Orgd__V1__IntegrityReport *report_of(struct arena *arena, const struct helper_state *state)
{
	Orgd__V1__IntegrityReport *report = ARENA_NEW(arena, Orgd__V1__IntegrityReport);
	const struct helper_line *checked = helper_find(state, "checked");

	orgd__v1__integrity_report__init(report);
	report->start_time = timestamp_new(arena, state->start_us);
	report->end_time = timestamp_new(arena, state->end_us);
	report->finding_count = count_findings(state);
	report->findings = ARENA_ARRAY(arena, Orgd__V1__IntegrityFinding *, FINDINGS_MAX);
	if (checked) {
		report->rows = helper_number(checked->words[1]);
		report->tables = (uint32_t)helper_number(checked->words[2]);
	} else {
		add_finding(
			arena, report, state->table, "", helper_failure(state).failure->message);
	}
	for (size_t i = 0; i < state->line_count; i++) {
		const struct helper_line *line = &state->lines[i];

		if (!strcmp(line->words[0], "finding"))
			add_finding(arena, report, line->words[1], line->words[2], line->words[3]);
	}
	return report;
}

struct status admin_check_integrity(struct call *call,
	const Orgd__V1__CheckIntegrityRequest *request, Orgd__V1__CheckIntegrityResponse *response)
{
	struct helper_state state;

	(void)request;
	TRY(authorize(call));
	TRY(helper_run(call, HELPER_CHECK, &state));
	response->running = state.running;
	if (state.running)
		return OK;
	if (!admin_check_answers(&state))
		return helper_failure(&state);
	response->report = report_of(call->arena, &state);
	return OK;
}
