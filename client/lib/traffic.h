/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <orgd/rpc/v1/rpc.pb-c.h>
#include <pthread.h>
#include <sys/queue.h>

#include "connection.h"
#include "org_client.h"

/*
 * All calls of a client on their way: which wait their turn, which are with orgd under which id,
 * and what becomes of them when answers, lost connections and deadlines come.
 *
 * There is no thread behind it. Of those who wait for calls one drives: it polls the socket and
 * deals with whatever comes, for all. The others sleep; who is served leaves, and the next sleeper
 * drives. The lock is not held while the driver polls, and nobody else closes or opens the socket
 * meanwhile.
 */
struct org_call {
	struct org_client *client; /* NULL: refused before it came here */
	const ProtobufCMethodDescriptor *method;
	void *response; /* the caller's: where a message pointer is, or NULL */
	int64_t deadline_ms;
	char request_id[65];
	uint64_t min_epoch, min_revision;
	uint8_t *body; /* the envelope but for what is different in each try */
	size_t body_bytes;

	enum { CALL_NEW, CALL_QUEUED, CALL_SENT, CALL_OVER } state;
	TAILQ_ENTRY(org_call) queued;
	int64_t ready_ms; /* not to be sent before */
	unsigned tries;
	bool may_have_happened;
	uint32_t id; /* of the latest try */
	struct waiter *waiter;

	/* How it ended: with one of them, or with neither for want of memory. */
	Orgd__Rpc__V1__Response *envelope;
	struct org_status *failure;
};

struct traffic {
	pthread_mutex_t lock;
	struct connection connection;
	int kick; /* an eventfd: makes the driver look again */
	bool is_driven, is_closed;
	size_t call_count; /* that have come and are not ended */
	size_t unclaimed;  /* of these, the ones that are over */

	TAILQ_HEAD(, org_call) queue;
	struct org_call *sent[ORG_UNDER_WAY_MAX];
	uint64_t free_slots; /* a bit each of `sent` */
	uint32_t latest_id;
	TAILQ_HEAD(, waiter) sleepers;
	int64_t alarm_ms;  /* no call's time comes before */
	int64_t away_ms;   /* since when there is no connection, if there is none */
	int64_t heard_ms;  /* when the socket was last read */
	size_t wait_count; /* threads that wait */
	int64_t wait_ms;   /* since when there are some, if there are */

	uint64_t seen_epoch, seen_revision; /* the newest that any answer told */
};

/* False when the system has no descriptor left. */
bool traffic_init(struct traffic *traffic);
void traffic_clear(struct traffic *traffic);

/* Takes the call in, and sends it if it can. */
void traffic_begin(struct org_call *call);
/* Waits until one of the calls is over; returns its place. At least one is no NULL, and all that
 * are none have this client. */
size_t traffic_wait(struct org_client *client, struct org_call *const calls[], size_t count);
/* Lets go of the call, over or not. */
void traffic_end(struct org_call *call);
/* Ends all calls. False: the last traffic_end will free the client. */
bool traffic_close(struct org_client *client);
