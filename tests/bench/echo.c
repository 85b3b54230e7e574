/* SPDX-License-Identifier: Apache-2.0 */
#include "echo.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/server.h"

static void answer(void *context, struct exchange *exchange)
{
	const struct echo *echo = context;
	size_t bytes = __atomic_load_n(echo->reply_bytes, __ATOMIC_RELAXED);
	uint8_t *reply = exchange->reserve(exchange, bytes);

	if (!reply)
		abort();
	memset(reply, 'x', bytes);
	exchange->send(exchange, bytes);
}

static struct bytes refuse(void *context)
{
	(void)context;
	return bytes_of("x", 1);
}

/* Tells the port, then serves until its parent ends. */
__attribute__((noreturn)) static void serve(struct echo *echo, int channel)
{
	struct server *server;
	struct status status;
	uint16_t port;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	status = server_start(&(struct server_options){ .ipc_path = echo->local.path,
				      .tcp_address = "127.0.0.1:0",
				      .handle = answer,
				      .refusal = refuse,
				      .context = echo },
		&server);
	if (status.code)
		errx(1, "%s", status.failure->message);
	port = server_tcp_port(server);
	if (write(channel, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	for (;;)
		pause();
}

void echo_start(struct echo *echo, struct crew *crew, const char *directory)
{
	int channel[2];

	memset(echo, 0, sizeof(*echo));
	if ((size_t)snprintf(echo->local.path, sizeof(echo->local.path), "%s/echo.sock",
		    directory) >= sizeof(echo->local.path))
		errx(1, "%s is too long for a socket in it", directory);
	echo->reply_bytes = crew_alloc(crew, sizeof(*echo->reply_bytes));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
		err(1, "a channel");
	echo->pid = fork();
	if (echo->pid < 0)
		err(1, "a process for the echo");
	if (!echo->pid)
		serve(echo, channel[1]);
	close(channel[1]);
	if (read(channel[0], &echo->tcp.port, sizeof(echo->tcp.port)) != sizeof(echo->tcp.port))
		errx(1, "the echo did not start");
	close(channel[0]);
}
