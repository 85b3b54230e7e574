/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <errno.h>
#include <nng/protocol/reqrep0/req.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	REPLY_BYTES_MAX = 1024 * 1024 + 64 * 1024, /* what orgd answers is below 1 MiB */
	RECONNECT_MS_MIN = 20,
	RECONNECT_MS_MAX = 500,
	PROBE_MS_MIN = 100,
};

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Called on nng's threads. There is one dialer, so there is at most one connection at a time. */
static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
	struct connection *connection = argument;
	int id = nng_pipe_id(pipe);

	pthread_mutex_lock(&connection->lock);
	if (event == NNG_PIPE_EV_ADD_POST)
		connection->pipe = id;
	else if (connection->pipe == id)
		connection->pipe = 0;
	pthread_cond_broadcast(&connection->changed);
	pthread_mutex_unlock(&connection->lock);
}

/* nng would resend by itself, with the deadline that the request had at first. Without a resend
 * time it reports a lost connection instead, and org_call decides. Contexts take the setting over
 * when they are opened. */
static int socket_set_up(struct connection *connection, const char *url)
{
	nng_socket socket = connection->socket;
	int error = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);

	if (error == 0)
		error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, REPLY_BYTES_MAX);
	if (error == 0)
		error = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MS_MIN);
	if (error == 0)
		error = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECT_MS_MAX);
	if (error == 0)
		error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, on_pipe, connection);
	if (error == 0)
		error = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, on_pipe, connection);
	if (error == 0)
		error = nng_dial(socket, url, NULL, NNG_FLAG_NONBLOCK);
	return error;
}

int connection_open(struct connection *connection, const char *url)
{
	pthread_condattr_t monotonic;
	int error;

	connection->pid = getpid();
	connection->pipe = 0;
	error = nng_req0_open(&connection->socket);
	if (error != 0)
		return error;
	pthread_mutex_init(&connection->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&connection->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	error = socket_set_up(connection, url);
	if (error != 0)
		connection_close(connection);
	return error;
}

void connection_close(struct connection *connection)
{
	nng_close(connection->socket);
	pthread_cond_destroy(&connection->changed);
	pthread_mutex_destroy(&connection->lock);
}

bool connection_wait(struct connection *connection, int64_t deadline_ms)
{
	const struct timespec deadline = { .tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * 1000000 };
	int error = 0;
	bool connected;

	pthread_mutex_lock(&connection->lock);
	while (connection->pipe == 0 && error == 0)
		error = pthread_cond_timedwait(&connection->changed, &connection->lock, &deadline);
	connected = connection->pipe != 0;
	pthread_mutex_unlock(&connection->lock);
	return connected;
}

static nng_duration time_left(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_ms();

	return left > 0 ? (nng_duration)left : 0;
}

/* A receive begins only when its send is complete: nng mixes the two up otherwise. */
static enum exchanged exchange_in(
	nng_ctx context, nng_aio *aio, nng_msg *request, int64_t deadline_ms, nng_msg **reply)
{
	nng_aio_set_msg(aio, request);
	nng_aio_set_timeout(aio, time_left(deadline_ms));
	nng_ctx_send(context, aio);
	nng_aio_wait(aio);
	if (nng_aio_result(aio) != 0) {
		nng_msg_free(request);
		return EXCHANGE_UNSENT;
	}
	nng_aio_set_timeout(aio, time_left(deadline_ms));
	nng_ctx_recv(context, aio);
	nng_aio_wait(aio);
	switch (nng_aio_result(aio)) {
	case 0:
		*reply = nng_aio_get_msg(aio);
		return EXCHANGE_ANSWERED;
	case NNG_ETIMEDOUT:
		return EXCHANGE_TIMED_OUT;
	default:
		return EXCHANGE_LOST;
	}
}

enum exchanged connection_exchange(
	struct connection *connection, nng_msg *request, int64_t deadline_ms, nng_msg **reply)
{
	enum exchanged exchanged = EXCHANGE_FAILED;
	nng_ctx context;
	nng_aio *aio;

	if (nng_ctx_open(&context, connection->socket) != 0) {
		nng_msg_free(request);
		return EXCHANGE_FAILED;
	}
	if (nng_aio_alloc(&aio, NULL, NULL) == 0) {
		exchanged = exchange_in(context, aio, request, deadline_ms, reply);
		nng_aio_free(aio);
	} else {
		nng_msg_free(request);
	}
	nng_ctx_close(context);
	return exchanged;
}

/* The kernel's own word is clearer than nng's. */
static const char *ipc_problem(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *problem = "it does not answer";
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return "the path is too long for a socket";
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		problem = strerrordesc_np(errno);
	if (fd >= 0)
		close(fd);
	return problem;
}

static const char *tcp_problem(const char *url, int64_t deadline_ms)
{
	nng_duration timeout = time_left(deadline_ms);
	nng_stream_dialer *dialer;
	const char *problem = "it does not answer";
	nng_stream *stream;
	nng_aio *aio;

	if (nng_stream_dialer_alloc(&dialer, url) != 0)
		return problem;
	if (nng_aio_alloc(&aio, NULL, NULL) == 0) {
		nng_aio_set_timeout(aio, timeout > PROBE_MS_MIN ? timeout : PROBE_MS_MIN);
		nng_stream_dialer_dial(dialer, aio);
		nng_aio_wait(aio);
		if (nng_aio_result(aio) == 0) {
			stream = nng_aio_get_output(aio, 0);
			nng_stream_free(stream);
		} else {
			problem = nng_strerror(nng_aio_result(aio));
		}
		nng_aio_free(aio);
	}
	nng_stream_dialer_free(dialer);
	return problem;
}

const char *connection_problem(const char *url, int64_t deadline_ms)
{
	static const char ipc[] = "ipc://";

	if (strncmp(url, ipc, sizeof(ipc) - 1) == 0)
		return ipc_problem(url + sizeof(ipc) - 1);
	return tcp_problem(url, deadline_ms);
}
