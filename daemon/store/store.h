/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/status.h"
#include "store/batch.h"
#include "store/snapshot.h"

/*
 * The embedded store: one LMDB file, one writer thread, group commit.
 *
 * Mutations are submitted and run by the writer one after another, each on a snapshot that shows
 * what the ones before it left; what queued up during the last commit (at most GROUP_MAX) shares
 * one fsync, after which every mutation's `done` is called. So nothing that was answered is lost,
 * and nothing is answered that could be.
 */
struct store;

enum { GROUP_MAX = 256 };

struct store_options {
	const char *directory; /* made if missing (mode 0700); its parent is there */
	uint64_t map_bytes; /* the file's limit; 0: 1 TiB, which costs nothing until it is used */
	/* 0: 64 MiB. With less free, batches that grow the file are refused: those that delete no
	 * row. (A deletion also puts its event and the row that answers its replays.) */
	uint64_t disk_reserve_bytes;
	const struct clock *clock; /* gives batches their time; borrowed */
	/* After each group, before its mutations are done, from the writer; may be NULL. */
	void (*committed)(void *context, uint64_t revision);
	/* The disk failed in a commit (EIO, ENOSPC, EROFS): nothing of the group is answered and
	 * the store takes no more. Must not return; NULL exits the process with code 74
	 * (EX_IOERR). */
	void (*failed)(void *context, struct status status);
	void *context;

	/* In the embedded store alone an expectation never fails, so one that a handler forgot
	 * would stay hidden until the store is a cluster. With this, each mutation runs alone and
	 * first on the state before the last applied batch. If that run succeeded with a batch and
	 * its expectations hold in the present state as well, that very batch is applied; else the
	 * mutation runs again, on the present state. A forgotten expectation is then an update
	 * lost. */
	bool stale_for_tests;
};

/* Opens the database, making it first if the directory holds none: in a temporary directory inside
 * that is synced before the file is moved to its place, so that a crash leaves all or nothing.
 * Clears readers of dead processes.
 *
 *   FAILED_PRECONDITION STORE_IN_USE        another process writes to it
 *   FAILED_PRECONDITION STORE_SCHEMA_NEWER  made by a newer orgd
 *   DATA_LOSS           STORE_CORRUPT       not a database of ours, or torn
 *   INTERNAL                                any other error of the system; the sentence has it */
MUST_USE struct status store_open(const struct store_options *options, struct store **store);
/* Opens a database to read it, while a daemon may be writing to it: the directory of a store, or a
 * file of its own such as a backup. Nothing can be submitted to it.
 *
 *   FAILED_PRECONDITION STORE_MISSING       there is none
 *   FAILED_PRECONDITION STORE_SCHEMA_NEWER  made by a newer orgd
 *   DATA_LOSS           STORE_CORRUPT       not a database of ours
 *   INTERNAL                                any other error of the system; the sentence has it */
MUST_USE struct status store_open_to_read(const char *path, struct store **store);
/* Waits for what was submitted, then closes. No mutation may be submitted any more and no reader be
 * left. */
void store_close(struct store *store);

/* Which history this is: when it began, in microseconds since 1970, so that a newer history has a
 * greater number. New at creation and after a restore, since revisions repeat there. */
uint64_t store_epoch(const struct store *store);
/* The newest committed revision. Any thread. */
uint64_t store_revision(const struct store *store);

/* A mutation on its way through the writer. Embed it; it must live until `done`. */
struct mutation {
	struct mutation *next; /* private while submitted */
	struct arena *arena;   /* where the rows live that it reads */

	/* Fills the snapshot's batch. `now_us` is the batch's time: max(the clock's, the last
	 * applied batch's + 1), so that no two batches share one and order by time is order by
	 * revision. May run more than once, each time on a fresh batch: it may depend on nothing
	 * but its arguments and may keep nothing from one run for the next. A failure drops the
	 * batch. */
	struct status (*run)(struct mutation *mutation, struct snapshot *snapshot, int64_t now_us);

	/* For a mutation of several batches; both may be NULL. When a batch of it is applied
	 * (`committed`) or was empty, the writer asks whether another run is to follow it in the
	 * same transaction. When that transaction is given up, `rewind` takes it back to where it
	 * was submitted. The failure of a later run leaves the batches before it. */
	bool (*again)(struct mutation *mutation, bool committed);
	void (*rewind)(struct mutation *mutation);

	/* Called exactly once, from the writer, when the outcome is durable: OK and committed, OK
	 * with an empty batch, or what `run` or the store refused with. `revision` is the batch's
	 * own, or the one it was decided at.
	 *
	 *   RESOURCE_EXHAUSTED STORAGE_FULL     the disk or the map has no room for it
	 *   RESOURCE_EXHAUSTED BATCH_TOO_LARGE  the handler passed a cap
	 *   DATA_LOSS          STORE_CORRUPT    the database cannot be written to any more
	 *   INTERNAL                            memory is out, or a bug of ours */
	void (*done)(
		struct mutation *mutation, struct status status, uint64_t revision, bool committed);
};

/* Any thread; never blocks on the disk. Order of submission is order of execution. */
void store_submit(struct store *store, struct mutation *mutation);

/* A thread's way to read. One snapshot at a time; opening one costs 0.3 µs. Not for sharing between
 * threads. */
struct store_reader;
MUST_USE struct status store_reader_new(struct store *store, struct store_reader **reader);
void store_reader_free(struct store_reader *reader); /* NULL is fine */
/* What is unpacked of its rows goes to `arena`. Hold it over no network, no hashing and no other
 * wait. */
MUST_USE struct status store_snapshot_begin(
	struct store_reader *reader, struct arena *arena, struct snapshot **snapshot);
void store_snapshot_end(struct snapshot *snapshot);
/* From now on what is unpacked goes to `arena`: for a snapshot that is kept over several calls,
 * whose thread may be another each time. */
void store_snapshot_use(struct snapshot *snapshot, struct arena *arena);

/* Frees what readers of dead processes hold; every minute or so. Any thread. */
void store_check_readers(struct store *store);

/* What GetStatus tells. The counts are since the store was opened. */
struct store_statistics {
	uint64_t file_bytes, used_bytes, disk_free_bytes, rows;
	uint64_t groups;       /* commits */
	uint64_t mutations;    /* those that committed a batch */
	uint64_t reruns;       /* runs that did not count: a full map's, or stale_for_tests' */
	int64_t last_batch_us; /* the newest batch's time; the creation's when there is none */
};
/* Any thread. */
MUST_USE struct status store_statistics(struct store *store, struct store_statistics *statistics);

/* Where it is, as it was opened. */
const char *store_path(const struct store *store);
/* Has the disk room for a compact copy, the reserve left alone? Any thread.
 *
 *   RESOURCE_EXHAUSTED STORAGE_FULL  no */
MUST_USE struct status store_check_room_for_copy(struct store *store);
