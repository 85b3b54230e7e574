/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "progress.h"

enum { PAGE_SIZE = 1000, TRIES_MAX = 3 };

/* The page behind `last`, or the first if that is NULL. Its time may pass while the one before it
 * waits to be printed. */
static struct org_call *begin(
	struct cli *cli, const Orgd__V1__ExportResponse *last, ProtobufCMessage **response)
{
	static const struct org_call_options patient = { .timeout_ms = ORG_TIMEOUT_MS_MAX };
	Orgd__V1__ExportRequest request = MESSAGE_OF(orgd__v1__export_request);

	request.page_size = PAGE_SIZE;
	if (last)
		request.page_token = last->next_page_token;
	*response = NULL;
	return org_call_begin(ask_client(cli), &orgd__v1__admin_service__descriptor, "Export",
		&request.base, &patient, response);
}

/* Whoever reads what is printed may have taken longer than the call, or than the daemon lived:
 * then the same page is asked for again. */
static bool is_worth_repeating(
	const Orgd__V1__ExportResponse *last, const struct org_status *status)
{
	return last && (status->code == ORG_DEADLINE_EXCEEDED || status->code == ORG_UNAVAILABLE);
}

/* Waits for the page behind `last`, which it frees. */
static Orgd__V1__ExportResponse *finish(struct cli *cli, Orgd__V1__ExportResponse *last,
	struct org_call *call, ProtobufCMessage **response)
{
	struct org_status status;

	for (unsigned tries = 1; org_call_wait(call, &status) != ORG_OK; tries++) {
		if (tries == TRIES_MAX || !is_worth_repeating(last, &status))
			ask_failed(cli, &status);
		call = begin(cli, last, response);
	}
	org_message_free(last);
	return (Orgd__V1__ExportResponse *)*response;
}

/* One page is on its way while the one before it is printed. */
static enum exit_code run(struct cli *cli)
{
	Orgd__V1__ExportResponse *page = NULL;
	ProtobufCMessage *next;
	struct org_call *call;
	uint64_t count = 0;
	bool is_last;

	if (output_format(cli) == OUTPUT_CSV)
		fail_usage(cli, "an export is JSON, a record a line");
	call = begin(cli, NULL, &next);
	do {
		page = finish(cli, page, call, &next);
		is_last = !page->next_page_token[0];
		if (!is_last)
			call = begin(cli, page, &next);
		for (size_t i = 0; i < page->n_records; i++)
			output_json_brief(cli, &page->records[i]->base);
		output_finish();
		count += page->n_records;
		progress_show(cli, "Exporting", count, 0);
	} while (!is_last);
	org_message_free(page);
	progress_clear();
	return EXIT_OK;
}

static const struct command commands[] = {
	{ "export",
		"Print people, organizations, members, collections, documents and grants as they "
		"are at one moment, a record a line, for orgctl import; without passwords, keys, "
		"invitations and events.",
		"orgctl export", run },
};

NOUN(export_noun, NULL, "Taking records along.");
