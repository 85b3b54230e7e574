/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/executor.h"

/* Runs the sweeps of services_sweeps(), one after another, each as a mutation of the store's
 * writer. */
struct sweeper;

struct sweeper *sweeper_new(const struct platform *platform);
/* Begins a round, unless one runs or began within this second. */
void sweeper_tick(struct sweeper *sweeper);
/* One whole round, waited for. */
void sweeper_run(struct sweeper *sweeper);
/* Waits for the round that runs; no other begins. */
void sweeper_stop(struct sweeper *sweeper);
void sweeper_free(struct sweeper *sweeper);
