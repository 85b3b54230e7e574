/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <sys/socket.h>

#include "base/status.h"

/* Reads "127.0.0.1:9210" or "[::1]:9210": numeric, so that no name server decides where the daemon
 * listens.
 *
 *   INVALID_ARGUMENT ADDRESS_MALFORMED
 *   INVALID_ARGUMENT ADDRESS_NOT_LOOPBACK  unless `anywhere` */
MUST_USE struct status tcp_address_read(
	const char *address, bool anywhere, struct sockaddr_storage *out);
