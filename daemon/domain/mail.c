/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mail.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "domain/mail_template.h"

#define INVITATION_FACTS                                                                           \
	(PLACE_BIT(PLACE_ORGANIZATION) | PLACE_BIT(PLACE_INVITER) | PLACE_BIT(PLACE_ROLE) |        \
		PLACE_BIT(PLACE_MESSAGE) | PLACE_BIT(PLACE_EXPIRE_TIME))
#define REVIEW_FACTS (PLACE_BIT(PLACE_NAME) | PLACE_BIT(PLACE_ORGANIZATION) | PLACE_BIT(PLACE_NOTE))

static const struct {
	const char *name;
	bool token;
	uint32_t facts;
} kinds[MAIL_KINDS] = {
	[MAIL_INVITATION] = { "invitation", true, INVITATION_FACTS },
	[MAIL_INVITATION_REMINDER] = { "invitation_reminder", true, INVITATION_FACTS },
	[MAIL_VERIFY_EMAIL] = { "verify_email", true, PLACE_BIT(PLACE_NAME) },
	[MAIL_ACCOUNT_EXISTS] = { "account_exists", false, PLACE_BIT(PLACE_NAME) },
	[MAIL_PASSWORD_RESET] = { "password_reset", true, PLACE_BIT(PLACE_NAME) },
	[MAIL_ORGANIZATION_VERIFIED] = { "organization_verified", false, REVIEW_FACTS },
	[MAIL_ORGANIZATION_REJECTED] = { "organization_rejected", false,
		REVIEW_FACTS | PLACE_BIT(PLACE_REASON) },
	[MAIL_INFORMATION_REQUESTED] = { "information_requested", false, REVIEW_FACTS },
	[MAIL_WEBHOOK_DISABLED] = { "webhook_disabled", false,
		PLACE_BIT(PLACE_NAME) | PLACE_BIT(PLACE_ORGANIZATION) | PLACE_BIT(PLACE_WEBHOOK) |
			PLACE_BIT(PLACE_REASON) },
};

const char *mail_kind_name(enum mail_kind kind)
{
	return kinds[kind].name;
}

bool mail_kind_find(const char *name, enum mail_kind *kind)
{
	for (enum mail_kind i = 0; i < MAIL_KINDS; i++)
		if (!strcmp(kinds[i].name, name)) {
			*kind = i;
			return true;
		}
	return false;
}

bool mail_kind_has_token(enum mail_kind kind)
{
	return kinds[kind].token;
}

uint32_t mail_kind_facts(enum mail_kind kind)
{
	return kinds[kind].facts;
}

bool mail_kind_has_fact(enum mail_kind kind, const char *name)
{
	enum mail_place place = mail_place_find(name, strlen(name));

	return place < PLACE_FACTS && kinds[kind].facts & PLACE_BIT(place);
}

char *mail_time(struct arena *arena, int64_t us)
{
	static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
		"Friday", "Saturday" };
	static const char *const months[] = { "January", "February", "March", "April", "May",
		"June", "July", "August", "September", "October", "November", "December" };
	time_t seconds = us / US_PER_SECOND;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return arena_printf(arena, "%s, %d %s %d, %02d:%02d UTC", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
}

const char *mail_role(Orgd__V1__Role role)
{
	switch (role) {
	case ORGD__V1__ROLE__ROLE_MEMBER:
		return "Member";
	case ORGD__V1__ROLE__ROLE_ADMIN:
		return "Admin";
	case ORGD__V1__ROLE__ROLE_OWNER:
		return "Owner";
	default:
		return "";
	}
}

struct status mail_address(struct arena *arena, const char *typed, const char **address)
{
	const char *canonical;

	TRY(text_check_email(arena, "recipient", typed, &typed, &canonical));
	*address = arena_printf(arena, "%.*s%s", (int)(strrchr(typed, '@') - typed), typed,
		strrchr(canonical, '@'));
	return OK;
}

static void add_percent_encoded(struct mail_text *out, const char *value)
{
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *value; value++) {
		char escape[] = { '%', "0123456789ABCDEF"[(uint8_t)*value >> 4],
			"0123456789ABCDEF"[*value & 15] };

		if (strchr(unreserved, *value))
			mail_text_add(out, value, 1);
		else
			mail_text_add(out, escape, sizeof(escape));
	}
}

char *mail_link(struct arena *arena, const char *url, const char *token)
{
	static const char place[] = "{token}";
	struct mail_text out;
	const char *found;

	mail_text_init(&out, arena, MAIL_BYTES_MAX);
	for (; (found = strstr(url, place)); url = found + strlen(place)) {
		mail_text_add(&out, url, (size_t)(found - url));
		add_percent_encoded(&out, token);
	}
	mail_text_add_string(&out, url);
	return out.data;
}
