/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/webhook.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/text.h"

enum { HTTP_GONE = 410 };

static const char https[] = "https://";

static bool is_printable_ascii(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

struct status webhook_check_url(
	struct arena *arena, const char *field, const char *value, const char **result)
{
	struct status status = text_check_url(arena, field, value, result);

	if (status.code) {
		status.failure->reason = "WEBHOOK_URL";
		return status;
	}
	if (strncasecmp(*result, https, strlen(https)) != 0 || strchr(*result, '#') ||
		!is_printable_ascii(*result))
		return status_invalid(field, "WEBHOOK_URL",
			"%s must be an https URL such as https://example.com/hooks, in ASCII and "
			"without a fragment",
			field);
	return OK;
}

char *webhook_host(struct arena *arena, const char *url)
{
	const char *host = strncasecmp(url, https, strlen(https)) ? url : url + strlen(https);

	return arena_strndup(arena, host, strcspn(host, "/?"));
}

static bool is_prefix(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	size_t length = strlen(text);

	return length && length <= WEBHOOK_PREFIX_MAX && strchr(letters, *text) &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz_.") == length;
}

struct status webhook_check_prefixes(const char *field, char *const *prefixes, size_t count)
{
	if (count > WEBHOOK_PREFIXES_MAX)
		return status_invalid(field, "ACTION_PREFIX", "%s may hold at most %d", field,
			WEBHOOK_PREFIXES_MAX);
	for (size_t i = 0; i < count; i++)
		if (!is_prefix(prefixes[i]))
			return status_invalid(field, "ACTION_PREFIX",
				"%s: \"%.60s\" is no beginning of an action such as "
				"\"member.\" or \"invitation.accepted\"",
				field, prefixes[i]);
	return OK;
}

bool webhook_wants(const Orgd__V1__Webhook *webhook, const char *action)
{
	for (size_t i = 0; i < webhook->n_action_prefixes; i++) {
		const char *prefix = webhook->action_prefixes[i];

		if (!strncmp(action, prefix, strlen(prefix)))
			return true;
	}
	return !webhook->n_action_prefixes;
}

static int64_t wait_us(uint32_t failures, uint32_t chance)
{
	/* After the first failure, the second and so on; together a day. */
	static const int64_t waits_us[WEBHOOK_FAILURES_MAX - 1] = { 5 * US_PER_SECOND,
		5 * US_PER_MINUTE, 30 * US_PER_MINUTE, 2 * US_PER_HOUR, 5 * US_PER_HOUR,
		10 * US_PER_HOUR, 6 * US_PER_HOUR + 25 * US_PER_MINUTE };
	int64_t wait = waits_us[failures - 1];

	return wait + wait / 4 / WEBHOOK_CHANCES * (chance % WEBHOOK_CHANCES);
}

struct webhook_fate webhook_judge(const struct webhook_attempt *attempt)
{
	bool answered =
		attempt->outcome != ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_UNREACHABLE;
	uint32_t failures = attempt->failures + 1;

	if (attempt->outcome == ORGD__V1__REPORT_DELIVERY_REQUEST__OUTCOME__OUTCOME_ACCEPTED &&
		attempt->http_status >= 200 && attempt->http_status <= 299)
		return (struct webhook_fate){ WEBHOOK_TAKEN, attempt->now_us };
	if ((answered && attempt->http_status == HTTP_GONE) || failures >= WEBHOOK_FAILURES_MAX)
		return (struct webhook_fate){ WEBHOOK_GIVEN_UP, 0 };
	return (struct webhook_fate){ WEBHOOK_AGAIN,
		attempt->now_us + wait_us(failures, attempt->chance) };
}
