/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <nng/nng.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/stream.h"

/* The streams of libnng 1.5, and nothing else of it. */

enum { ACCEPT_PAUSE_MS = 100 };

/* Frees streams on a thread of its own, since nng_aio_free waits for the aio's callback to return,
 * which is where streams end. */
struct reaper {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct stream *streams;
};

struct stream {
	nng_stream *nng;
	nng_aio *reading, *writing;
	const struct stream_handler *handler;
	void *context;
	bool local;
	struct reaper *reaper;
	struct stream *next; /* in the reaper's list */
};

struct stream_listener {
	nng_stream_listener *nng;
	nng_aio *accepting;
	bool local;
	bool pausing;
	void (*accepted)(void *context, struct stream *stream);
	void *context;
	struct reaper reaper;
};

struct stream_task {
	nng_aio *aio;
	void (*function)(void *context);
	void *context;
};

/* --- streams --- */

static size_t result(nng_aio *aio)
{
	return nng_aio_result(aio) == 0 ? nng_aio_count(aio) : 0;
}

static void on_read(void *argument)
{
	struct stream *stream = argument;

	stream->handler->read(stream->context, result(stream->reading));
}

static void on_written(void *argument)
{
	struct stream *stream = argument;

	stream->handler->written(stream->context, result(stream->writing));
}

/* Takes over `nng`; NULL when memory is out. */
static struct stream *stream_new(nng_stream *nng, struct stream_listener *listener)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream) {
		stream->nng = nng;
		stream->local = listener->local;
		stream->reaper = &listener->reaper;
		if (nng_aio_alloc(&stream->reading, on_read, stream) == 0 &&
			nng_aio_alloc(&stream->writing, on_written, stream) == 0)
			return stream;
		nng_aio_free(stream->reading);
		free(stream);
	}
	nng_stream_free(nng);
	return NULL;
}

void stream_attach(struct stream *stream, const struct stream_handler *handler, void *context)
{
	stream->handler = handler;
	stream->context = context;
}

static void aim(nng_aio *aio, const uint8_t *data, size_t size, int timeout_ms)
{
	nng_iov iov = { .iov_buf = (void *)(uintptr_t)data, .iov_len = size };

	/* Up to four parts cannot fail. */
	(void)nng_aio_set_iov(aio, 1, &iov);
	nng_aio_set_timeout(aio, timeout_ms == 0 ? NNG_DURATION_INFINITE : timeout_ms);
}

void stream_read(struct stream *stream, uint8_t *data, size_t size, int timeout_ms)
{
	aim(stream->reading, data, size, timeout_ms);
	nng_stream_recv(stream->nng, stream->reading);
}

void stream_write(struct stream *stream, const uint8_t *data, size_t size, int timeout_ms)
{
	aim(stream->writing, data, size, timeout_ms);
	nng_stream_send(stream->nng, stream->writing);
}

void stream_close(struct stream *stream)
{
	nng_stream_close(stream->nng);
}

void stream_free(struct stream *stream)
{
	struct reaper *reaper = stream->reaper;

	pthread_mutex_lock(&reaper->lock);
	stream->next = reaper->streams;
	reaper->streams = stream;
	pthread_cond_signal(&reaper->filled);
	pthread_mutex_unlock(&reaper->lock);
}

static void *reap(void *argument)
{
	struct reaper *reaper = argument;

	for (;;) {
		struct stream *stream;

		pthread_mutex_lock(&reaper->lock);
		while (!reaper->streams)
			pthread_cond_wait(&reaper->filled, &reaper->lock);
		stream = reaper->streams;
		reaper->streams = stream->next;
		pthread_mutex_unlock(&reaper->lock);

		/* In this order: a timeout that is just expiring still looks at nng's stream. */
		nng_aio_free(stream->reading);
		nng_aio_free(stream->writing);
		nng_stream_free(stream->nng);
		free(stream);
	}
	return NULL;
}

static int reaper_start(struct reaper *reaper)
{
	pthread_t thread;
	int error;

	pthread_mutex_init(&reaper->lock, NULL);
	pthread_cond_init(&reaper->filled, NULL);
	error = pthread_create(&thread, NULL, reap, reaper);
	if (error == 0)
		pthread_detach(thread);
	return error;
}

static bool peer_local(struct stream *stream, struct peer *peer)
{
	uint64_t uid, gid;

	if (nng_stream_get_uint64(stream->nng, NNG_OPT_IPC_PEER_UID, &uid) != 0 ||
		nng_stream_get_uint64(stream->nng, NNG_OPT_IPC_PEER_GID, &gid) != 0)
		return false;
	peer->local = true;
	peer->uid = (uid_t)uid;
	peer->gid = (gid_t)gid;
	snprintf(peer->address, sizeof(peer->address), "ipc:uid=%u", (unsigned)uid);
	return true;
}

