/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <semaphore.h>

#include "base/expect.h"
#include "store/store.h"

/*
 * A store in a directory of its own, with a clock that tests set, and mutations made of a function.
 * Rows of these tests are strings under a table that nothing else uses. fixture_begin and
 * fixture_end are a suite's .init and .fini.
 */
extern struct store *store; /* NULL while it is closed */
extern struct store_options options;
extern char directory[64];

void fixture_begin(void);
void fixture_end(void);

/* Opens it with `options`; must succeed. */
void open_store(void);
void close_store(void);
/* What opening answers; closes again what opened. */
struct status try_open(void);

/* The clock is the system's plus so many seconds. */
void set_clock_offset(int seconds);

/* A mutation, what it came to, and how often it ran; lives until fixture_end. */
struct change;
typedef struct status change_function(
	struct change *change, struct snapshot *snapshot, struct batch *batch);
struct change {
	struct mutation mutation;
	struct arena arena;
	sem_t is_done;
	struct change *next;
	change_function *function;

	const char *name, *value; /* for its function */
	unsigned number;

	int64_t now_us;              /* of the last run */
	unsigned runs, dones, order; /* `order` counts the changes that were done before */
	struct status status;
	uint64_t revision;
	bool committed;
};
struct change *submit(change_function *function, const char *name, const char *value);
struct change *submit_number(change_function *function, unsigned number);
void wait_for(struct change *change);
/* Submits and waits. */
struct change *run(change_function *function, const char *name, const char *value);
struct change *run_number(change_function *function, unsigned number);
/* Stops the writer until gate_open, so that what is submitted in between is one group. */
void gate_close(void);
void gate_open(void);

/* Functions: put `value` under `name`, put `number` bytes under it, delete it, append an event,
 * delete it with an event, add 1 to the count under it by get and by peek, read it, refuse. */
change_function put_row, put_bytes, delete_row, append_event, delete_row_with_event, count_by_get,
	count_by_peek, read_row, refuse;

struct key key_of(const char *name);
/* The committed value under `name`, "(absent)" if there is none. Until fixture_end. */
const char *value_of(const char *name);
/* Every key in a scan, joined by blanks. */
const char *scanned(const char *prefix, const char *after);
const char *scanned_reverse(const char *prefix, const char *before);
struct store_statistics statistics(void);
/* For unpacking and formatting; until fixture_end. */
struct arena *fixture_arena(void);
/* One at a time. */
struct snapshot *look(void);
void look_away(void);

/* Behind the store's back, while it is closed: the file `name` in the directory, and a row as it is
 * on the disk; NULL deletes. */
void write_file(const char *name, const void *data, size_t size);
bool file_exists(const char *name);
void raw_put(const struct key *key, const void *data, size_t size);

#define expect_value(name, expected) cr_expect_str_eq(value_of(name), (expected))
#define expect_committed(change_)                                                                  \
	do {                                                                                       \
		struct change *committed_ = (change_);                                             \
		expect_ok(committed_->status);                                                     \
		cr_expect(committed_->committed);                                                  \
	} while (0)
#define expect_change_refused(change_, code_, reason_)                                             \
	do {                                                                                       \
		struct change *refused_ = (change_);                                               \
		expect_refused(refused_->status, code_, reason_);                                  \
		cr_expect_not(refused_->committed);                                                \
	} while (0)
