/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What the operator decided, as the services read it. config.c fills it from the file and checks
 * it; nothing changes it afterwards. Strings are never NULL; empty means not set.
 */
enum { SETTINGS_OPERATORS_MAX = 16 };

struct settings {
	const char *platform_name;   /* how mails call the portal */
	const char *support_contact; /* whom refusals name: an address or a URL */

	/* Uids that are platform administrators over the local socket. */
	uid_t operators[SETTINGS_OPERATORS_MAX];
	size_t operator_count;
	uid_t courier_uid; /* (uid_t)-1 for none */

	bool mail;               /* is mail configured? else deliveries are NOT_CONFIGURED */
	const char *mail_sender; /* the envelope sender, an address */
	const char *mail_from;   /* the From header's display name */
	const char *join_url;    /* where an invitation's button leads; holds {token} */
	const char *verify_url;  /* likewise: proving an address */
	const char *reset_url;   /* likewise: setting a new password */
	const char *portal_url;  /* where "sign in" leads */
	const char *template_directory;

	bool reverify_on_change;
	int64_t reverify_grace_us;
	int64_t invitation_expiry_us;                  /* the default */
	uint32_t invitations_per_organization_per_day; /* recipients; SPEC rule 12 */
	uint32_t invitations_per_recipient_per_day;    /* over all organizations */
	uint32_t account_mails_per_address_per_day;    /* of UserService */
	uint32_t sign_in_failures_per_account;         /* in 15 minutes */
	uint32_t sign_in_failures_per_peer;            /* in 15 minutes */
	uint32_t crypto_threads; /* of the password pool; 0: one per core, at most 4 */
};
