/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "rpc/loop.h"
#include "rpc/pool.h"

enum {
	BACKLOG = 4096,
	ACCEPTED_AT_ONCE = 16,
	ACCEPT_PAUSE_MS = 100,
};

/* A read or a write that waits for the socket. */
struct transfer {
	uint8_t *data;
	size_t size; /* 0: none is under way, or a thread is at it */
	bool timed;
	struct loop_timer timer;
	struct stream *stream;
};

/* Its memory stays a stream's for ever: a thread that was held up with an event in hand may come to
 * it when it is another one, and finds under the lock what there is to do for that, or nothing. */
struct stream {
	struct pool_item item;
	struct loop_source source;
	const struct stream_handler *handler;
	void *context;
	pthread_mutex_t lock; /* for the sizes, and for arming by them */
	uint32_t armed;
	struct transfer reading, writing;
};

struct stream_listener {
	struct loop_source source;
	struct loop_timer pause;
	bool passed; /* others have the socket too */
	atomic_bool closed;
	void (*accepted)(void *context, struct stream *stream);
	void *context;
};

struct stream_task {
	struct loop_source source;
	void (*function)(void *context);
	void *context;
};

/* --- streams --- */

static pthread_once_t pool_made = PTHREAD_ONCE_INIT;
static struct pool streams;

static uint32_t wanted(const struct stream *stream)
{
	return (stream->reading.size ? EPOLLIN : 0U) | (stream->writing.size ? EPOLLOUT : 0U);
}

/* With the lock held. What it is armed for already costs nothing. */
static void arm(struct stream *stream)
{
	uint32_t events = wanted(stream);

	if (!(events & ~stream->armed))
		return;
	stream->armed = events;
	loop_arm(&stream->source, events);
}

/* An event that nobody waits for does not come again. With the lock held. */
static void ease(struct stream *stream)
{
	uint32_t events = wanted(stream);

	if (events)
		loop_arm(&stream->source, events);
	else if (stream->armed)
		loop_disarm(&stream->source);
	stream->armed = events;
}

/* What is out of time ends as if the peer had gone. */
static void on_expired(struct loop_timer *timer)
{
	stream_close(CONTAINER_OF(timer, struct transfer, timer)->stream);
}

static void begin(struct transfer *transfer, const uint8_t *data, size_t size, int timeout_ms)
{
	struct stream *stream = transfer->stream;

	if (timeout_ms)
		loop_timer_set(
			&transfer->timer, clock_monotonic_us() + timeout_ms * (int64_t)US_PER_MS);
	pthread_mutex_lock(&stream->lock);
	transfer->timed = timeout_ms != 0;
	transfer->data = (uint8_t *)(uintptr_t)data;
	transfer->size = size;
	arm(stream);
	pthread_mutex_unlock(&stream->lock);
}

void stream_read(struct stream *stream, uint8_t *data, size_t size, int timeout_ms)
{
	begin(&stream->reading, data, size, timeout_ms);
}

size_t stream_write(struct stream *stream, const uint8_t *data, size_t size, int timeout_ms)
{
	ssize_t sent = send(stream->source.fd, data, size, MSG_NOSIGNAL);

	if (sent > 0)
		return (size_t)sent;
	/* A broken one says so again when its turn comes. */
	begin(&stream->writing, data, size, timeout_ms);
	return 0;
}

/* The transfer, if the events are for it, is this thread's from now on. With the lock held. */
static size_t take(struct transfer *transfer, uint32_t events, uint32_t wanted)
{
	size_t size = events & (wanted | EPOLLHUP | EPOLLERR) ? transfer->size : 0;

	if (size)
		transfer->size = 0;
	return size;
}

/* Ends the transfer, unless the socket was not ready after all. */
static void end(struct transfer *transfer, size_t size, ssize_t moved,
	void (*tell)(void *context, size_t size))
{
	struct stream *stream = transfer->stream;

	if (moved < 0 && (errno == EAGAIN || errno == EINTR)) {
		pthread_mutex_lock(&stream->lock);
		transfer->size = size;
		arm(stream);
		pthread_mutex_unlock(&stream->lock);
		return;
	}
	if (transfer->timed)
		loop_timer_remove(&transfer->timer);
	tell(stream->context, moved > 0 ? (size_t)moved : 0);
}

