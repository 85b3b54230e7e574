/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram.h"

enum { FINE_BITS = 6, NS_PER_US = 1000 };

static unsigned bucket_of(uint64_t ns)
{
	unsigned exponent, bucket;

	if (ns < HISTOGRAM_FINE)
		return (unsigned)ns;
	exponent = 63 - (unsigned)__builtin_clzll(ns) - FINE_BITS;
	bucket = (exponent + 1) * HISTOGRAM_FINE + ((ns >> exponent) & (HISTOGRAM_FINE - 1));
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The middle of a bucket. */
static double ns_of(unsigned bucket)
{
	unsigned exponent;

	if (bucket < HISTOGRAM_FINE)
		return bucket;
	exponent = bucket / HISTOGRAM_FINE - 1;
	return (HISTOGRAM_FINE + bucket % HISTOGRAM_FINE + 0.5) * (double)(UINT64_C(1) << exponent);
}

void histogram_add(struct histogram *histogram, int64_t ns)
{
	histogram->count++;
	histogram->buckets[bucket_of(ns > 0 ? (uint64_t)ns : 0)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *histogram)
{
	into->count += histogram->count;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += histogram->buckets[i];
}

double histogram_us(const struct histogram *histogram, unsigned per_mille)
{
	uint64_t rank = (histogram->count * per_mille + 999) / 1000, seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS && rank; i++) {
		seen += histogram->buckets[i];
		if (seen >= rank)
			return ns_of(i) / NS_PER_US;
	}
	return 0;
}
