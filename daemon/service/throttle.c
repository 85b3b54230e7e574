/* SPDX-License-Identifier: Apache-2.0 */
#include "service/throttle.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "secret/entropy.h"

#define WINDOW_US (15 * US_PER_MINUTE)

enum { SETS = 4096 /* a power of two */, WAYS = 8 };

/* The attempts of one account or peer since its first. */
struct tally {
	uint8_t who[16]; /* of the digest */
	int64_t since_us;
	uint32_t count; /* 0: a free place */
};

/* The digest of whom it is about names the set, a few places that are looked through. The salt
 * keeps an attacker from choosing whom to push out of one. */
struct throttle {
	pthread_mutex_t lock;
	uint8_t salt[16];
	struct tally sets[SETS][WAYS];
};

struct throttle *throttle_new(void)
{
	struct throttle *throttle = calloc(1, sizeof(*throttle));

	if (!throttle)
		abort();
	pthread_mutex_init(&throttle->lock, NULL);
	random_bytes(throttle->salt, sizeof(throttle->salt));
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	pthread_mutex_destroy(&throttle->lock);
	free(throttle);
}

static bool is_over(const struct tally *tally, int64_t now_us)
{
	return !tally->count || now_us - tally->since_us >= WINDOW_US;
}

/* The tally of `who`, which may be over; with `make`, a fresh one in the place of the oldest if
 * there is none. */
static struct tally *find(struct throttle *throttle, enum throttle_kind kind, const char *who,
	int64_t now_us, bool make)
{
	uint8_t letter = (uint8_t)kind, hash[32];
	struct bytes parts[] = { bytes_of(throttle->salt, sizeof(throttle->salt)),
		bytes_of(&letter, 1), bytes_of_string(who) };
	struct tally *set, *oldest;

	digest(parts, COUNT_OF(parts), hash);
	set = throttle->sets[(hash[30] << 8 | hash[31]) % SETS];
	oldest = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].count && !memcmp(set[i].who, hash, sizeof(set[i].who)))
			return &set[i];
		if (is_over(&set[i], now_us) || set[i].since_us < oldest->since_us)
			oldest = &set[i];
	}
	if (!make)
		return NULL;
	memcpy(oldest->who, hash, sizeof(oldest->who));
	oldest->count = 0;
	return oldest;
}

MUST_USE static struct status limit(const struct tally *tally, int64_t now_us)
{
	int64_t wait_us = tally->since_us + WINDOW_US - now_us;
	int64_t minutes = (wait_us + US_PER_MINUTE - 1) / US_PER_MINUTE;

	return status_with_retry(status_fail(STATUS_RESOURCE_EXHAUSTED, "SIGN_IN_LIMIT",
					 "too many sign-ins failed; wait up to %d minutes, or set "
					 "a new password by mail",
					 (int)minutes),
		minutes * US_PER_MINUTE / US_PER_MS);
}

struct status throttle_enter(struct throttle *throttle, enum throttle_kind kind, const char *who,
	uint32_t max, int64_t now_us)
{
	struct status status = OK;
	struct tally *tally;

	pthread_mutex_lock(&throttle->lock);
	tally = find(throttle, kind, who, now_us, true);
	if (is_over(tally, now_us)) {
		tally->since_us = now_us;
		tally->count = 0;
	}
	if (tally->count >= max)
		status = limit(tally, now_us);
	else
		tally->count++;
	pthread_mutex_unlock(&throttle->lock);
	return status;
}

void throttle_leave(
	struct throttle *throttle, enum throttle_kind kind, const char *who, int64_t now_us)
{
	struct tally *tally;

	pthread_mutex_lock(&throttle->lock);
	tally = find(throttle, kind, who, now_us, false);
	if (tally && tally->count)
		tally->count--;
	pthread_mutex_unlock(&throttle->lock);
}
