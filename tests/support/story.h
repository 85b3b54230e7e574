/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <criterion/criterion.h>
#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/status.h"
#include "orgd/v1/access_service.pb-c.h"
#include "orgd/v1/admin_service.pb-c.h"
#include "orgd/v1/api_key_service.pb-c.h"
#include "orgd/v1/delivery_service.pb-c.h"
#include "orgd/v1/document_service.pb-c.h"
#include "orgd/v1/event_service.pb-c.h"
#include "orgd/v1/invitation_service.pb-c.h"
#include "orgd/v1/member_service.pb-c.h"
#include "orgd/v1/organization_service.pb-c.h"
#include "orgd/v1/session_service.pb-c.h"
#include "orgd/v1/user_service.pb-c.h"
#include "orgd/v1/verification_service.pb-c.h"
#include "orgd/v1/webhook_service.pb-c.h"

/*
 * The whole daemon but its sockets, in this process: a fresh store, the executor with its threads,
 * a clock that tests set, cheap passwords, mail configured with the project's templates. Tests tell
 * what people do and look at what orgd answers.
 *
 * `who` calls: NULL for anyone, "operator", "courier", "key:<secret>" for a service, or the address
 * of a person made by story_person. Everything returned lives until story_end.
 */
struct story;
struct settings;
struct store;

struct story *story_begin(void);
/* Fails unless all that was stored fits together, or story_spoil has said that it will not.
 * ORGD_STORY_PROGRAM stands in for the orgd that makes backups and checks the database. */
void story_end(struct story *story);
void story_spoil(struct story *story);
/* Ends the daemon and starts it again on the same store: what was in memory alone is gone. */
void story_restart(struct story *story);
/* To change before the first call. */
struct settings *story_settings(struct story *story);

/* For what no call shows. */
struct store *story_store(struct story *story);

/* Runs every sweep; moves the clock forward and then runs every sweep. */
void story_sweep(struct story *story);
void story_advance(struct story *story, int64_t us);
/* Moves the clock alone. */
void story_skip(struct story *story, int64_t us);
/* From now on calls are taken as if they had come in that long ago. */
void story_be_late(struct story *story, int64_t us);
/* The first step of a drain. */
void story_release(struct story *story);
/* What main does all the time: deadlines of calls that wait. */
void story_tick(struct story *story);
int64_t story_now_us(struct story *story);

/* Signs up, proves the address, signs in. The password is "correct horse battery". */
void story_person(struct story *story, const char *email, const char *name);
const char *story_id(struct story *story, const char *email);
/* Created by the person and verified by the operator; returns the id. */
const char *story_organization(struct story *story, const char *owner_email, const char *handle);
/* Makes the person if need be, invites them by the operator and accepts. */
void story_join(
	struct story *story, const char *organization_id, const char *email, Orgd__V1__Role role);

/* Leases all mails as the courier and reports them as sent; then the token in the newest link
 * mailed to that address (NULL for none), and how many mails went there so far. */
const char *story_mail_token(struct story *story, const char *email);
size_t story_mail_count(struct story *story, const char *email);
/* The newest whole message to that address. */
const char *story_mail_text(struct story *story, const char *email);

struct outcome {
	enum status_code code;
	char reason[64], message[512], field[128], help[512];
	char metadata[256]; /* "key=value;key=value;" */
	int64_t retry_after_ms;
	const ProtobufCMessage *response; /* NULL unless OK */
	ProtobufCBinaryData payload;      /* the same as it was sent */
	const ProtobufCMessage *status;   /* the whole google.rpc.Status; NULL when OK */
	uint64_t epoch, revision;
	bool committed;
};

/* One call as it comes over the wire. `method` is "MemberService/ListMembers". */
struct outcome story_try(
	struct story *story, const char *who, const char *method, const ProtobufCMessage *request);
/* The same with the request id, for replays. */
struct outcome story_try_as(struct story *story, const char *who, const char *method,
	const ProtobufCMessage *request, const char *request_id);
/* With every field of the envelope but method and payload, which it fills in. "Peer" is the courier
 * in the courier's two methods, an operator in all others. */
struct Orgd__Rpc__V1__Request;
struct outcome story_try_envelope(struct story *story, const char *method,
	const ProtobufCMessage *request, struct Orgd__Rpc__V1__Request *envelope);
/* What `who` writes into the envelope. */
const char *story_authorization(struct story *story, const char *who);

/* Must be answered OK. */
const ProtobufCMessage *story_call(
	struct story *story, const char *who, const char *method, const ProtobufCMessage *request);
/* Must be refused so. */
void expect_refused(struct story *story, const char *who, const char *method,
	const ProtobufCMessage *request, enum status_code code, const char *reason);

/*
 * A typed call that must be answered OK, and one that must be refused:
 *
 *	const Orgd__V1__GetMemberResponse *r =
 *		ASK(s, "ada@example.com", MemberService, GetMember, get_member,
 *			.organization_id = org, .user_id = ada);
 *	REFUSED(s, "eve@example.com", STATUS_PERMISSION_DENIED, "PERMISSION_DENIED", MemberService,
 *		GetMember, get_member, .organization_id = org, .user_id = ada);
 */
#define STORY_REQUEST(Method, method, ...)                                                         \
	(&((Orgd__V1__##Method##Request){                                                          \
		   .base = PROTOBUF_C_MESSAGE_INIT(&orgd__v1__##method##_request__descriptor),     \
		   ##__VA_ARGS__ })                                                                \
			.base)
#define ASK(story, who, Service, Method, method, ...)                                              \
	((const Orgd__V1__##Method##Response *)story_call(                                         \
		story, who, #Service "/" #Method, STORY_REQUEST(Method, method, ##__VA_ARGS__)))
#define REFUSED(story, who, code, reason, Service, Method, method, ...)                            \
	expect_refused(story, who, #Service "/" #Method,                                           \
		STORY_REQUEST(Method, method, ##__VA_ARGS__), code, reason)