static void on_ready(struct loop_source *source, uint32_t events)
{
	struct stream *stream = CONTAINER_OF(source, struct stream, source);
	size_t reading, writing;

	pthread_mutex_lock(&stream->lock);
	reading = take(&stream->reading, events, EPOLLIN);
	writing = take(&stream->writing, events, EPOLLOUT);
	if (!reading && !writing)
		ease(stream);
	pthread_mutex_unlock(&stream->lock);
	/* After the last of the two the stream may be gone. */
	if (reading)
		end(&stream->reading, reading, recv(source->fd, stream->reading.data, reading, 0),
			stream->handler->read);
	if (writing)
		end(&stream->writing, writing,
			send(source->fd, stream->writing.data, writing, MSG_NOSIGNAL),
			stream->handler->written);
}

static struct pool_item *stream_make(void)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->source.ready = on_ready;
	stream->lock = (pthread_mutex_t)PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
	stream->reading.stream = stream->writing.stream = stream;
	stream->reading.timer.expired = stream->writing.timer.expired = on_expired;
	return &stream->item;
}

static void make_pool(void)
{
	pool_init(&streams, SIZE_MAX, stream_make, NULL);
}

/* Takes over `fd`; NULL when memory is out. */
static struct stream *stream_new(int fd)
{
	struct pool_item *item;
	struct stream *stream;

	pthread_once(&pool_made, make_pool);
	item = pool_take(&streams);
	if (item) {
		stream = CONTAINER_OF(item, struct stream, item);
		pthread_mutex_lock(&stream->lock);
		stream->source.fd = fd;
		stream->armed = 0;
		pthread_mutex_unlock(&stream->lock);
		if (!loop_add(&stream->source, 0))
			return stream;
		pool_give(&streams, item);
	}
	close(fd);
	return NULL;
}

void stream_attach(struct stream *stream, const struct stream_handler *handler, void *context)
{
	stream->handler = handler;
	stream->context = context;
}

void stream_close(struct stream *stream)
{
	(void)shutdown(stream->source.fd, SHUT_RDWR);
}

void stream_free(struct stream *stream)
{
	/* Who comes late with an event lets alone what gets the descriptor's number next. */
	pthread_mutex_lock(&stream->lock);
	stream->armed = 0;
	pthread_mutex_unlock(&stream->lock);
	close(stream->source.fd);
	pool_give(&streams, &stream->item);
}

static bool peer_local(int fd, struct peer *peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size))
		return false;
	peer->local = true;
	peer->uid = credentials.uid;
	peer->gid = credentials.gid;
	snprintf(peer->address, sizeof(peer->address), "ipc:uid=%u", (unsigned)credentials.uid);
	return true;
}

bool stream_peer(struct stream *stream, struct peer *peer)
{
	int fd = stream->source.fd;
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	char text[INET6_ADDRSTRLEN];
	const void *host;

	if (getpeername(fd, (struct sockaddr *)&address, &size))
		return false;
	if (address.ss_family == AF_UNIX)
		return peer_local(fd, peer);
	host = address.ss_family == AF_INET6
		       ? (const void *)&((const struct sockaddr_in6 *)&address)->sin6_addr
		       : (const void *)&((const struct sockaddr_in *)&address)->sin_addr;
	if (!inet_ntop(address.ss_family, host, text, sizeof(text)))
		return false;
	peer->local = false;
	peer->uid = (uid_t)-1;
	peer->gid = (gid_t)-1;
	snprintf(peer->address, sizeof(peer->address), "tcp:%s", text);
	return true;
}

/* --- listeners --- */

