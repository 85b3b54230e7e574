/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "service/call.h"

/*
 * The state that the pages of an export are read from. One at a time; it is let go when the last
 * page was read, a minute after the one before, and when the daemon stops.
 */
struct exports;

struct exports *exports_new(const struct platform *platform);
/* Lets go, after the last call and before the store is closed. */
void exports_stop(struct exports *exports);
void exports_free(struct exports *exports);
