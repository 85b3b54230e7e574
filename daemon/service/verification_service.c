/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "orgd/v1/verification_service.pb-c.h"
#include "service/mail.h"
#include "service/member.h"
#include "service/organization.h"
#include "service/services.h"
#include "service/verification.h"
#include "store/rows/decision.h"
#include "store/rows/organization.h"

#define SERVICE Orgd__V1__VerificationService_Service

RPC(ListQueue, list_queue)
RPC(VerifyOrganization, verify_organization)
RPC(RejectOrganization, reject_organization)
RPC(RequestInformation, request_information)
RPC(AnswerReviewer, answer_reviewer)
RPC(Withdraw, withdraw)
RPC(Resubmit, resubmit)
RPC(ListDecisions, list_decisions)

ProtobufCService *verification_service(void)
{
	static SERVICE service = ORGD__V1__VERIFICATION_SERVICE__INIT(rpc_);

	return &service.base;
}

/* `min` is 1 for a note that is needed. */
MUST_USE static struct status check_note(
	struct call *call, const char *field, const char *value, size_t min, const char **result)
{
	return text_check(call->arena, TEXT_PARAGRAPHS, field, value, min, TEXT_NOTE_MAX, result);
}

/* Tells the Owner by mail what the reviewers decided. */
MUST_USE static struct status mail_owner(struct call *call, const struct standing *standing,
	enum mail_kind kind, const struct verification *verification)
{
	struct mail mail = { .kind = kind, .organization_id = &standing->organization_id };
	const char *reason = verification_reason_text(verification->reason);
	Orgd__Store__V1__User *owner;
	struct id delivery_id;
	size_t facts = 0;

	TRY(member_contact(call, standing->organization, &owner));
	if (!owner)
		return OK;
	mail.recipient = owner->user->email;
	mail.facts[facts++] = (struct mail_fact){ "name", owner->user->display_name };
	mail.facts[facts++] = (struct mail_fact){ "organization",
		standing->organization->organization->display_name };
	if (mail_kind_has_fact(kind, "reason"))
		mail.facts[facts++] = (struct mail_fact){ "reason", reason };
	mail.facts[facts++] = (struct mail_fact){ "note", verification->note };
	return mail_queue(call, &mail, &delivery_id);
}

