/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"

/*
 * What the operator decided about the courier: flags, the file (libconfuse's language) and the
 * credential, read once at the start. systemd/orgd-courier.conf says what each option means.
 * Strings are never NULL and live as long as the process.
 */
enum courier_action {
	COURIER_RUN,
	COURIER_CHECK, /* --check-config: say what is wrong, or that nothing is */
	COURIER_PRINT, /* --print-config: every option as it is in effect, defaults included */
};

struct courier_config {
	enum courier_action action;
	const char *file;
	enum log_level log_level;
	const char *orgd;

	/* At most one of them; both empty: mails are left in the outbox. */
	const char *maildir, *smtp_url;
	bool tls_required;
	const char *username, *password; /* empty: no authentication */
	const char *ca_file;             /* empty: the system's */
	int64_t connect_timeout_ms, timeout_ms;

	struct courier_webhooks {
		unsigned workers; /* 0: webhooks are left to another courier */
		bool allow_private_networks;
		const char *ca_file; /* empty: the system's */
		int64_t connect_timeout_ms, timeout_ms;
	} webhooks;
	struct cfg_t *parsed; /* private */
};

/* --help and --version print and exit 0; a misused flag prints a line and exits 64 (EX_USAGE).
 *
 *   INVALID_ARGUMENT CONFIG_INVALID  "file:line: sentence" */
MUST_USE struct status courier_config_load(
	struct courier_config *config, int argc, const char **argv);

/* The file's language again, in effect, to standard output. It holds no secret: the password is
 * named by its path alone. */
void courier_config_print(const struct courier_config *config);
