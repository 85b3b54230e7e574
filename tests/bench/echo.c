/* SPDX-License-Identifier: Apache-2.0 */
#include "echo.h"

#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/server.h"

/* What the child is told. */
struct order {
	char path[108];
	size_t reply_bytes;
};

static void answer(void *context, struct exchange *exchange)
{
	const struct order *order = context;
	uint8_t *reply = exchange->reserve(exchange, order->reply_bytes);

	if (!reply)
		abort();
	memset(reply, 'x', order->reply_bytes);
	exchange->send(exchange, order->reply_bytes);
}

static struct bytes refuse(void *context)
{
	(void)context;
	return bytes_of("x", 1);
}

__attribute__((noreturn)) static void serve(int channel)
{
	struct order order;
	struct server *server;
	struct status status;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(channel, &order, sizeof(order)) != sizeof(order))
		_exit(1);
	status = server_start(&(struct server_options){ .ipc_path = order.path,
				      .handle = answer,
				      .refusal = refuse,
				      .context = &order },
		&server);
	if (status.code)
		errx(1, "%s", status.failure->message);
	if (write(channel, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

void echo_fork(struct echo *echo)
{
	int channel[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
		err(1, "a channel");
	pid = fork();
	if (pid < 0)
		err(1, "a process for the echo");
	if (!pid) {
		close(channel[0]);
		serve(channel[1]);
	}
	close(channel[1]);
	echo->channel = channel[0];
}

void echo_serve(struct echo *echo, size_t reply_bytes)
{
	struct order order = { .reply_bytes = reply_bytes };
	char ready;

	memcpy(order.path, echo->path, sizeof(order.path));
	if (write(echo->channel, &order, sizeof(order)) != sizeof(order) ||
		read(echo->channel, &ready, 1) != 1)
		errx(1, "the echo did not start");
}
