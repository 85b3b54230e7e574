/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "cli.h"
#include "message.h"

/*
 * Calls. A response lives until the end of the process. A call that is refused ends it, in orgd's
 * words and with what helps.
 *
 *	const Orgd__V1__GetMemberResponse *response =
 *		ASK(cli, member_service, GetMember, get_member,
 *			.organization_id = organization, .user_id = user);
 */
#define ASK_REQUEST(Method, method, ...)                                                           \
	(&((Orgd__V1__##Method##Request){                                                          \
		   .base = PROTOBUF_C_MESSAGE_INIT(&orgd__v1__##method##_request__descriptor),     \
		   ##__VA_ARGS__ })                                                                \
			.base)
#define ASK(cli, service, Method, method, ...)                                                     \
	((Orgd__V1__##Method##Response *)ask((cli), &orgd__v1__##service##__descriptor, #Method,   \
		ASK_REQUEST(Method, method, ##__VA_ARGS__), NULL))
/* The same without a credential, whoever is signed in: for what anyone may do. */
#define ASK_AS_ANYONE(cli, service, Method, method, ...)                                           \
	((Orgd__V1__##Method##Response *)ask((cli), &orgd__v1__##service##__descriptor, #Method,   \
		ASK_REQUEST(Method, method, ##__VA_ARGS__),                                        \
		&(struct org_call_options){ .authorization = "", .on_behalf_of = "" }))
/* The same with validate_only, under a request id of its own: what would be affected. */
#define ASK_PREVIEW(cli, service, Method, method, ...)                                             \
	((Orgd__V1__##Method##Response *)ask_preview((cli), &orgd__v1__##service##__descriptor,    \
		#Method, ASK_REQUEST(Method, method, .validate_only = true, ##__VA_ARGS__)))
/* A list: all of it, or as many rows as --limit says. The response has all rows where the format
 * shows them together; else those of the first page, behind which ask_next_page() has the
 * others. */
#define ASK_LIST(cli, service, Method, method, ...)                                                \
	((Orgd__V1__##Method##Response *)ask_list((cli), &orgd__v1__##service##__descriptor,       \
		#Method, ASK_REQUEST(Method, method, ##__VA_ARGS__)))

/* `options` is NULL for the usual. */
ProtobufCMessage *ask(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request,
	const struct org_call_options *options);
ProtobufCMessage *ask_preview(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request);
ProtobufCMessage *ask_list(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, ProtobufCMessage *request);

/* The page of ASK_LIST's list behind the one it gave last, which is gone then; NULL after the
 * last. */
ProtobufCMessage *ask_next_page(struct cli *cli);

/* Moves the rows of the response `page` behind those of `all`, another of its kind. */
void ask_append(ProtobufCMessage *all, ProtobufCMessage *page);

/* For a caller that goes on after a refusal: NULL then, and `status` says why. */
ProtobufCMessage *ask_and_see(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const struct org_call_options *options,
	struct org_status *status);
/* Ends the process with what `status` says, and with what helps. */
__attribute__((noreturn)) void ask_failed(struct cli *cli, const struct org_status *status);

/* The connection, for calls that do not wait for each other. Ends the process when there is nobody
 * to speak as. */
struct org_client *ask_client(struct cli *cli);

/* Closes the connection and frees every response. */
void ask_end(struct cli *cli);
