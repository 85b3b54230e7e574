/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/webhook.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/expect.h"

#define OUTCOME(name) ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_##name
#define NOW_US        INT64_C(1764000000000000)

static struct arena arena;

static void set_up(void)
{
	arena_init(&arena);
}

static void tear_down(void)
{
	arena_clear(&arena);
}

TestSuite(webhook, .init = set_up, .fini = tear_down);

/* --- where it is sent to --- */

static bool is_url(const char *text)
{
	const char *url;
	struct status status = webhook_check_url(&arena, "webhook.url", text, &url);

	if (!status.code)
		return true;
	cr_expect_eq(status.code, STATUS_INVALID_ARGUMENT);
	cr_expect_str_eq(status.failure->reason, "WEBHOOK_URL", "%s", text);
	cr_expect_str_eq(status.failure->field, "webhook.url");
	return false;
}

Test(webhook, a_url_is_https_with_a_host)
{
	static const char *const fine[] = { "https://example.com", "https://example.com/",
		"https://hooks.example.com:8443/orgd?key=a%20b&x=1", "HTTPS://example.com/hooks",
		"https://192.0.2.1/x", "https://[2001:db8::1]:443/x",
		"https://xn--bcher-kva.example/x" };

	for (size_t i = 0; i < COUNT_OF(fine); i++)
		cr_expect(is_url(fine[i]), "%s", fine[i]);
}

Test(webhook, any_other_url_is_refused)
{
	static const char *const wrong[] = { "", "example.com", "http://example.com/",
		"ftp://example.com/", "https://", "https:///path", "https://user@example.com/",
		"https://user:password@example.com/", "https://example.com/#fragment",
		"https://example.com/#", "https://example.com:0/", "https://example.com:99999/",
		"https://exa mple.com/", "https://example.com/a b",
		"https://example.com/\r\nHost: x",
		"https://example.com/b\xc3\xbc"
		"cher",
		"https://b\xc3\xbc"
		"cher.example/",
		"https://example.com/\\", "file:///etc/passwd", "https://-.example/" };
	char text[2100] = "https://example.com/";

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		cr_expect_not(is_url(wrong[i]), "%s", wrong[i]);
	memset(text + strlen(text), 'a', 2000 - strlen(text));
	cr_expect(is_url(text), "2,000 characters");
	text[2000] = 'a';
	cr_expect_not(is_url(text));
}

Test(webhook, of_a_url_only_the_host_is_told)
{
	static const struct {
		const char *url, *host;
	} urls[] = {
		{ "https://hooks.example.com/services/T0/B0/secret", "hooks.example.com" },
		{ "https://hooks.example.com:8443?token=secret", "hooks.example.com:8443" },
		{ "https://[2001:db8::1]:443/x", "[2001:db8::1]:443" },
		{ "HTTPS://example.com", "example.com" },
	};

	for (size_t i = 0; i < COUNT_OF(urls); i++)
		cr_expect_str_eq(webhook_host(&arena, urls[i].url), urls[i].host);
}

/* --- what it wants --- */

static struct status check_prefix(const char *prefix)
{
	char *list[] = { arena_strdup(&arena, prefix) };

	return webhook_check_prefixes("webhook.action_prefixes", list, 1);
}

Test(webhook, a_filter_holds_beginnings_of_actions)
{
	static const char *const fine[] = { "member.", "m", "invitation.accepted", "api_key.",
		"user.sign_up_repeated" },
				 *const wrong[] = { "", ".", "Member.", "member.*", "member ", "*",
					 "_x", "m\xc3\xa4", "member1" };
	char longest[102] = "";

	for (size_t i = 0; i < COUNT_OF(fine); i++)
		expect_ok(check_prefix(fine[i]));
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		expect_refused(check_prefix(wrong[i]), STATUS_INVALID_ARGUMENT, "ACTION_PREFIX");
	memset(longest, 'a', 100);
	expect_ok(check_prefix(longest));
	longest[100] = 'a';
	expect_refused(check_prefix(longest), STATUS_INVALID_ARGUMENT, "ACTION_PREFIX");
}

Test(webhook, a_filter_holds_sixteen_at_most)
{
	char *list[17];

	for (size_t i = 0; i < COUNT_OF(list); i++)
		list[i] = arena_strdup(&arena, "member.");
	expect_ok(webhook_check_prefixes("f", list, 0));
	expect_ok(webhook_check_prefixes("f", list, 16));
	expect_refused(
		webhook_check_prefixes("f", list, 17), STATUS_INVALID_ARGUMENT, "ACTION_PREFIX");
}

Test(webhook, a_filter_lets_through_what_begins_so)
{
	Orgd__V1__Webhook webhook = ORGD__V1__WEBHOOK__INIT;
	char member[] = "member.", accepted[] = "invitation.accepted";
	char *prefixes[] = { member, accepted };

	cr_expect(webhook_wants(&webhook, "organization.updated"), "an empty filter lets all");
	webhook.action_prefixes = prefixes;
	webhook.n_action_prefixes = 2;
	cr_expect(webhook_wants(&webhook, "member.joined"));
	cr_expect(webhook_wants(&webhook, "invitation.accepted"));
	cr_expect_not(webhook_wants(&webhook, "invitation.created"));
	cr_expect_not(webhook_wants(&webhook, "membership.x"));
}

