/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <orgd/v1/organization_service.pb-c.h>
#include <orgd/v1/role.pb-c.h>
#include <orgd/v1/user_service.pb-c.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "columns.h"
#include "failure.h"
#include "meaning.h"
#include "message.h"
#include "safe.h"
#include "syntax.h"
#include "times.h"
#include "values.h"

static struct arena arena;

static void begin(void)
{
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	arena_init(&arena);
}

static void end(void)
{
	arena_clear(&arena);
}

TestSuite(syntax, .init = begin, .fini = end);
TestSuite(values, .init = begin, .fini = end);
TestSuite(safe, .init = begin, .fini = end);
TestSuite(times, .init = begin, .fini = end);
TestSuite(message, .init = begin, .fini = end);
TestSuite(columns, .init = begin, .fini = end);
TestSuite(meaning, .init = begin, .fini = end);

/* --- the grammar --- */

Test(syntax, words_arguments_options_and_flags)
{
	struct syntax syntax = { 0 };

	cr_assert(syntax_parse(
		"member list <organization> [<user>]... --role ROLE... [--yes]", &syntax));
	cr_expect_eq(syntax.word_count, 2);
	cr_assert_eq(syntax.parameter_count, 4);
	cr_expect(syntax.parameters[0].required && !syntax.parameters[0].repeats);
	cr_expect(!syntax.parameters[1].required && syntax.parameters[1].repeats);
	cr_expect_eq(syntax.parameters[2].kind, PARAMETER_OPTION);
	cr_expect_str_eq(syntax.parameters[2].value, "ROLE");
	cr_expect(syntax.parameters[2].required && syntax.parameters[2].repeats);
	cr_expect_eq(syntax.parameters[3].kind, PARAMETER_FLAG);
	cr_expect_null(syntax_find(&syntax, "list"));
}

Test(syntax, what_is_no_grammar)
{
	static const char *const texts[] = { "a b c", "a <b", "a [<b>", "a <>", "a --b C D",
		"a [--]", "a <b> <b>", "a <b> c", "a [b]", "a -b" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct syntax syntax = { 0 };

		cr_expect(!syntax_parse(texts[i], &syntax), "%s", texts[i]);
	}
}

/* What is wrong with a line for "x <one> [<more>]... [--role ROLE] [--yes]". */
static const char *read_line(struct values *values, char **argv)
{
	struct syntax *syntax = ARENA_NEW(&arena, struct syntax);
	char **rest;
	const char *wrong;

	cr_assert(syntax_parse("x <one> [<more>]... [--role ROLE] [--yes]", syntax));
	*values = (struct values){ .arena = &arena };
	wrong = values_read_options(values, syntax, VALUES_ALL, argv, &rest);
	return wrong ? wrong : values_take_arguments(values, syntax, rest);
}

#define LINE(values, ...)                                                                          \
	read_line((values), (char *[]){ (char *)(uintptr_t) "x", __VA_ARGS__, NULL })
#define W(text) ((char *)(uintptr_t)(text))

Test(values, options_come_anywhere)
{
	struct values values;
	char **more;

	cr_expect_null(LINE(&values, W("--role"), W("admin"), W("a"), W("--yes"), W("b"), W("c")));
	cr_expect_str_eq(values_find(&values, "role"), "admin");
	cr_expect_str_eq(values_find(&values, "yes"), "");
	cr_expect_str_eq(values_find(&values, "one"), "a");
	cr_expect_eq(values_all(&values, "more", &more), 2);
	cr_expect_str_eq(more[1], "c");
}

Test(values, what_follows_two_dashes_is_no_option)
{
	struct values values;

	cr_expect_null(LINE(&values, W("--"), W("--yes")));
	cr_expect_str_eq(values_find(&values, "one"), "--yes");
	cr_expect_null(values_find(&values, "yes"));
}

Test(values, lines_that_are_wrong)
{
	struct values values;

	cr_expect_str_eq(LINE(&values, W("--yes")), "<one> is missing");
	cr_expect_str_eq(LINE(&values, W("a"), W("--role")), "--role needs a value");
	cr_expect_str_eq(LINE(&values, W("a"), W("--rol"), W("b")),
		"there is no option --rol here; did you mean --role?");
	cr_expect_str_eq(
		LINE(&values, W("a"), W("--role=b"), W("--role=c")), "--role is given twice");
	cr_expect(LINE(&values, W("a"), W("--yes=no")) != NULL);
}

/* --- what reaches a terminal --- */

