/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <confuse.h>
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"

/*
 * Configuration files in libconfuse's language, as orgd and its courier read them: each option is
 * checked where it stands, so that a mistake is named with its file and line.
 *
 * At the start of a process, one file at a time, one thread.
 */

/* How an option is checked: "section|option", and one of the checks below or one's own, which calls
 * cfg_error() and returns -1 when something is wrong. */
struct conf_check {
	const char *path;
	cfg_validate_callback_t check;
	long min, max; /* for conf_check_number */
};

/* Parses the file. *cfg holds the options, defaults included, as long as the process lives.
 *
 *   INVALID_ARGUMENT CONFIG_INVALID  "file:line: sentence", or what the system says of the file */
MUST_USE struct status conf_parse(const char *file, cfg_opt_t *options,
	const struct conf_check *checks, size_t check_count, cfg_t **cfg);

/* What the option was given last. */
const char *conf_string(cfg_opt_t *option);

/* A whole number from `min` to `max`; an absolute path or nothing; one line of text; error,
 * warning, info or debug. */
int conf_check_number(cfg_t *cfg, cfg_opt_t *option);
int conf_check_absolute(cfg_t *cfg, cfg_opt_t *option);
int conf_check_line(cfg_t *cfg, cfg_opt_t *option);
int conf_check_log_level(cfg_t *cfg, cfg_opt_t *option);

/* Of a name that was checked. */
enum log_level conf_log_level(const char *name);

/* 0 for OK; else tells the failure's sentence, with the option's name, and returns -1. */
int conf_judge(struct status status, cfg_t *cfg, const cfg_opt_t *option);