static bool peer_tcp(struct stream *stream, struct peer *peer)
{
	char text[INET6_ADDRSTRLEN];
	nng_sockaddr address;
	bool six;

	if (nng_stream_get_addr(stream->nng, NNG_OPT_REMADDR, &address) != 0)
		return false;
	six = address.s_family == NNG_AF_INET6;
	if (!six && address.s_family != NNG_AF_INET)
		return false;
	inet_ntop(six ? AF_INET6 : AF_INET,
		six ? (void *)address.s_in6.sa_addr : (void *)&address.s_in.sa_addr, text,
		sizeof(text));
	peer->local = false;
	peer->uid = (uid_t)-1;
	peer->gid = (gid_t)-1;
	snprintf(peer->address, sizeof(peer->address), "tcp:%s", text);
	return true;
}

bool stream_peer(struct stream *stream, struct peer *peer)
{
	return stream->local ? peer_local(stream, peer) : peer_tcp(stream, peer);
}

/* --- listeners --- */

static void on_accepted(void *argument)
{
	struct stream_listener *listener = argument;
	nng_aio *aio = listener->accepting;
	int error = nng_aio_result(aio);
	struct stream *stream;

	if (listener->pausing) {
		listener->pausing = false;
	} else if (error == NNG_ECLOSED || error == NNG_ECANCELED) {
		return;
	} else if (error != 0) {
		/* Most likely out of descriptors: asking again at once would spin. */
		listener->pausing = true;
		nng_sleep_aio(ACCEPT_PAUSE_MS, aio);
		return;
	} else {
		stream = stream_new(nng_aio_get_output(aio, 0), listener);
		if (stream)
			listener->accepted(listener->context, stream);
	}
	nng_stream_listener_accept(listener->nng, aio);
}

static struct status from_nng(int error, const char *url)
{
	if (error == NNG_EADDRINUSE)
		return status_fail(STATUS_UNAVAILABLE, "ADDRESS_IN_USE",
			"%s is already in use by another process", url);
	return status_fail(STATUS_UNAVAILABLE, "CANNOT_LISTEN", "cannot listen on %s: %s", url,
		nng_strerror(error));
}

void stream_listener_free(struct stream_listener *listener)
{
	if (!listener)
		return;
	nng_stream_listener_free(listener->nng);
	nng_aio_free(listener->accepting);
	free(listener);
}

static void listener_cleanup(struct stream_listener **listener)
{
	stream_listener_free(*listener);
}

/* `permissions` is -1 for none, which is TCP. */
static struct status listen_at(const char *url, int permissions, struct stream_listener **result)
{
	CLEANUP(listener_cleanup) struct stream_listener *listener = calloc(1, sizeof(*listener));
	int error;

	if (!listener)
		return from_nng(NNG_ENOMEM, url);
	listener->local = permissions >= 0;
	error = nng_aio_alloc(&listener->accepting, on_accepted, listener);
	if (error == 0)
		error = nng_stream_listener_alloc(&listener->nng, url);
	if (error == 0 && listener->local)
		error = nng_stream_listener_set_int(
			listener->nng, NNG_OPT_IPC_PERMISSIONS, permissions);
	if (error == 0 && !listener->local)
		error = nng_stream_listener_set_bool(listener->nng, NNG_OPT_TCP_NODELAY, true);
	if (error == 0)
		error = nng_stream_listener_listen(listener->nng);
	if (error != 0)
		return from_nng(error, url);
	*result = listener;
	listener = NULL;
	return OK;
}

struct status stream_listen_ipc(const char *path, mode_t mode, struct stream_listener **listener)
{
	char url[NNG_MAXADDRLEN];

	snprintf(url, sizeof(url), "ipc://%s", path);
	return listen_at(url, (int)mode, listener);
}

struct status stream_listen_tcp(const char *address, struct stream_listener **listener)
{
	char url[NNG_MAXADDRLEN];

	snprintf(url, sizeof(url), "tcp://%s", address);
	return listen_at(url, -1, listener);
}

uint16_t stream_listener_port(struct stream_listener *listener)
{
	int port = 0;

	(void)nng_stream_listener_get_int(listener->nng, NNG_OPT_TCP_BOUND_PORT, &port);
	return (uint16_t)port;
}

struct status stream_listener_accept(struct stream_listener *listener,
	void (*accepted)(void *context, struct stream *stream), void *context)
{
	int error = reaper_start(&listener->reaper);

	if (error != 0)
		return status_fail(STATUS_UNAVAILABLE, "CANNOT_LISTEN",
			"cannot start a thread for the connections: %s", strerror(error));
	listener->accepted = accepted;
	listener->context = context;
	nng_stream_listener_accept(listener->nng, listener->accepting);
	return OK;
}

void stream_listener_close(struct stream_listener *listener)
{
	nng_stream_listener_close(listener->nng);
}

/* --- tasks --- */

static void on_task(void *argument)
{
	struct stream_task *task = argument;

	task->function(task->context);
}

struct stream_task *stream_task_new(void (*function)(void *context), void *context)
{
	struct stream_task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	*task = (struct stream_task){ .function = function, .context = context };
	if (nng_aio_alloc(&task->aio, on_task, task) == 0)
		return task;
	free(task);
	return NULL;
}

void stream_task_run(struct stream_task *task)
{
	if (nng_aio_begin(task->aio))
		nng_aio_finish(task->aio, 0);
}
