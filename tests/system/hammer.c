/* SPDX-License-Identifier: Apache-2.0 */
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "org_client.h"

/*
 * Many threads call one daemon at once, each on a connection of its own that it drops and makes
 * again: reads, writes, passwords, long polls, refusals. What the daemon does with it is for a
 * sanitizer to judge; that every answer is one, is checked here.
 *
 *	hammer URL THREADS ROUNDS ORGANIZATION_ID
 */
struct hammer {
	const char *url, *organization_id;
	unsigned rounds;
	atomic_uint answers, refusals;
};

struct hand {
	struct hammer *hammer;
	unsigned number;
	pthread_t thread;
};

static void judge(struct hand *hand, enum org_code code, const struct org_status *status)
{
	if (code == ORG_UNAVAILABLE || code == ORG_DEADLINE_EXCEEDED || code == ORG_INTERNAL ||
		code == ORG_UNKNOWN)
		errx(1, "no answer: %s (%s)", status->message, status->reason);
	atomic_fetch_add(code ? &hand->hammer->refusals : &hand->hammer->answers, 1);
}

#define CALL(hand, client, service, method, request, response)                                     \
	do {                                                                                       \
		struct org_status status_;                                                         \
                                                                                                   \
		judge(hand, ORG_CALL(client, service, method, request, NULL, response, &status_),  \
			&status_);                                                                 \
		org_message_free(*(response));                                                     \
	} while (0)

static void write_document(struct hand *hand, struct org_client *client, unsigned round)
{
	Orgd__V1__Document document = ORGD__V1__DOCUMENT__INIT;
	Orgd__V1__CreateDocumentRequest request = ORGD__V1__CREATE_DOCUMENT_REQUEST__INIT;
	Orgd__V1__CreateDocumentResponse *response;
	char title[64];

	snprintf(title, sizeof(title), "Document %u of %u", round, hand->number);
	document.title = title;
	document.locator = title;
	request.document = &document;
	CALL(hand, client, document_service, create_document, &request, &response);
}

static void invite(struct hand *hand, struct org_client *client, unsigned round)
{
	Orgd__V1__CreateInvitationRequest request = ORGD__V1__CREATE_INVITATION_REQUEST__INIT;
	Orgd__V1__CreateInvitationResponse *response;
	char email[64];

	snprintf(email, sizeof(email), "guest-%u-%u@example.com", hand->number, round);
	request.organization_id = (char *)(uintptr_t)hand->hammer->organization_id;
	request.email = email;
	request.role = ORGD__V1__ROLE__ROLE_MEMBER;
	CALL(hand, client, invitation_service, create_invitation, &request, &response);
}

static void fail_to_sign_in(struct hand *hand, struct org_client *client, unsigned round)
{
	Orgd__V1__SignInRequest request = ORGD__V1__SIGN_IN_REQUEST__INIT;
	Orgd__V1__SignInResponse *response;
	char email[64];

	snprintf(email, sizeof(email), "stranger-%u-%u@example.com", hand->number, round);
	request.email = email;
	request.password = (char[]){ "wrong horse battery staple" };
	CALL(hand, client, session_service, sign_in, &request, &response);
}

static void read_all(struct hand *hand, struct org_client *client)
{
	Orgd__V1__ListDocumentsRequest documents = ORGD__V1__LIST_DOCUMENTS_REQUEST__INIT;
	Orgd__V1__ListDocumentsResponse *listed;
	Orgd__V1__ListInvitationsRequest invitations = ORGD__V1__LIST_INVITATIONS_REQUEST__INIT;
	Orgd__V1__ListInvitationsResponse *invited;
	Orgd__V1__GetStatusRequest state = ORGD__V1__GET_STATUS_REQUEST__INIT;
	Orgd__V1__GetStatusResponse *told;
	Orgd__V1__WatchEventsRequest events = ORGD__V1__WATCH_EVENTS_REQUEST__INIT;
	Orgd__V1__WatchEventsResponse *seen;
	struct org_call_options soon = { .timeout_ms = 200 };
	struct org_status status;

	CALL(hand, client, document_service, list_documents, &documents, &listed);
	invitations.organization_id = (char *)(uintptr_t)hand->hammer->organization_id;
	CALL(hand, client, invitation_service, list_invitations, &invitations, &invited);
	CALL(hand, client, admin_service, get_status, &state, &told);
	/* Ends with an event that another thread makes, or with its time. */
	(void)ORG_CALL(client, event_service, watch_events, &events, &soon, &seen, &status);
	org_message_free(seen);
}

static void *swing(void *argument)
{
	struct hand *hand = argument;

	for (unsigned round = 0; round < hand->hammer->rounds; round++) {
		struct org_client_options options = { .authorization = "Peer",
			.timeout_ms = 60000 };
		struct org_client *client;
		struct org_status status;

		if (org_client_open(hand->hammer->url, &options, &client, &status))
			errx(1, "%s", status.message);
		write_document(hand, client, round);
		invite(hand, client, round);
		if (round % 8 == 0)
			fail_to_sign_in(hand, client, round);
		read_all(hand, client);
		org_client_close(client);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct hammer hammer = { 0 };
	unsigned count = argc == 5 ? (unsigned)atoi(argv[2]) : 0;
	struct hand *hands = calloc(count + 1, sizeof(*hands));

	if (!count || !hands)
		errx(64, "usage: hammer URL THREADS ROUNDS ORGANIZATION_ID");
	hammer.url = argv[1];
	hammer.rounds = (unsigned)atoi(argv[3]);
	hammer.organization_id = argv[4];
	for (unsigned i = 0; i < count; i++) {
		hands[i] = (struct hand){ .hammer = &hammer, .number = i };
		if (pthread_create(&hands[i].thread, NULL, swing, &hands[i]))
			err(1, "a thread");
	}
	for (unsigned i = 0; i < count; i++)
		pthread_join(hands[i].thread, NULL);
	printf("%u answers, %u refusals\n", hammer.answers, hammer.refusals);
	free(hands);
	return 0;
}
