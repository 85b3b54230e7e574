/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "colour.h"
#include "progress.h"
#include "safe.h"
#include "times.h"

enum exit_code exit_code_of(enum org_code code)
{
	switch (code) {
	case ORG_OK:
		return EXIT_OK;
	case ORG_INVALID_ARGUMENT:
	case ORG_OUT_OF_RANGE:
		return EXIT_USAGE;
	case ORG_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case ORG_UNAUTHENTICATED:
		return EXIT_UNAUTHENTICATED;
	case ORG_PERMISSION_DENIED:
		return EXIT_DENIED;
	case ORG_ALREADY_EXISTS:
	case ORG_FAILED_PRECONDITION:
	case ORG_ABORTED:
		return EXIT_CONFLICT;
	case ORG_DEADLINE_EXCEEDED:
	case ORG_UNAVAILABLE:
		return EXIT_UNAVAILABLE;
	case ORG_RESOURCE_EXHAUSTED:
		return EXIT_LIMIT;
	case ORG_CANCELLED:
	case ORG_UNKNOWN:
	case ORG_UNIMPLEMENTED:
	case ORG_INTERNAL:
	case ORG_DATA_LOSS:
		return EXIT_OTHER;
	}
	return EXIT_OTHER;
}

const char *exit_code_meaning(int code)
{
	static const char *const meanings[] = {
		[EXIT_OK] = "done",
		[EXIT_OTHER] = "something else failed, such as the disk or orgd itself",
		[EXIT_USAGE] = "the command line or the request can never be right",
		[EXIT_NOT_FOUND] = "no such thing",
		[EXIT_UNAUTHENTICATED] = "not signed in, or the session is over",
		[EXIT_DENIED] = "not allowed; with --exit-code, the answer is no",
		[EXIT_CONFLICT] =
			"the state is against it: already done, not verified, changed meanwhile",
		[EXIT_UNAVAILABLE] = "orgd does not answer; try again later",
		[EXIT_PARTIAL] = "done in part, the rest was refused",
		[EXIT_DECLINED] = "not confirmed",
		[EXIT_LIMIT] = "a cap or a rate limit",
	};

	return code >= 0 && (size_t)code < COUNT_OF(meanings) ? meanings[code] : NULL;
}

static const char *error_prefix(void)
{
	return colour_wanted(stderr) ? "orgctl: \033[1;31merror:\033[0m " : "orgctl: error: ";
}

static const char *hint_prefix(void)
{
	return colour_wanted(stderr) ? "\033[1mhint:\033[0m " : "hint: ";
}

/* One line to stderr, whatever is in `text`. */
static void say(const char *prefix, const char *text, const char *suffix)
{
	struct arena arena;

	arena_init(&arena);
	progress_clear();
	fprintf(stderr, "%s%s%s\n", prefix, safe_line(&arena, text), suffix);
	arena_clear(&arena);
}

static void say_hint(const char *what, const char *text)
{
	fputs(hint_prefix(), stderr);
	say(what, text, "");
}

/* Output that is on its way already comes before what went wrong. */
__attribute__((noreturn)) static void leave(enum exit_code code)
{
	fflush(stdout);
	exit(code);
}

void note(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say("orgctl: ", text, "");
}

void fail(enum exit_code code, const char *hint, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say(error_prefix(), text, "");
	if (hint)
		say(hint_prefix(), hint, "");
	leave(code);
}

/* The sentence without its full stop, and what scripts, searches and orgd's log go by. */
static void say_what_failed(const struct org_status *status)
{
	const char *code = org_code_name((int)status->code), *reason = status->reason;
	char sentence[2048], names[256];
	size_t length;

	snprintf(sentence, sizeof(sentence), "%s", status->message);
	length = strlen(sentence);
	if (length > 0 && sentence[length - 1] == '.')
		sentence[length - 1] = '\0';
	if (strcmp(reason, code) == 0)
		reason = "";
	snprintf(names, sizeof(names), " (%s%s%s%s%s)", code, reason[0] ? ", " : "", reason,
		status->call_id[0] ? ", " : "", status->call_id);
	say(error_prefix(), sentence, names);
}

void fail_status(const struct org_status *status, const char *next)
{
	say_what_failed(status);
	for (size_t i = 0; i < status->violation_count; i++)
		if (!strstr(status->message, status->violations[i].field))
			say("field: ", status->violations[i].field, "");
	if (status->help[0] && !strstr(status->message, status->help))
		say_hint("where to turn: ", status->help);
	if (status->retry_after_ms > 0) {
		char text[64];

		span_format(status->retry_after_ms / 1000 + (status->retry_after_ms % 1000 != 0),
			text, sizeof(text));
		say_hint("try again in ", text);
	}
	if (next)
		say(hint_prefix(), next, "");
	leave(exit_code_of(status->code));
}