/* --- what becomes of an attempt --- */

static struct webhook_fate judge(Orgd__V1__ReportDeliveryRequest__Outcome outcome,
	uint32_t http_status, uint32_t failures, uint32_t chance)
{
	return webhook_judge(&(struct webhook_attempt){ .outcome = outcome,
		.http_status = http_status,
		.failures = failures,
		.now_us = NOW_US,
		.chance = chance });
}

Test(webhook, every_2xx_is_a_success_and_nothing_else)
{
	for (uint32_t status = 0; status < 1000; status++) {
		bool taken = status >= 200 && status <= 299;
		enum webhook_end expected = taken           ? WEBHOOK_TAKEN
					    : status == 410 ? WEBHOOK_GIVEN_UP
							    : WEBHOOK_AGAIN;

		cr_expect_eq(judge(taken ? OUTCOME(ACCEPTED) : OUTCOME(REFUSED), status, 0, 0).end,
			expected, "%u", status);
	}
	cr_expect_eq(judge(OUTCOME(ACCEPTED), 302, 0, 0).end, WEBHOOK_AGAIN,
		"a redirect is none, whatever the courier calls it");
	cr_expect_eq(judge(OUTCOME(REFUSED), 200, 0, 0).end, WEBHOOK_AGAIN);
	cr_expect_eq(judge(OUTCOME(UNREACHABLE), 0, 0, 0).end, WEBHOOK_AGAIN);
	cr_expect_eq(judge(OUTCOME(UNREACHABLE), 410, 0, 0).end, WEBHOOK_AGAIN,
		"the status is the receiver's only when it answered");
	cr_expect_eq(judge(OUTCOME(ACCEPTED), 204, 7, 0).due_us, NOW_US, "the next one, at once");
}

Test(webhook, the_waits_grow_and_their_sum_is_a_day)
{
	static const int64_t waits_us[] = { 5 * US_PER_SECOND, 5 * US_PER_MINUTE,
		30 * US_PER_MINUTE, 2 * US_PER_HOUR, 5 * US_PER_HOUR, 10 * US_PER_HOUR };
	int64_t least_us = 0, most_us = 0;

	for (uint32_t failures = 0; failures < WEBHOOK_FAILURES_MAX - 1; failures++) {
		struct webhook_fate least = judge(OUTCOME(REFUSED), 500, failures, 0),
				    most = judge(
					    OUTCOME(REFUSED), 500, failures, WEBHOOK_CHANCES - 1);

		cr_assert_eq(least.end, WEBHOOK_AGAIN);
		if (failures < COUNT_OF(waits_us))
			cr_expect_eq(least.due_us - NOW_US, waits_us[failures], "%u", failures);
		cr_expect_gt(most.due_us, least.due_us);
		cr_expect_leq((most.due_us - NOW_US) * 4, (least.due_us - NOW_US) * 5);
		least_us += least.due_us - NOW_US;
		most_us += most.due_us - NOW_US;
	}
	cr_expect_geq(least_us, US_PER_DAY);
	cr_expect_lt(least_us, US_PER_DAY + US_PER_MINUTE);
	cr_expect_leq(most_us, US_PER_DAY + US_PER_DAY / 4 + US_PER_MINUTE);
	cr_expect_eq(
		judge(OUTCOME(REFUSED), 500, WEBHOOK_FAILURES_MAX - 1, 0).end, WEBHOOK_GIVEN_UP);
	cr_expect_eq(
		judge(OUTCOME(UNREACHABLE), 0, WEBHOOK_FAILURES_MAX + 9, 0).end, WEBHOOK_GIVEN_UP);
}

/* --- the body --- */

static Orgd__V1__Event event_at(int64_t seconds, int32_t nanos)
{
	Orgd__V1__Event event = ORGD__V1__EVENT__INIT;

	event.time = ARENA_NEW(&arena, Google__Protobuf__Timestamp);
	google__protobuf__timestamp__init(event.time);
	event.time->seconds = seconds;
	event.time->nanos = nanos;
	event.action = arena_strdup(&arena, "member.joined");
	return event;
}

static const char *body_of(const Orgd__V1__Event *event)
{
	struct bytes body = webhook_body(&arena, event);

	return arena_strndup(&arena, (const char *)body.data, body.size);
}

static void add_detail(Orgd__V1__Event *event, const char *key, const char *value)
{
	Orgd__V1__Event__DetailsEntry **details =
		ARENA_ARRAY(&arena, Orgd__V1__Event__DetailsEntry *, event->n_details + 1);

	for (size_t i = 0; i < event->n_details; i++)
		details[i] = event->details[i];
	details[event->n_details] = ARENA_NEW(&arena, Orgd__V1__Event__DetailsEntry);
	orgd__v1__event__details_entry__init(details[event->n_details]);
	details[event->n_details]->key = arena_strdup(&arena, key);
	details[event->n_details++]->value = arena_strdup(&arena, value);
	event->details = details;
}