static struct status verify_organization(struct call *call,
	const Orgd__V1__VerifyOrganizationRequest *request,
	Orgd__V1__VerifyOrganizationResponse *response)
{
	struct verification verification = { .step = VERIFICATION_VERIFY };
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(check_note(call, "note", request->note, 0, &verification.note));
	TRY(check_note(call, "private_note", request->private_note, 0, &verification.private_note));
	TRY(etag_check(
		call->arena, request->etag, standing.organization->organization->update_time));
	TRY(verification_take(call, &standing, &verification, &response->decision));
	TRY(mail_owner(call, &standing, MAIL_ORGANIZATION_VERIFIED, &verification));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status reject_organization(struct call *call,
	const Orgd__V1__RejectOrganizationRequest *request,
	Orgd__V1__RejectOrganizationResponse *response)
{
	struct verification verification = { .step = VERIFICATION_REJECT,
		.reason = request->reason };
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	if (!request->reason)
		return status_invalid("reason", "FIELD_REQUIRED", "say why: a reason is needed");
	TRY(enum_check("reason", &orgd__v1__decision_reason__descriptor, (int)request->reason));
	TRY(check_note(call, "note", request->note, 1, &verification.note));
	TRY(check_note(call, "private_note", request->private_note, 0, &verification.private_note));
	TRY(verification_take(call, &standing, &verification, &response->decision));
	if (!request->without_mail)
		TRY(mail_owner(call, &standing, MAIL_ORGANIZATION_REJECTED, &verification));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status request_information(struct call *call,
	const Orgd__V1__RequestInformationRequest *request,
	Orgd__V1__RequestInformationResponse *response)
{
	struct verification verification = { .step = VERIFICATION_ASK };
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(check_note(call, "note", request->note, 1, &verification.note));
	TRY(check_note(call, "private_note", request->private_note, 0, &verification.private_note));
	TRY(verification_take(call, &standing, &verification, &response->decision));
	if (!request->without_mail)
		TRY(mail_owner(call, &standing, MAIL_INFORMATION_REQUESTED, &verification));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status answer_reviewer(struct call *call,
	const Orgd__V1__AnswerReviewerRequest *request, Orgd__V1__AnswerReviewerResponse *response)
{
	struct verification verification = { .step = VERIFICATION_ANSWER };
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(check_note(call, "note", request->note, 1, &verification.note));
	TRY(verification_take(call, &standing, &verification, &response->decision));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status withdraw(struct call *call, const Orgd__V1__WithdrawRequest *request,
	Orgd__V1__WithdrawResponse *response)
{
	struct verification verification = { .step = VERIFICATION_WITHDRAW };
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(verification_take(call, &standing, &verification, &response->decision));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

static struct status resubmit(struct call *call, const Orgd__V1__ResubmitRequest *request,
	Orgd__V1__ResubmitResponse *response)
{
	struct verification verification = { .step = VERIFICATION_RESUBMIT };
	struct standing standing;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(check_note(call, "note", request->note, 0, &verification.note));
	TRY(verification_take(call, &standing, &verification, &response->decision));
	response->organization =
		organization_message(call, &standing.organization_id, standing.organization);
	return OK;
}

/* The entry of the queue's row that the scan stands on. */
MUST_USE static struct status queue_entry(
	struct call *call, const struct scan *scan, Orgd__V1__ListQueueResponse__Entry **entry)
{
	Orgd__V1__ListQueueResponse__Entry *made =
		ARENA_NEW(call->arena, Orgd__V1__ListQueueResponse__Entry);
	Google__Protobuf__Duration *waiting = ARENA_NEW(call->arena, Google__Protobuf__Duration);
	Orgd__Store__V1__Organization *row;
	int64_t queued_us, waiting_us;
	struct id id = organization_of_key(scan->key, &queued_us);

	TRY(organization_peek(call->snapshot, &id, &row));
	if (!row)
		return status_internal("the queue has an organization that is not there");
	orgd__v1__list_queue_response__entry__init(made);
	google__protobuf__duration__init(waiting);
	/* The clock may be behind the batch that queued it. */
	waiting_us = call->now_us > queued_us ? call->now_us - queued_us : 0;
	waiting->seconds = waiting_us / US_PER_SECOND;
	waiting->nanos = (int32_t)(waiting_us % US_PER_SECOND * 1000);
	made->organization = organization_message(call, &id, row);
	made->waiting = waiting;
	*entry = made;
	return OK;
}

static struct status list_queue(struct call *call, const Orgd__V1__ListQueueRequest *request,
	Orgd__V1__ListQueueResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct key prefix, last;
	struct page page;

	TRY(authorize(call));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->entries =
		ARENA_ARRAY(call->arena, Orgd__V1__ListQueueResponse__Entry *, page.size);
	organization_queue_prefix(&prefix);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		Orgd__V1__ListQueueResponse__Entry *entry = NULL;

		TRY(queue_entry(call, &scan, &entry));
		if (!page_add(&page, &entry->base)) {
			response->next_page_token = page_token(call, &last);
			break;
		}
		response->entries[response->n_entries++] = entry;
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

/* The decision that the scan stands on, as this reader may see it. */
MUST_USE static struct status decision_read(struct call *call, const struct standing *standing,
	const struct scan *scan, Orgd__V1__Decision **decision)
{
	struct id id = decision_of_key(scan->key);
	Orgd__Store__V1__Decision *row;

	TRY(decision_of_value(call->arena, scan->value, &row));
	*decision = row->decision;
	(*decision)->id = id_text(call->arena, ID_DECISION, &id);
	if (standing->hats & (HAT_REVIEWER | HAT_PLATFORM_ADMIN))
		return OK;
	(*decision)->private_note = arena_strdup(call->arena, "");
	if (row->by_platform)
		(*decision)->actor = arena_strdup(call->arena, "platform");
	return OK;
}

static struct status list_decisions(struct call *call,
	const Orgd__V1__ListDecisionsRequest *request, Orgd__V1__ListDecisionsResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };
	struct standing standing;
	struct key prefix, last;
	struct page page;

	TRY(authorize_organization(call, "organization_id", request->organization_id, &standing));
	TRY(organization_check_visible(&standing));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	response->decisions = ARENA_ARRAY(call->arena, Orgd__V1__Decision *, page.size);
	decision_organization_prefix(&prefix, &standing.organization_id);
	TRY(scan_begin(&scan, call->snapshot, &prefix, page_after(&page)));
	while (scan.found) {
		Orgd__V1__Decision *decision;

		TRY(decision_read(call, &standing, &scan, &decision));
		if (!page_add(&page, &decision->base)) {
			response->next_page_token = page_token(call, &last);
			break;
		}
		response->decisions[response->n_decisions++] = decision;
		last.size = 0;
		key_add_bytes(&last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}
