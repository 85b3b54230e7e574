/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>

/* How long things took, each within 1.6 %: 64 buckets between a power of two and the next. */
enum { HISTOGRAM_FINE = 64, HISTOGRAM_BUCKETS = 36 * HISTOGRAM_FINE /* up to an hour */ };

struct histogram {
	uint64_t count;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, int64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *histogram);
/* The time that so many of 1,000 stayed below, in microseconds; 0 when there is none. */
double histogram_us(const struct histogram *histogram, unsigned per_mille);