static void hand_over(struct stream_listener *listener, int fd)
{
	static const int on = 1;
	struct stream *stream;

	/* Of no meaning, and refused, on a local socket. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	stream = stream_new(fd);
	if (stream)
		listener->accepted(listener->context, stream);
}

static void on_connecting(struct loop_source *source, uint32_t events)
{
	struct stream_listener *listener = CONTAINER_OF(source, struct stream_listener, source);

	(void)events;
	for (unsigned i = 0; i < ACCEPTED_AT_ONCE; i++) {
		int fd = listener->closed
				 ? -1
				 : accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			hand_over(listener, fd);
		} else if (listener->closed) {
			return;
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			/* Asking again at once would spin. */
			loop_disarm(source);
			loop_timer_set(&listener->pause,
				clock_monotonic_us() + ACCEPT_PAUSE_MS * (int64_t)US_PER_MS);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static void on_pause_over(struct loop_timer *timer)
{
	loop_arm(&CONTAINER_OF(timer, struct stream_listener, pause)->source, EPOLLIN);
}

static struct stream_listener *listener_new(int fd)
{
	struct stream_listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		abort();
	listener->source = (struct loop_source){ .fd = fd, .ready = on_connecting };
	listener->pause.expired = on_pause_over;
	return listener;
}

void stream_listener_free(struct stream_listener *listener)
{
	if (!listener)
		return;
	if (listener->source.fd >= 0)
		close(listener->source.fd);
	free(listener);
}

static void listener_cleanup(struct stream_listener **listener)
{
	stream_listener_free(*listener);
}

static struct status cannot(const char *what)
{
	if (errno == EADDRINUSE)
		return status_fail(STATUS_UNAVAILABLE, "ADDRESS_IN_USE",
			"%s is already in use by another process", what);
	return status_fail(STATUS_UNAVAILABLE, "CANNOT_LISTEN", "cannot listen on %s: %s", what,
		strerror(errno));
}

/* `path` is NULL for TCP. */
static struct status listen_at(const struct sockaddr *address, socklen_t size, const char *path,
	mode_t mode, struct stream_listener **result)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	CLEANUP(listener_cleanup) struct stream_listener *listener = listener_new(fd);
	const char *what = path ? path : "that TCP address";
	static const int on = 1;

	/* A port is free again as soon as its last daemon is gone. Nobody can connect before
	 * listen(), so that a local socket is never open wider than it should. */
	if (fd < 0 || (!path && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))) ||
		bind(fd, address, size) || (path && chmod(path, mode)) || listen(fd, BACKLOG))
		return cannot(what);
	*result = listener;
	listener = NULL;
	return OK;
}

struct status stream_listen_ipc(const char *path, mode_t mode, struct stream_listener **listener)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return listen_at((const struct sockaddr *)&address, sizeof(address), path, mode, listener);
}

struct status stream_listen_tcp(
	const struct sockaddr_storage *address, struct stream_listener **listener)
{
	socklen_t size = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
							: sizeof(struct sockaddr_in);

	return listen_at((const struct sockaddr *)address, size, NULL, 0, listener);
}

struct status stream_listen_passed(int fd, struct stream_listener **listener)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return cannot("the socket that was passed");
	*listener = listener_new(fd);
	(*listener)->passed = true;
	return OK;
}

uint16_t stream_listener_port(struct stream_listener *listener)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	if (getsockname(listener->source.fd, (struct sockaddr *)&address, &size))
		return 0;
	/* At the same place for both families. */
	return ntohs(((const struct sockaddr_in *)&address)->sin_port);
}

struct status stream_listener_accept(struct stream_listener *listener,
	void (*accepted)(void *context, struct stream *stream), void *context)
{
	listener->accepted = accepted;
	listener->context = context;
	errno = loop_start();
	if (errno || loop_add(&listener->source, EPOLLIN))
		return status_fail(STATUS_UNAVAILABLE, "CANNOT_LISTEN",
			"cannot wait for connections: %s", strerror(errno));
	return OK;
}

void stream_listener_close(struct stream_listener *listener)
{
	listener->closed = true;
	/* Its end is nothing to be told of, again and again. */
	loop_remove(&listener->source);
	if (!listener->passed)
		(void)shutdown(listener->source.fd, SHUT_RDWR);
}

/* --- tasks --- */

static void on_task(struct loop_source *source, uint32_t events)
{
	struct stream_task *task = CONTAINER_OF(source, struct stream_task, source);
	uint64_t runs;

	(void)events;
	(void)!read(source->fd, &runs, sizeof(runs));
	task->function(task->context);
}

struct stream_task *stream_task_new(void (*function)(void *context), void *context)
{
	struct stream_task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	*task = (struct stream_task){ .source = { .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
					      .ready = on_task },
		.function = function,
		.context = context };
	if (task->source.fd >= 0 && !loop_add(&task->source, EPOLLIN))
		return task;
	stream_task_free(task);
	return NULL;
}

void stream_task_run(struct stream_task *task)
{
	static const uint64_t once = 1;

	/* Cannot fail: it is read long before it is full. */
	(void)!write(task->source.fd, &once, sizeof(once));
}

void stream_task_free(struct stream_task *task)
{
	if (!task)
		return;
	if (task->source.fd >= 0)
		close(task->source.fd);
	free(task);
}
