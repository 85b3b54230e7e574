/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "orgd/v1/role.pb-c.h"

/*
 * Mails: which there are, the operator's templates for them, and how one becomes the bytes that a
 * mail server takes (SPEC rule 14). Only mail_templates_load touches files.
 */
enum mail_kind {
	/* Facts: organization, inviter, role, message, expire_time. Token: TOKEN_INVITATION. */
	MAIL_INVITATION,
	MAIL_INVITATION_REMINDER,
	/* Fact: name. Token: TOKEN_VERIFICATION, none, TOKEN_RESET. */
	MAIL_VERIFY_EMAIL,
	MAIL_ACCOUNT_EXISTS,
	MAIL_PASSWORD_RESET,
	/* Facts: name, organization, note, and the reason of a rejection. No token. */
	MAIL_ORGANIZATION_VERIFIED,
	MAIL_ORGANIZATION_REJECTED,
	MAIL_INFORMATION_REQUESTED,
	/* Facts: name, organization, webhook, reason. No token. */
	MAIL_WEBHOOK_DISABLED,
	MAIL_KINDS,
};

/* "invitation": Delivery.kind, and the name of the template's file before its ".mail". */
const char *mail_kind_name(enum mail_kind kind);
/* False for a name that no kind has. */
bool mail_kind_find(const char *name, enum mail_kind *kind);
/* Does its link carry a token? Else it leads to the portal. */
bool mail_kind_has_token(enum mail_kind kind);
/* May a mail of this kind be given this fact? */
bool mail_kind_has_fact(enum mail_kind kind, const char *name);

/* What a template fills in. An empty value is as good as none; `message` and `note` may have
 * several lines. */
struct mail_fact {
	const char *name, *value;
};

/* The value of `expire_time`: "Tuesday, 2 December 2025, 14:05 UTC". */
char *mail_time(struct arena *arena, int64_t us);
/* The value of `role`: "Admin". */
const char *mail_role(Orgd__V1__Role role);

/*
 * The templates of every kind and the HTML around them. Immutable once loaded: any thread.
 *
 *   FAILED_PRECONDITION TEMPLATE_MISSING    a file of the directory is not there or cannot be read
 *   FAILED_PRECONDITION TEMPLATE_MALFORMED  its file and line, and what is wrong there
 */
struct mail_templates;
MUST_USE struct status mail_templates_load(
	const char *directory, struct mail_templates **templates);
void mail_templates_free(struct mail_templates *templates);

/* A mail to be rendered. Strings are never NULL. */
struct mail_letter {
	enum mail_kind kind;
	const char *message_id; /* "<dlv_…@example.com>" */
	int64_t date_us;
	const char *from_name; /* may be empty */
	const char *from;      /* addresses as mail_address() makes them */
	const char *to;
	const char *link;               /* where the button leads; empty for no button */
	const char *platform, *support; /* how the portal is called, and whom to ask */
	const struct mail_fact *facts;
	size_t fact_count;
};

enum { MAIL_BYTES_MAX = 128 * 1024 }; /* of a rendered message */

/* The whole message, RFC 5322 with CRLF lines, in `arena`: equal for equal letters. No fact can add
 * a header, a line to one, or markup.
 *
 *   INVALID_ARGUMENT   MAIL_HEADER     an address or Message-ID that cannot stand in a header
 *   RESOURCE_EXHAUSTED MAIL_TOO_LARGE  past MAIL_BYTES_MAX */
MUST_USE struct status mail_render(const struct mail_templates *templates,
	const struct mail_letter *letter, struct arena *arena, struct bytes *message);

/* The address as a mail server takes it: the local part as typed, the domain in ASCII.
 *
 *   INVALID_ARGUMENT INVALID_EMAIL */
MUST_USE struct status mail_address(struct arena *arena, const char *typed, const char **address);
/* A setting such as "https://portal.example/join?token={token}" with the token in its place,
 * percent-encoded. */
char *mail_link(struct arena *arena, const char *url, const char *token);
