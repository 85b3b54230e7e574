/* SPDX-License-Identifier: Apache-2.0 */
/* May this user read this document?	example <user id> <document id> */
#include <err.h>
#include <org_client.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char *argv[])
{
	struct org_client_options options = { .authorization = getenv("ORGD_API_KEY") };
	Orgd__V1__CheckRequest request;
	Orgd__V1__CheckResponse *response;
	struct org_client *client;
	struct org_status status;

	if (argc != 3)
		errx(2, "usage: example <user id> <document id>");
	if (org_client_open(getenv("ORGD_URL"), &options, &client, &status))
		errx(2, "%s", status.message);

	orgd__v1__check_request__init(&request);
	request.user_id = argv[1];
	request.document_id = argv[2];
	request.permission = ORGD__V1__PERMISSION__PERMISSION_READ;
	if (ORG_CALL(client, access_service, check, &request, NULL, &response, &status))
		errx(2, "%s (%s)", status.message, status.reason);

	puts(response->allowed ? "yes" : "no");
	org_message_free(response);
	org_client_close(client);
}
