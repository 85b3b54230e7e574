/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static struct failure *failure_next(enum status_code code, const char *reason)
{
	static _Thread_local struct failure kept[STATUS_KEPT];
	static _Thread_local unsigned count;
	struct failure *failure = &kept[count++ % STATUS_KEPT];

	assert(code != STATUS_OK);
	*failure = (struct failure){ .code = code, .reason = reason };
	return failure;
}

static void copy_cut(char *target, size_t size, const char *text)
{
	size_t length = strnlen(text, size);

	if (length == size)
		length = utf8_cut(text, size - 1);
	memcpy(target, text, length);
	target[length] = '\0';
}

/* Drops what is no UTF-8: a "%.100s" cuts a name inside a character, and a reply with half of one
 * is none that a client can read. */
static void drop_halves(char *text)
{
	size_t size = strlen(text), kept = 0;
	uint32_t point;

	for (size_t i = 0, taken; i < size; i += taken ? taken : 1) {
		taken = utf8_decode(text + i, size - i, &point);
		memmove(text + kept, text + i, taken);
		kept += taken;
	}
	text[kept] = '\0';
}

static PRINTF_LIKE(2, 0) struct status
	fail(struct failure *failure, const char *format, va_list args)
{
	(void)vsnprintf(failure->message, sizeof(failure->message), format, args);
	drop_halves(failure->message);
	return (struct status){ failure->code, failure };
}

struct status status_fail(enum status_code code, const char *reason, const char *format, ...)
{
	struct status status;
	va_list args;

	va_start(args, format);
	status = fail(failure_next(code, reason), format, args);
	va_end(args);
	return status;
}

struct status status_invalid(const char *field, const char *reason, const char *format, ...)
{
	struct status status;
	va_list args;

	va_start(args, format);
	status = fail(failure_next(STATUS_INVALID_ARGUMENT, reason), format, args);
	va_end(args);
	copy_cut(status.failure->field, sizeof(status.failure->field), field);
	return status;
}

struct status status_internal(const char *format, ...)
{
	struct status status;
	va_list args;

	va_start(args, format);
	status = fail(failure_next(STATUS_INTERNAL, "INTERNAL"), format, args);
	va_end(args);
	return status;
}

struct status status_with_help(struct status status, const char *help)
{
	assert(status.failure);
	copy_cut(status.failure->help, sizeof(status.failure->help), help);
	return status;
}

struct status status_with_retry(struct status status, int64_t retry_after_ms)
{
	assert(status.failure);
	status.failure->retry_after_ms = retry_after_ms;
	return status;
}

struct status status_with_metadata(struct status status, const char *key, const char *value)
{
	struct failure *failure = status.failure;

	assert(failure && failure->metadata_count < FAILURE_METADATA_MAX);
	failure->metadata[failure->metadata_count].key = key;
	copy_cut(failure->metadata[failure->metadata_count].value,
		sizeof(failure->metadata[0].value), value);
	failure->metadata_count++;
	return status;
}

const char *status_code_name(int code)
{
	static const char *const names[] = {
		[STATUS_OK] = "OK",
		[STATUS_CANCELLED] = "CANCELLED",
		[STATUS_UNKNOWN] = "UNKNOWN",
		[STATUS_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
		[STATUS_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
		[STATUS_NOT_FOUND] = "NOT_FOUND",
		[STATUS_ALREADY_EXISTS] = "ALREADY_EXISTS",
		[STATUS_PERMISSION_DENIED] = "PERMISSION_DENIED",
		[STATUS_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
		[STATUS_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
		[STATUS_ABORTED] = "ABORTED",
		[STATUS_OUT_OF_RANGE] = "OUT_OF_RANGE",
		[STATUS_UNIMPLEMENTED] = "UNIMPLEMENTED",
		[STATUS_INTERNAL] = "INTERNAL",
		[STATUS_UNAVAILABLE] = "UNAVAILABLE",
		[STATUS_DATA_LOSS] = "DATA_LOSS",
		[STATUS_UNAUTHENTICATED] = "UNAUTHENTICATED",
	};

	if (code < 0 || (size_t)code >= COUNT_OF(names))
		return "UNKNOWN";
	return names[code];
}
