/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>

#include "base/expect.h"

Test(status, fits_two_registers)
{
	cr_expect_leq(sizeof(struct status), 16);
}

Test(status, a_failure_says_what_it_was_given)
{
	struct status status =
		status_fail(STATUS_NOT_FOUND, "NO_SUCH_THING", "There is no %s.", "thing");

	cr_expect_eq(status.code, STATUS_NOT_FOUND);
	cr_expect_eq(status.failure->code, STATUS_NOT_FOUND);
	cr_expect_str_eq(status.failure->reason, "NO_SUCH_THING");
	cr_expect_str_eq(status.failure->message, "There is no thing.");
	cr_expect_str_eq(status.failure->field, "");
	cr_expect_str_eq(status.failure->help, "");
	cr_expect_eq(status.failure->retry_after_ms, 0);
	cr_expect_eq(status.failure->metadata_count, 0);
}

Test(status, an_invalid_argument_names_its_field)
{
	struct status status = status_invalid("organization.handle", "BAD", "No.");

	cr_expect_eq(status.code, STATUS_INVALID_ARGUMENT);
	cr_expect_str_eq(status.failure->field, "organization.handle");
}

Test(status, an_internal_failure_keeps_its_cause_for_the_log)
{
	struct status status = status_internal("errno %d", 5);

	cr_expect_eq(status.code, STATUS_INTERNAL);
	cr_expect_str_eq(status.failure->reason, "INTERNAL");
	cr_expect_str_eq(status.failure->message, "errno 5");
}

Test(status, details_are_added_to_the_failure)
{
	struct status status = status_fail(STATUS_RESOURCE_EXHAUSTED, "LIMIT", "Wait.");

	status = status_with_help(status, "https://example.com/limits");
	status = status_with_retry(status, 1500);
	status = status_with_metadata(status, "limit", "20");
	status = status_with_metadata(status, "unit", "invitations");
	cr_expect_str_eq(status.failure->help, "https://example.com/limits");
	cr_expect_eq(status.failure->retry_after_ms, 1500);
	cr_assert_eq(status.failure->metadata_count, 2);
	cr_expect_str_eq(status.failure->metadata[1].key, "unit");
	cr_expect_str_eq(status.failure->metadata[1].value, "invitations");
}

Test(status, too_much_metadata_is_our_own_bug, .signal = SIGABRT)
{
	struct status status = status_fail(STATUS_ABORTED, "REASON", "No.");

	for (int i = 0; i <= FAILURE_METADATA_MAX; i++)
		status = status_with_metadata(status, "key", "value");
}

Test(status, long_texts_are_cut_between_characters)
{
	char text[2001] = "";
	struct status status;

	for (int i = 0; i < 1000; i++)
		strcat(text, "\xC3\xA9");
	status = status_invalid(text, "LONG", "%s", text);
	status = status_with_help(status, text);
	status = status_with_metadata(status, "key", text);
	cr_expect_eq(strlen(status.failure->message), FAILURE_MESSAGE_MAX - 2);
	cr_expect_eq(strlen(status.failure->help), FAILURE_MESSAGE_MAX - 2);
	cr_expect_eq(strlen(status.failure->field), FAILURE_FIELD_MAX - 2);
	cr_expect_eq(strlen(status.failure->metadata[0].value),
		sizeof(status.failure->metadata[0].value) - 2);
}

Test(status, a_name_that_a_precision_cuts_loses_its_half_character)
{
	struct status status = status_fail(
		STATUS_ABORTED, "REASON", "%.4s is %.1s here", "\xC3\xA9\xE7\xB5\x84", "\xC3");

	cr_expect_str_eq(status.failure->message, "\xC3\xA9 is  here");
}

Test(status, a_text_that_just_fits_is_kept)
{
	char text[FAILURE_MESSAGE_MAX];
	struct status status;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	status = status_fail(STATUS_ABORTED, "REASON", "%s", text);
	cr_expect_str_eq(status.failure->message, text);
	status = status_with_help(status, text);
	cr_expect_str_eq(status.failure->help, text);
}

Test(status, a_failure_outlives_the_next_seven)
{
	struct status first = status_fail(STATUS_ABORTED, "FIRST", "first");

	for (int i = 0; i < STATUS_KEPT - 1; i++)
		expect_refused(
			status_fail(STATUS_ABORTED, "LATER", "later"), STATUS_ABORTED, "LATER");
	cr_expect_str_eq(first.failure->message, "first");
}

static void *fail_often(void *unused)
{
	for (int i = 0; i < 100; i++)
		expect_refused(
			status_fail(STATUS_ABORTED, "OTHER", "other"), STATUS_ABORTED, "OTHER");
	return unused;
}

Test(status, failures_of_other_threads_disturb_nothing)
{
	struct status mine = status_fail(STATUS_NOT_FOUND, "MINE", "mine");
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, fail_often, NULL), 0);
	pthread_join(thread, NULL);
	cr_expect_str_eq(mine.failure->message, "mine");
}

static struct status third_of(struct status status, int *reached)
{
	TRY(OK);
	(*reached)++;
	TRY(status);
	(*reached)++;
	return OK;
}

Test(status, try_returns_the_failure_and_goes_on_after_ok)
{
	int reached = 0;

	expect_refused(third_of(status_fail(STATUS_ABORTED, "REASON", "No."), &reached),
		STATUS_ABORTED, "REASON");
	cr_expect_eq(reached, 1);
	expect_ok(third_of(OK, &reached));
	cr_expect_eq(reached, 3);
}

Test(status, codes_have_grpc_names)
{
	cr_expect_str_eq(status_code_name(0), "OK");
	cr_expect_str_eq(status_code_name(9), "FAILED_PRECONDITION");
	cr_expect_str_eq(status_code_name(16), "UNAUTHENTICATED");
}

Test(status, a_code_that_nobody_knows_is_unknown)
{
	cr_expect_str_eq(status_code_name(17), "UNKNOWN");
	cr_expect_str_eq(status_code_name(-1), "UNKNOWN");
	cr_expect_str_eq(status_code_name(1 << 30), "UNKNOWN");
}
