/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <pthread.h>

#include "service/work.h"

/*
 * The calls with a prepare step, from their coming until they are answered. Of two with one request
 * id the second waits for the first one's answer before its own preparing begins, so that both get
 * the same reply (SPEC rule 34); at the writer, order alone sees to that. Any thread.
 */
enum { PREPARING_MAX = 64 /* about 3 s of hashing on two threads */ };

struct preparing {
	pthread_mutex_t lock;
	struct work *first;
	unsigned count;
};

void preparing_init(struct preparing *preparing);
void preparing_clear(struct preparing *preparing);

enum preparing_answer {
	PREPARING_NOW,   /* prepare it; it belongs here */
	PREPARING_LATER, /* it follows another, whose preparing_leave hands it out */
	PREPARING_FULL,  /* not taken in */
};
MUST_USE enum preparing_answer preparing_enter(struct preparing *preparing, struct work *work);
/* Before it is answered, whether it belongs here or not: hands out those that followed it, to be
 * entered. */
void preparing_leave(
	struct preparing *preparing, struct work *work, void (*enter)(struct work *work));