Test(webhook, a_body_is_the_event_in_protojson)
{
	Orgd__V1__Event event = event_at(1764684300, 123456000);
	Orgd__V1__Actor actor = ORGD__V1__ACTOR__INIT;

	actor.kind = arena_strdup(&arena, "user");
	actor.user_id = arena_strdup(&arena, "usr_1");
	actor.display_name = arena_strdup(&arena, "Ada");
	actor.api_key_id = arena_strdup(&arena, "key_1");
	actor.uid = 4294967295;
	event.actor = &actor;
	event.id = arena_strdup(&arena, "evt_1");
	event.revision = UINT64_MAX;
	event.index = 3;
	event.organization_id = arena_strdup(&arena, "org_1");
	event.user_id = arena_strdup(&arena, "usr_2");
	event.invitation_id = arena_strdup(&arena, "inv_1");
	event.document_id = arena_strdup(&arena, "doc_1");
	event.collection_id = arena_strdup(&arena, "col_1");
	event.grant_id = arena_strdup(&arena, "grt_1");
	add_detail(&event, "role", "ADMIN");
	add_detail(&event, "some_key", "Some \"value\"");
	cr_expect_str_eq(body_of(&event),
		"{\"type\":\"member.joined\",\"timestamp\":\"2025-12-02T14:05:00.123456Z\","
		"\"data\":{\"id\":\"evt_1\",\"revision\":\"18446744073709551615\",\"index\":3,"
		"\"time\":\"2025-12-02T14:05:00.123456Z\",\"action\":\"member.joined\","
		"\"actor\":{\"kind\":\"user\",\"userId\":\"usr_1\",\"displayName\":\"Ada\","
		"\"apiKeyId\":\"key_1\",\"uid\":4294967295},\"organizationId\":\"org_1\","
		"\"userId\":\"usr_2\",\"invitationId\":\"inv_1\",\"documentId\":\"doc_1\","
		"\"collectionId\":\"col_1\",\"grantId\":\"grt_1\","
		"\"details\":{\"role\":\"ADMIN\",\"some_key\":\"Some \\\"value\\\"\"}}}");
}

Test(webhook, what_has_its_default_is_left_out)
{
	Orgd__V1__Event event = event_at(0, 0);
	Orgd__V1__Actor actor = ORGD__V1__ACTOR__INIT;

	event.actor = &actor;
	cr_expect_str_eq(body_of(&event),
		"{\"type\":\"member.joined\",\"timestamp\":\"1970-01-01T00:00:00Z\","
		"\"data\":{\"time\":\"1970-01-01T00:00:00Z\",\"action\":\"member.joined\","
		"\"actor\":{}}}");
}

Test(webhook, a_time_has_the_digits_that_it_needs)
{
	static const struct {
		int32_t nanos;
		const char *text;
	} times[] = { { 0, ":00Z" }, { 1000, ":00.000001Z" }, { 500000000, ":00.500Z" },
		{ 1000000, ":00.001Z" }, { 999999000, ":00.999999Z" } };

	for (size_t i = 0; i < COUNT_OF(times); i++) {
		Orgd__V1__Event event = event_at(1764684300, times[i].nanos);

		cr_expect(strstr(body_of(&event),
				  arena_printf(&arena, "\"time\":\"2025-12-02T14:05%s\"",
					  times[i].text)),
			"%s", body_of(&event));
	}
}

Test(webhook, a_string_stays_what_it_is_and_ends_nothing)
{
	Orgd__V1__Event event = event_at(0, 0);

	add_detail(&event, "note", "a\\b\n\t\x01\"}<&\xc3\xa4\xf0\x9f\x98\x80");
	cr_expect(strstr(body_of(&event), "{\"note\":\"a\\\\b\\u000a\\u0009\\u0001\\\"}<&"
					  "\xc3\xa4\xf0\x9f\x98\x80\"}"),
		"%s", body_of(&event));
}

Test(webhook, an_event_that_is_too_large_goes_without_its_details)
{
	Orgd__V1__Event event = event_at(0, 0);
	char *value = arena_alloc(&arena, WEBHOOK_BODY_MAX + 1);

	memset(value, 'x', WEBHOOK_BODY_MAX);
	value[WEBHOOK_BODY_MAX] = '\0';
	add_detail(&event, "note", value);
	event.id = arena_strdup(&arena, "evt_1");
	cr_expect_str_eq(body_of(&event),
		"{\"type\":\"member.joined\",\"timestamp\":\"1970-01-01T00:00:00Z\","
		"\"data\":{\"id\":\"evt_1\",\"time\":\"1970-01-01T00:00:00Z\","
		"\"action\":\"member.joined\"}}");
	cr_expect_eq(event.n_details, 1, "the event itself stays");
	value[WEBHOOK_BODY_MAX / 2] = '\0';
	event.n_details = 0;
	add_detail(&event, "note", value);
	cr_expect_gt(strlen(body_of(&event)), WEBHOOK_BODY_MAX / 2);
}
