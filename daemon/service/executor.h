/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "rpc/exchange.h"
#include "service/call.h"

/*
 * Takes exchanges, answers each exactly once: decodes the envelope, finds the method, and sends the
 * call to the reader threads, to the crypto pool, or to the store's writer. Also parks calls that
 * wait, and runs the sweeps.
 */
struct executor;

struct executor_options {
	const struct platform *platform;
	unsigned readers; /* threads; 0: one per core */
};

MUST_USE struct status executor_start(
	const struct executor_options *options, struct executor **executor);

/* Takes over the exchange. Any thread; never blocks. */
void executor_handle(struct executor *executor, struct exchange *exchange);

/* For struct store_options: wakes the calls that wait for a revision. */
void executor_committed(struct executor *executor, uint64_t revision);
/* From main, when platform->waiting's timer is readable and at least once a second: deadlines of
 * parked calls, and the sweeps. */
void executor_tick(struct executor *executor);
/* One whole round of the sweeps, waited for: for tests, which set the clock. */
void executor_sweep(struct executor *executor);
/* How many calls came in. */
uint64_t executor_calls(const struct executor *executor);
/* Answers parked calls at once and lets no new one wait: the first step of a drain. */
void executor_release(struct executor *executor);
/* Finishes what is queued and joins the threads. Call it when no exchange can come any more and the
 * transport has drained; before store_close, which finishes what is at the writer. */
void executor_stop(struct executor *executor);

/* All services and prepare steps, as executor_start registers them: services.c. */
ProtobufCService *const *services_all(size_t *count);
const struct prepare *services_prepares(size_t *count);

/* What happens with time and not by a call (SPEC rule 44): each does at most a chunk in one batch,
 * appends its events, and says in *more whether there is more to do now. */
struct sweep {
	const char *name;
	struct status (*run)(struct call *call, bool *more);
};
const struct sweep *services_sweeps(size_t *count);
