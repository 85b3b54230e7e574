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
struct courier_config {
	bool check_only; /* --check-config */
	const char *file;
	enum log_level log_level;
	const char *orgd;

	const char *maildir; /* empty: mails are sent */
	const char *smtp_url;
	bool tls_required;
	const char *username, *password; /* empty: no authentication */
	const char *ca_file;             /* empty: the system's */
	int64_t connect_timeout_ms, timeout_ms;
	struct cfg_t *parsed; /* private */
};

/* --help and --version print and exit 0; a misused flag prints a line and exits 64 (EX_USAGE).
 *
 *   INVALID_ARGUMENT CONFIG_INVALID  "file:line: sentence" */
MUST_USE struct status courier_config_load(
	struct courier_config *config, int argc, const char **argv);