Test(safe, nothing_that_steers_a_terminal_passes)
{
	cr_expect_str_eq(safe_line(&arena, "a\x1b[31m\nb\tc"), "a\\u001b[31m\\u000ab\\u0009c");
	cr_expect_str_eq(safe_text(&arena, "a\nb\tc\r"), "a\nb\tc\\u000d");
	cr_expect_str_eq(safe_line(&arena, "\xc2\x9b"
					   "31m\x7f"),
		"\\u009b31m\\u007f");
	cr_expect_str_eq(safe_line(&arena, "\xe2\x80\xae"
					   "abc"),
		"\\u202eabc");
	cr_expect_str_eq(safe_line(&arena, "\xff"
					   "ü"),
		"\xef\xbf\xbd"
		"ü");
}

/* --- times --- */

Test(times, spans)
{
	char text[64];
	int64_t seconds;

	cr_expect(span_parse("1d12h", &seconds) && seconds == 36 * 3600);
	cr_expect(span_parse("45s", &seconds) && seconds == 45);
	cr_expect(!span_parse("", &seconds) && !span_parse("7", &seconds) &&
		  !span_parse("7x", &seconds) && !span_parse("h", &seconds) &&
		  !span_parse("1h1d", &seconds) && !span_parse("0d", &seconds) &&
		  !span_parse("-1d", &seconds) && !span_parse("9999999999d", &seconds));
	span_format(0, text, sizeof(text));
	cr_expect_str_eq(text, "0 seconds");
	span_format(26 * 3600 + 61, text, sizeof(text));
	cr_expect_str_eq(text, "1 day 2 hours");
}

Test(times, moments)
{
	Google__Protobuf__Timestamp t = MESSAGE_OF(google__protobuf__timestamp);

	cr_assert(time_parse("2027-01-31T18:00:00Z", &t));
	cr_expect_eq(t.seconds, 1801418400);
	cr_expect_str_eq(time_format(&arena, &t), "2027-01-31T19:00:00+01:00");
	cr_assert(time_parse("2027-01-31T19:00:00+01:00", &t));
	cr_expect_eq(t.seconds, 1801418400);
	cr_assert(time_parse("2027-01-31", &t));
	cr_expect_str_eq(time_format(&arena, &t), "2027-01-31T00:00:00+01:00");
	cr_assert(time_parse("1d", &t));
	cr_expect_geq(t.seconds, time(NULL) + 86399);
	cr_expect(!time_parse("tomorrow", &t) && !time_parse("2027-13-01", &t) &&
		  !time_parse("2027-01-31T18:00:00", &t) &&
		  !time_parse("2027-01-31T18:00:00+1", &t));
}

static const char *distance_of(int64_t seconds)
{
	Google__Protobuf__Timestamp t = MESSAGE_OF(google__protobuf__timestamp);

	t.seconds = time(NULL) + seconds;
	return time_distance(&arena, &t);
}

Test(times, how_far_away_in_the_largest_unit_to_the_nearest)
{
	cr_expect_str_eq(distance_of(7 * 86400 - 5), "in 7 days");
	cr_expect_str_eq(distance_of(86400 + 30), "in 1 day");
	cr_expect_str_eq(distance_of(-3 * 3600), "3 hours ago");
	cr_expect_str_eq(distance_of(-61 * 86400), "61 days ago");
	cr_expect_str_eq(distance_of(-90), "2 minutes ago");
}

Test(times, for_columns_and_for_programs)
{
	Google__Protobuf__Timestamp t = MESSAGE_OF(google__protobuf__timestamp);

	t.seconds = 1801418400;
	cr_expect_str_eq(time_exact(&arena, &t), "2027-01-31 19:00:00");
	cr_expect_str_eq(time_raw(&arena, &t), "2027-01-31T18:00:00Z");
	t.nanos = 250000000;
	cr_expect_str_eq(time_raw(&arena, &t), "2027-01-31T18:00:00.250Z");
	t.nanos = 1000;
	cr_expect_str_eq(time_raw(&arena, &t), "2027-01-31T18:00:00.000001Z");
	t.seconds = 0;
	cr_expect_str_eq(time_brief(&arena, &t), "1970-01-01");
}

/* --- columns --- */

Test(columns, headings_are_said_or_are_the_last_word_of_the_path)
{
	struct column columns[COLUMNS_MAX];

	cr_assert_eq(columns_parse(&arena,
			     "id organization.display_name delivery.state=DELIVERY "
			     "last_use_time=LAST_USED",
			     columns),
		4);
	cr_expect_str_eq(columns[0].heading, "ID");
	cr_expect_str_eq(columns[1].path, "organization.display_name");
	cr_expect_str_eq(columns[1].heading, "DISPLAY NAME");
	cr_expect_str_eq(columns[2].path, "delivery.state");
	cr_expect_str_eq(columns[2].heading, "DELIVERY");
	cr_expect_str_eq(columns[3].heading, "LAST USED");
}

