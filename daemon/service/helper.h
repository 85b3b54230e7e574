/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"
#include "service/helper_line.h"

/*
 * Work that reads the whole database, and is done by a process of its own: a damaged page ends that
 * one, and nothing waits for it but the calls that asked. The process is orgd itself with another
 * flag; a thread each reads what it tells and, at its end, commits the event that says so, which
 * also wakes the calls that wait.
 */
enum helper {
	HELPER_BACKUP,
	HELPER_CHECK,
	HELPERS,
};

enum { HELPER_LINES_MAX = 128 /* kept of what one tells; the rest is dropped */ };

/* How one stands: the one that runs, or the latest since the start. */
struct helper_state {
	uint64_t number; /* 0: there was none */
	bool running;
	int64_t start_us, end_us;
	int signal;        /* that ended it; 0 for none */
	const char *table; /* where it was last; "" for nowhere */
	size_t line_count;
	const struct helper_line *lines;
};

struct helpers;

/* `program` is orgd's own file. Both are borrowed. */
struct helpers *helpers_new(const struct platform *platform, const char *program);
/* Kills what runs and waits for it; nothing begins afterwards. Before the executor stops. */
void helpers_stop(struct helpers *helpers);
void helpers_free(struct helpers *helpers);

/* For a handler: begins one, or joins the one that was begun under the same request id unless that
 * is to be refused, and lets the call wait until it is done. *state is in the call's arena.
 *
 *   ABORTED            BACKUP_RUNNING, CHECK_RUNNING  somebody else's runs
 *   RESOURCE_EXHAUSTED STORAGE_FULL                   there is no room to begin a backup
 *   UNAVAILABLE        STOPPING                       the daemon stops
 *   UNAVAILABLE        HELPER_FAILED                  no process or thread was to be had */
MUST_USE struct status helper_run(
	struct call *call, enum helper helper, struct helper_state *state);
/* How it stands. */
void helper_look(struct call *call, enum helper helper, struct helper_state *state);
/* Its line of this kind; NULL when it told none. */
const struct helper_line *helper_find(const struct helper_state *state, const char *word);
/* What is to be said when it did not do its work: the failure that it told, or how it ended.
 *
 *   any code and reason of its own
 *   DATA_LOSS    STORE_CORRUPT  it ended as a process does that touches a damaged page
 *   UNAVAILABLE  HELPER_FAILED  it ended otherwise */
MUST_USE struct status helper_failure(const struct helper_state *state);

/* admin_backup.c, admin_check.c: is there an answer in what it told, and no refusal? A damaged page
 * that ends a check is one. */
bool admin_backup_answers(const struct helper_state *state);
bool admin_check_answers(const struct helper_state *state);
/* What came of it in one sentence; true when it did what it was to do. */
bool admin_backup_outcome(
	struct arena *arena, const struct helper_state *state, const char **outcome);
bool admin_check_outcome(
	struct arena *arena, const struct helper_state *state, const char **outcome);
