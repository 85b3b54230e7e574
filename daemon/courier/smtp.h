/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/status.h"
#include "courier/attempt.h"
#include "courier/config.h"
#include "courier/queue.h"
#include "courier/stop.h"

/* A mail server. Its connection is kept from one mail to the next. One thread. */
struct smtp;

/* Configuration and `stop` must live as long.
 *
 *   INTERNAL  libcurl does not start */
MUST_USE struct status smtp_new(
	const struct courier_config *config, const struct stop *stop, struct smtp **smtp);
void smtp_free(struct smtp *smtp);

/* Tries to send the mail, for at most the time that its lease and the configuration give. Sender
 * and recipient are looked at once more: nothing but an address reaches the server. */
void smtp_send(struct smtp *smtp, const queue_lease *lease, struct attempt *attempt);
