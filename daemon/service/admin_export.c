/* SPDX-License-Identifier: Apache-2.0 */
#include "service/admin_export.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/admin.h"
#include "service/record.h"

#define IDLE_US US_PER_MINUTE
#define LIFE_US (6 * US_PER_HOUR)

enum {
	LOOKED_AT_A_PAGE = 10 * 1000, /* rows; most of a page may be of what is not exported */
	LOOK_AGAIN_S = 10,            /* how late what nobody reads any more may be let go */
	REQUEST_ID_BYTES = 65,
};

struct exports {
	const struct platform *platform;
	pthread_mutex_t lock; /* of all that follows: one page at a time */
	pthread_cond_t changed;
	pthread_t thread; /* lets go of what nobody reads any more */
	bool has_thread, stopping;

	/* The one that runs. */
	struct store_reader *reader;
	struct snapshot *snapshot; /* NULL: none */
	struct arena arena;        /* of the snapshot, between pages */
	uint64_t number;           /* random: a token of another one fits never */
	int64_t begin_us, used_us;
	char request_id[REQUEST_ID_BYTES]; /* its first page's, which may be asked for again */
};

struct exports *exports_new(const struct platform *platform)
{
	struct exports *exports = calloc(1, sizeof(*exports));

	if (!exports)
		abort();
	exports->platform = platform;
	pthread_mutex_init(&exports->lock, NULL);
	pthread_cond_init(&exports->changed, NULL);
	arena_init(&exports->arena);
	return exports;
}

static void let_go(struct exports *exports)
{
	if (exports->snapshot)
		store_snapshot_end(exports->snapshot);
	exports->snapshot = NULL;
	store_reader_free(exports->reader);
	exports->reader = NULL;
}

static int64_t left_us(const struct exports *exports, int64_t now_us)
{
	int64_t idle_us = exports->used_us + IDLE_US - now_us;
	int64_t life_us = exports->begin_us + LIFE_US - now_us;

	return idle_us < life_us ? idle_us : life_us;
}

static void let_go_of_old(struct exports *exports, int64_t now_us)
{
	if (exports->snapshot && left_us(exports, now_us) <= 0)
		let_go(exports);
}

/* While there is one, looks at it now and then; asleep otherwise. */
static void *watch(void *context)
{
	struct exports *exports = context;

	pthread_mutex_lock(&exports->lock);
	while (!exports->stopping) {
		struct timespec then;

		clock_gettime(CLOCK_REALTIME, &then);
		then.tv_sec += LOOK_AGAIN_S;
		if (exports->snapshot)
			pthread_cond_timedwait(&exports->changed, &exports->lock, &then);
		else
			pthread_cond_wait(&exports->changed, &exports->lock);
		let_go_of_old(exports, clock_now_us(exports->platform->clock));
	}
	pthread_mutex_unlock(&exports->lock);
	return NULL;
}

void exports_stop(struct exports *exports)
{
	bool has_thread;

	pthread_mutex_lock(&exports->lock);
	exports->stopping = true;
	has_thread = exports->has_thread;
	exports->has_thread = false;
	let_go(exports);
	pthread_cond_signal(&exports->changed);
	pthread_mutex_unlock(&exports->lock);
	if (has_thread)
		pthread_join(exports->thread, NULL);
}

void exports_free(struct exports *exports)
{
	arena_clear(&exports->arena);
	pthread_cond_destroy(&exports->changed);
	pthread_mutex_destroy(&exports->lock);
	free(exports);
}

/* --- a page --- */

MUST_USE static struct status take_state(struct exports *exports)
{
	struct status status;

	if (!exports->has_thread && pthread_create(&exports->thread, NULL, watch, exports))
		return status_internal("no thread for an export");
	exports->has_thread = true;
	TRY(store_reader_new(exports->platform->store, &exports->reader));
	arena_reset(&exports->arena);
	status = store_snapshot_begin(exports->reader, &exports->arena, &exports->snapshot);
	if (status.code) {
		exports->snapshot = NULL;
		let_go(exports);
	}
	return status;
}

MUST_USE static struct status begin(struct exports *exports, struct call *call)
{
	const char *request_id = call->envelope->request_id;

	/* Its answer may have been lost on the way. */
	if (exports->snapshot && *request_id && !strcmp(exports->request_id, request_id))
		return OK;
	if (exports->snapshot)
		return status_with_retry(
			status_fail(STATUS_ABORTED, "EXPORT_RUNNING",
				"an export is under way; begin when it is over, or a minute after "
				"it was given up"),
			left_us(exports, call->now_us) / US_PER_MS);
	TRY(take_state(exports));
	random_bytes(&exports->number, sizeof(exports->number));
	snprintf(exports->request_id, sizeof(exports->request_id), "%s", request_id);
	exports->begin_us = call->now_us;
	pthread_cond_signal(&exports->changed);
	return OK;
}

