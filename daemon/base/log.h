/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/compiler.h"
#include "base/status.h"

/*
 * One line a fact, to standard error. Under systemd (JOURNAL_STREAM names our stderr) each line
 * begins with the level as sd-daemon(3) reads it, elsewhere with a UTC time stamp. Control
 * characters in arguments are escaped, so that nobody forges a line. Library code never logs: edges
 * (main, the executor, the server, the courier) do. Never a token, key, password, address or name
 * of a person.
 *
 * Any thread; a line is one write(2).
 */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* Lines above `level` are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

void log_line(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