/* --- what values may be --- */

Test(meaning, the_words_of_a_value_depend_on_the_noun)
{
	const struct meaning *of_user = meaning_of("user", "state");
	const struct meaning *of_invitation = meaning_of("invitation", "state");

	cr_assert(of_user && of_invitation);
	cr_expect(!strstr(meaning_words(&arena, of_user), "pending"));
	cr_expect(strstr(meaning_words(&arena, of_invitation), "pending") != NULL);
	cr_expect_null(meaning_of("user", "no-such-parameter"));
	cr_expect_null(meaning_words(&arena, meaning_of("user", "display-name")));
	cr_expect_str_eq(meaning_text(&arena, meaning_of("grant", "permission")),
		"what it allows: read, comment or write");
	cr_expect(strstr(meaning_words(&arena, meaning_of(NULL, "method")),
			  "MemberService/GetMember") != NULL);
}

/* --- messages by their descriptors --- */

Test(message, enums_are_lower_case_words)
{
	char word[ENUM_WORD_BYTES];
	int value;

	enum_word(&orgd__v1__verification_state__descriptor,
		ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_NEEDS_INFORMATION, word);
	cr_expect_str_eq(word, "needs-information");
	cr_expect(enum_find(&orgd__v1__role__descriptor, "Owner", &value));
	cr_expect_eq(value, ORGD__V1__ROLE__ROLE_OWNER);
	cr_expect(!enum_find(&orgd__v1__role__descriptor, "unspecified", &value));
	cr_expect(!enum_find(&orgd__v1__role__descriptor, "king", &value));
}

Test(message, fields_by_path)
{
	Orgd__V1__Organization organization = MESSAGE_OF(orgd__v1__organization);
	Orgd__V1__GetOrganizationResponse response =
		MESSAGE_OF(orgd__v1__get_organization_response);
	char *owners[] = { W("usr_a"), W("usr_b") };

	cr_expect_null(message_text(&arena, &response.base, "organization.handle"));
	response.organization = &organization;
	cr_expect_null(message_text(&arena, &response.base, "organization.handle"));
	organization.handle = W("acme");
	organization.n_owners = 2;
	organization.owners = owners;
	cr_expect_str_eq(message_text(&arena, &response.base, "organization.handle"), "acme");
	cr_expect_str_eq(
		message_text(&arena, &response.base, "organization.owners"), "usr_a, usr_b");
	cr_expect_null(message_text(&arena, &response.base, "role"));
}

Test(message, the_member_of_a_oneof_that_is_not_chosen_says_nothing)
{
	Orgd__V1__GetOrganizationRequest request = MESSAGE_OF(orgd__v1__get_organization_request);

	request.which_case = ORGD__V1__GET_ORGANIZATION_REQUEST__WHICH_HANDLE;
	request.handle = W("acme");
	cr_expect_str_eq(message_text(&arena, &request.base, "handle"), "acme");
	cr_expect_null(message_text(&arena, &request.base, "organization_id"));
}

Test(message, raw_is_for_programs)
{
	Google__Protobuf__Timestamp then = MESSAGE_OF(google__protobuf__timestamp);
	Orgd__V1__User user = MESSAGE_OF(orgd__v1__user);

	then.seconds = 1801418400;
	user.email_verified = true;
	user.create_time = &then;
	cr_expect_str_eq(
		message_text_as(&arena, &user.base, "email_verified", MESSAGE_RAW), "true");
	cr_expect_str_eq(message_text(&arena, &user.base, "email_verified"), "yes");
	cr_expect_str_eq(message_text_as(&arena, &user.base, "create_time", MESSAGE_RAW),
		"2027-01-31T18:00:00Z");
}

/* --- exit codes --- */

Test(failure, every_code_ends_with_its_exit_code)
{
	static const enum exit_code expected[] = { EXIT_OK, EXIT_OTHER, EXIT_OTHER, EXIT_USAGE,
		EXIT_UNAVAILABLE, EXIT_NOT_FOUND, EXIT_CONFLICT, EXIT_DENIED, EXIT_LIMIT,
		EXIT_CONFLICT, EXIT_CONFLICT, EXIT_USAGE, EXIT_OTHER, EXIT_OTHER, EXIT_UNAVAILABLE,
		EXIT_OTHER, EXIT_UNAUTHENTICATED };

	for (size_t i = 0; i < COUNT_OF(expected); i++)
		cr_expect_eq(
			exit_code_of((enum org_code)i), expected[i], "%s", org_code_name((int)i));
}