/* A token is the export's number and the key of the last row. */
MUST_USE static struct status resume(
	const struct exports *exports, const struct page *page, struct key *after)
{
	size_t offset = 0;

	if (page->after.size <= sizeof(exports->number) || !exports->snapshot ||
		key_read_u64(key_bytes(&page->after), &offset) != exports->number)
		return status_fail(STATUS_ABORTED, "EXPORT_EXPIRED",
			"the state that this export was reading was let go; begin it anew");
	after->size = 0;
	key_add_bytes(after, page->after.bytes + offset, page->after.size - offset);
	return OK;
}

struct reading {
	struct exports *exports;
	struct page *page;
	struct record_reader reader;
	unsigned looked_at;
	struct key last; /* row that was read */
	bool is_full;
};

MUST_USE static struct status read_table(struct call *call, struct reading *reading,
	const struct key *table, const struct key *after, Orgd__V1__ExportResponse *response)
{
	CLEANUP(scan_end) struct scan scan = { 0 };

	TRY(scan_begin(&scan, call->snapshot, table, after));
	while (scan.found) {
		Orgd__V1__Record *record;

		if (reading->looked_at++ == LOOKED_AT_A_PAGE) {
			reading->is_full = true;
			break;
		}
		TRY(record_read(call, &reading->reader, &scan, &record));
		if (record && !page_add(reading->page, &record->base)) {
			reading->is_full = true;
			break;
		}
		if (record)
			response->records[response->n_records++] = record;
		reading->last.size = 0;
		key_add_bytes(&reading->last, scan.key.data, scan.key.size);
		TRY(scan_next(&scan));
	}
	return OK;
}

/* From `after` on, table by table. */
MUST_USE static struct status read_page(struct call *call, struct reading *reading,
	const struct key *after, Orgd__V1__ExportResponse *response)
{
	const uint8_t *table = record_tables;

	if (after->size)
		table = (const uint8_t *)strchr((const char *)table, after->bytes[0]);
	if (!table)
		return status_internal("an export's token names no table");
	reading->last = *after;
	response->records = ARENA_ARRAY(call->arena, Orgd__V1__Record *, reading->page->size);
	for (; *table && !reading->is_full; table++) {
		bool begun = after->size && after->bytes[0] == *table;
		struct key prefix;

		key_begin(&prefix, *table);
		TRY(read_table(call, reading, &prefix, begun ? after : NULL, response));
	}
	return OK;
}

static char *next_token(struct call *call, const struct reading *reading)
{
	struct key key = { 0 };

	key_add_u64(&key, reading->exports->number);
	key_add_bytes(&key, reading->last.bytes, reading->last.size);
	return page_token(call, &key);
}

/* With the export's state in place of the call's. */
MUST_USE static struct status read_locked(struct exports *exports, struct call *call,
	struct page *page, Orgd__V1__ExportResponse *response)
{
	struct reading reading = { .exports = exports, .page = page };
	struct snapshot *own = call->snapshot;
	struct key after = { 0 };
	struct status status;

	let_go_of_old(exports, call->now_us);
	if (page->after.size)
		TRY(resume(exports, page, &after));
	else
		TRY(begin(exports, call));
	exports->used_us = call->now_us;
	call->snapshot = exports->snapshot;
	store_snapshot_use(exports->snapshot, call->arena);
	status = read_page(call, &reading, &after, response);
	call->snapshot = own;
	store_snapshot_use(exports->snapshot, &exports->arena);
	response->revision = snapshot_revision(exports->snapshot);
	if (!status.code && reading.is_full)
		response->next_page_token = next_token(call, &reading);
	else
		let_go(exports);
	return status;
}

struct status admin_export(struct call *call, const Orgd__V1__ExportRequest *request,
	Orgd__V1__ExportResponse *response)
{
	struct exports *exports = call->platform->exports;
	struct status status;
	struct page page;

	TRY(authorize(call));
	TRY(page_begin(call, request->page_size, request->page_token, &page));
	pthread_mutex_lock(&exports->lock);
	status = read_locked(exports, call, &page, response);
	pthread_mutex_unlock(&exports->lock);
	return status;
}
