/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"
#include "command.h"
#include "output.h"
#include "progress.h"

enum { PAGE_SIZE = 1000 };

static struct org_call *begin(struct cli *cli, char *page_token, ProtobufCMessage **response)
{
	Orgd__V1__ExportRequest request = MESSAGE_OF(orgd__v1__export_request);

	request.page_size = PAGE_SIZE;
	request.page_token = page_token;
	*response = NULL;
	return org_call_begin(ask_client(cli), &orgd__v1__admin_service__descriptor, "Export",
		&request.base, NULL, response);
}

/* One page is on its way while the one before it is printed. */
static enum exit_code run(struct cli *cli)
{
	Orgd__V1__ExportResponse *page;
	ProtobufCMessage *next;
	struct org_call *call;
	struct org_status status;
	char beginning[] = "";
	uint64_t count = 0;

	if (output_format(cli) == OUTPUT_CSV)
		fail_usage(cli, "an export is JSON, a record a line");
	for (call = begin(cli, beginning, &next); call;
		count += page->n_records, org_message_free(page)) {
		if (org_call_wait(call, &status) != ORG_OK)
			ask_failed(cli, &status);
		page = (Orgd__V1__ExportResponse *)next;
		call = page->next_page_token[0] ? begin(cli, page->next_page_token, &next) : NULL;
		for (size_t i = 0; i < page->n_records; i++)
			output_json_brief(cli, &page->records[i]->base);
		output_finish();
		progress_show(cli, "Exporting", count + page->n_records, 0);
	}
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
