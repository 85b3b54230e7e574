/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "store/store.h"

/*
 * Does all that is stored fit together? Reads every row as what it is, and looks at it in one
 * snapshot together with what it relates to; snapshots are renewed every few hundred rows. So a
 * busy store gives no false findings, and no reader holds up the reuse of its pages.
 *
 * What a row leads to is derived from the row by the very functions that write it, so the check
 * knows no key twice. A damaged page may end the process: a daemon has a process of its own do it
 * (service/helper.h).
 */
enum { INTEGRITY_SENTENCE_BYTES = 400, INTEGRITY_KEY_BYTES = 2 * KEY_MAX + 1 };

struct integrity_finding {
	const char *table; /* "MEMBERSHIP_BY_USER"; empty for what is of no table */
	const char *key;   /* hexadecimal */
	const char *sentence;
};

struct integrity_report {
	uint64_t rows, findings;
	unsigned tables; /* that have rows */
};

struct integrity_listener {
	void (*table)(void *context, const char *table); /* one is begun; may be NULL */
	void (*found)(void *context, const struct integrity_finding *finding);
	void *context;
};

/* What is wrong with the database is a finding; a failure is of the check itself.
 *
 *   INTERNAL  no memory or no reader */
MUST_USE struct status integrity_check(struct store *store,
	const struct integrity_listener *listener, struct integrity_report *report);
