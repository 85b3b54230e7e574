/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/status.h"
#include "rpc/exchange.h"

/*
 * Byte streams and their listeners: the seam under the framing, behind which one way to wait for
 * sockets can take another's place.
 *
 * Every call returns at once. What it leaves under way ends with one callback on one of the
 * implementation's threads, never within the call itself, so that a lock may be held around the
 * call and taken in the callback. A callback must not block: there are few threads, and all streams
 * share them.
 */
struct stream;
struct stream_listener;
struct stream_task;

/* Each is told how many bytes were moved; 0 when the stream is at its end, broken, closed or out of
 * time. */
struct stream_handler {
	void (*read)(void *context, size_t size);
	void (*written)(void *context, size_t size);
};

/* Before the first read or write. */
void stream_attach(struct stream *stream, const struct stream_handler *handler, void *context);
/* One read and one write at a time, each of at least one byte and at most `size`. A timeout of 0 is
 * none. After stream_close it ends at once. The memory stays untouched by others until the
 * callback. */
void stream_read(struct stream *stream, uint8_t *data, size_t size, int timeout_ms);
/* Returns how many bytes have left already, and there is no callback then; 0 when there will be. */
MUST_USE size_t stream_write(
	struct stream *stream, const uint8_t *data, size_t size, int timeout_ms);
/* Ends what is under way, with 0. */
void stream_close(struct stream *stream);
/* Closes and forgets, while nothing is under way; legal in a callback of the same stream. */
void stream_free(struct stream *stream);

/* Sets everything but `connection`; false when the kernel does not say. */
bool stream_peer(struct stream *stream, struct peer *peer);

/* Listens, and accepts nothing yet.
 *
 *   UNAVAILABLE ADDRESS_IN_USE
 *   UNAVAILABLE CANNOT_LISTEN   the system refuses; the sentence says why */
MUST_USE struct status stream_listen_ipc(
	const char *path, mode_t mode, struct stream_listener **listener);
MUST_USE struct status stream_listen_tcp(
	const struct sockaddr_storage *address, struct stream_listener **listener);
/* Takes over a socket that somebody else has bound, listens on and keeps: what comes after us goes
 * on with it. */
MUST_USE struct status stream_listen_passed(int fd, struct stream_listener **listener);
uint16_t stream_listener_port(struct stream_listener *listener);
/* Hands over each new stream from now on. When descriptors or memory run out it pauses and tries
 * again.
 *
 *   UNAVAILABLE CANNOT_LISTEN  no thread is to be had */
MUST_USE struct status stream_listener_accept(struct stream_listener *listener,
	void (*accepted)(void *context, struct stream *stream), void *context);
/* Refuses from now on; what a passed socket is asked for waits there. A stream that was on its way
 * may still be handed over. */
void stream_listener_close(struct stream_listener *listener);
/* Closes and frees a listener that has not begun to accept. */
void stream_listener_free(struct stream_listener *listener);

/* A function to run on one of the implementation's threads. NULL when memory is out. */
struct stream_task *stream_task_new(void (*function)(void *context), void *context);
/* Runs it soon. Not again before it has begun. */
void stream_task_run(struct stream_task *task);
/* Of a task that is not to run. NULL is fine. */
void stream_task_free(struct stream_task *task);
