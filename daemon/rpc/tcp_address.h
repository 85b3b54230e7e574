/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

#include "base/status.h"

/* Checks "127.0.0.1:9210" or "[::1]:9210": numeric, so that no name server decides where the daemon
 * listens.
 *
 *   INVALID_ARGUMENT ADDRESS_MALFORMED
 *   INVALID_ARGUMENT ADDRESS_NOT_LOOPBACK  unless `anywhere` */
MUST_USE struct status tcp_address_check(const char *address, bool anywhere);
