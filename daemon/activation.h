/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "config.h"

/*
 * Sockets that systemd listens on and passes at our start (orgd.socket), so that clients wait in
 * them while orgd restarts. They are systemd's: orgd accepts from them and leaves them as they are.
 */
struct activation {
	int ipc, tcp; /* 0: none was passed, orgd makes its own */
};

/* Takes what was passed; nothing, without systemd. What is passed has to be what the configuration
 * says, since that is what clients are told:
 *
 *   FAILED_PRECONDITION SOCKET_NAME      it was not passed under the name "orgd"
 *   FAILED_PRECONDITION SOCKET_KIND      it is no listening stream socket, local or of TCP
 *   FAILED_PRECONDITION SOCKET_ADDRESS   it is somewhere else than listen { } says, or a second one
 *   INVALID_ARGUMENT    what tcp_address_read says
 *
 * Once, while there is one thread. */
MUST_USE struct status activation_take(const struct config *config, struct activation *activation);
