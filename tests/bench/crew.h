/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stddef.h>
#include <sys/types.h>

#include "load.h"

/*
 * The client processes. They are forked before this process makes a thread, and see what it writes
 * into the memory that they share.
 */
enum { CREW_MAX = 8 };

struct crew {
	int channels[CREW_MAX];
	pid_t pids[CREW_MAX];
	struct load_result *results; /* one each; shared */
	char *shared, *shared_end;   /* the free part of the memory */
};

void crew_start(struct crew *crew);
/* Memory that the crew reads; it is never freed. */
void *crew_alloc(struct crew *crew, size_t bytes);
/* The same, for one use: what was allocated since crew_mark is forgotten by crew_release. */
char *crew_mark(const struct crew *crew);
void crew_release(struct crew *crew, char *mark);
/* Runs the loads side by side, one process each; returns when all are over. Their results are at
 * crew->results until the next. */
void crew_run(struct crew *crew, const struct load *loads, unsigned count);
