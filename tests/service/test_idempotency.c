/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/compiler.h"
#include "domain/policy.h"
#include "mutation_scene.h"

/*
 * SPEC rule 34 for every mutation of the contract: the lines of the policy are walked, and a method
 * that tests/support/mutations.json does not know how to call fails here.
 */

static const char id[] = "one-request-id-of-many";

/* How much has happened so far. */
struct mark {
	uint64_t revision, events;
};

static struct mark look(struct story *s)
{
	const ProtobufCMessage *request = STORY_REQUEST(VerifyEvents, verify_events);
	struct outcome outcome = story_try(s, "operator", "EventService/VerifyEvents", request);

	cr_assert_not(outcome.code);
	return (struct mark){ outcome.revision,
		((const Orgd__V1__VerifyEventsResponse *)outcome.response)->events_verified };
}

static void expect_nothing_happened(struct story *s, struct mark before, const char *what)
{
	struct mark now = look(s);

	cr_expect_eq(now.revision, before.revision, "%s committed", what);
	cr_expect_eq(now.events, before.events, "%s made an event", what);
}

static struct outcome try_with(struct mutation_scene *scene, const char *who, const char *method,
	const ProtobufCMessage *request, const char *request_id)
{
	struct outcome outcome = story_try_as(scene->s, who, method, request, request_id);

	cr_expect(request_id == id || outcome.code, "%s", method);
	return outcome;
}

static void expect_reason(
	const struct outcome *outcome, const char *method, const char *what, const char *reason)
{
	cr_expect(outcome->code == STATUS_INVALID_ARGUMENT && !strcmp(outcome->reason, reason),
		"%s %s: %s %s", method, what, status_code_name(outcome->code), outcome->reason);
}

static void expect_replay(struct mutation_scene *scene, const char *method,
	const ProtobufCMessage *request, const struct outcome *first, const char *when)
{
	struct mark before = look(scene->s);
	struct outcome again = try_with(scene, mutation_caller(scene), method, request, id);

	cr_assert_not(again.code, "%s %s: %s %s: %s", method, when, status_code_name(again.code),
		again.reason, again.message);
	cr_expect(again.payload.len == first->payload.len &&
			  (!again.payload.len || !memcmp(again.payload.data, first->payload.data,
							 again.payload.len)),
		"%s %s: another reply", method, when);
	cr_expect_not(again.committed, "%s %s", method, when);
	cr_expect_eq(again.revision, first->revision, "%s %s", method, when);
	expect_nothing_happened(scene->s, before, method);
}

/* The same request with a field that nobody knows: other bytes. */
static void expect_other_payload_refused(
	struct mutation_scene *scene, const char *method, ProtobufCMessage *request)
{
	uint8_t one[] = { 1 };
	ProtobufCMessageUnknownField field = { .tag = 15000,
		.wire_type = PROTOBUF_C_WIRE_TYPE_VARINT,
		.len = sizeof(one),
		.data = one };
	ProtobufCMessage other = *request;
	struct mark before = look(scene->s);
	struct outcome outcome;

	request->n_unknown_fields = 1;
	request->unknown_fields = &field;
	outcome = try_with(scene, mutation_caller(scene), method, request, id);
	request->n_unknown_fields = other.n_unknown_fields;
	request->unknown_fields = other.unknown_fields;
	expect_reason(&outcome, method, "with another payload", "REQUEST_ID_REUSED");
	expect_nothing_happened(scene->s, before, method);
}

/* Eve, who is nobody in this scene, knows the request and its id. She is refused, or it is a call
 * of her own. */
static void expect_no_replay_for_another(
	struct mutation_scene *scene, const char *method, const ProtobufCMessage *request)
{
	struct outcome outcome = try_with(scene, "eve@example.com", method, request, id);

	cr_expect(outcome.code || outcome.committed, "%s was replayed to another caller", method);
}

static void walk(const char *method)
{
	struct mutation_scene scene;
	ProtobufCMessage *request;
	struct outcome first, without;
	struct mark before;

	mutation_scene_begin(&scene, mutation_find(method));
	story_person(scene.s, "eve@example.com", "Eve");
	request = mutation_request(&scene, method);
	(void)mutation_caller(&scene); /* they are there before anything is counted */

	before = look(scene.s);
	without = try_with(&scene, mutation_caller(&scene), method, request, "");
	expect_reason(&without, method, "without an id", "REQUEST_ID_REQUIRED");
	expect_nothing_happened(scene.s, before, method);

	first = try_with(&scene, mutation_caller(&scene), method, request, id);
	cr_assert_not(first.code, "%s: %s %s: %s", method, status_code_name(first.code),
		first.reason, first.message);
	cr_expect(first.committed, "%s committed nothing", method);
	cr_expect_gt(look(scene.s).revision, before.revision, "%s", method);

	expect_replay(&scene, method, request, &first, "at once");
	expect_other_payload_refused(&scene, method, request);
	expect_no_replay_for_another(&scene, method, request);
	story_restart(scene.s);
	expect_replay(&scene, method, request, &first, "after a restart");
	expect_other_payload_refused(&scene, method, request);

	protobuf_c_message_free_unpacked(request, NULL);
	mutation_scene_end(&scene);
}

Test(rules, rule_34_every_mutation_happens_once_under_its_id, .timeout = 300)
{
	const struct rule *rules;
	size_t count, mutations = 0;

	rules = policy_rules(&count);
	for (size_t i = 0; i < count; i++) {
		if (rules[i].kind != METHOD_MUTATION)
			continue;
		mutations++;
		cr_expect(mutation_find(rules[i].method),
			"%s: say in tests/support/mutations.json how to call it", rules[i].method);
		if (mutation_find(rules[i].method))
			walk(rules[i].method);
	}
	cr_expect_eq(mutations, mutation_count(), "the table has what is no mutation");
}
