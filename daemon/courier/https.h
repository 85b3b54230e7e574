/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/status.h"
#include "courier/attempt.h"
#include "courier/config.h"
#include "courier/queue.h"
#include "courier/stop.h"

/*
 * Sends webhooks: a POST over HTTPS to a host that somebody else chose. TLS 1.2 at least, with a
 * certificate that holds for that host; no proxy, no cookie, no credentials, no redirect followed;
 * each attempt on a connection of its own, to an address that address.h lets pass.
 *
 * The answer counts from the end of its headers on, whatever becomes of its body: 2xx is ACCEPTED,
 * anything else REFUSED, and no such answer UNREACHABLE. Of the whole answer at most 64 KiB are
 * read, and none is kept.
 *
 * One thread.
 */
struct https;

/* Configuration and `stop` must live as long.
 *
 *   INTERNAL  libcurl does not start */
MUST_USE struct status https_new(
	const struct courier_config *config, const struct stop *stop, struct https **https);
void https_free(struct https *https);

/* Tries to send the lease's webhook, for at most the time that the lease and the configuration
 * give. The values of headers are looked at once more: nothing but printable ASCII goes out. */
void https_send(struct https *https, const queue_lease *lease, struct attempt *attempt);
