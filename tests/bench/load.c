/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	CONNECTIONS_MAX = LOAD_OUTSTANDING_MAX / LOAD_PER_CONNECTION,
	HEADER_BYTES = 1 + 8 + 4, /* ipc's mark, the length, one hop */
	REQUEST_MAX = 4096,       /* so that all requests of a connection fit a socket's buffer */
	FAILURE_TAG = 1 << 3 | 2, /* Response.status: the first field, absent from a success */
};

struct connection {
	int socket;
	unsigned under_way;
	size_t in_bytes, out_bytes;
	uint8_t in[64 * 1024];
	uint8_t out[LOAD_PER_CONNECTION * (HEADER_BYTES + REQUEST_MAX)];
};

static const uint8_t hello_of_req[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
static const uint8_t hello_of_rep[] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };

static void open_connection(struct connection *connection, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint8_t hello[sizeof(hello_of_rep)];

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	connection->under_way = 0;
	connection->in_bytes = connection->out_bytes = 0;
	connection->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->socket < 0 ||
		connect(connection->socket, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	if (write(connection->socket, hello_of_req, sizeof(hello_of_req)) != sizeof(hello_of_req) ||
		recv(connection->socket, hello, sizeof(hello), MSG_WAITALL) != sizeof(hello) ||
		memcmp(hello, hello_of_rep, sizeof(hello)))
		errx(1, "%s: no server of ours", path);
}

static void queue_request(struct connection *connection, const struct load *load)
{
	static uint64_t serial;
	uint8_t *frame = connection->out + connection->out_bytes;
	uint64_t length = __builtin_bswap64(4 + load->request.size);
	char digits[LOAD_SERIAL_DIGITS + 1];

	frame[0] = 1;
	memcpy(frame + 1, &length, sizeof(length));
	memcpy(frame + 9, (const uint8_t[]){ 0x80, 0, 0, 1 }, 4);
	memcpy(frame + HEADER_BYTES, load->request.data, load->request.size);
	if (load->serial_at) {
		snprintf(digits, sizeof(digits), "%016llu", (unsigned long long)++serial);
		memcpy(frame + HEADER_BYTES + load->serial_at, digits, LOAD_SERIAL_DIGITS);
	}
	connection->out_bytes += HEADER_BYTES + load->request.size;
	connection->under_way++;
}

static void flush(struct connection *connection)
{
	for (size_t at = 0; at < connection->out_bytes;) {
		ssize_t part = send(connection->socket, connection->out + at,
			connection->out_bytes - at, MSG_NOSIGNAL);

		if (part < 0)
			err(1, "sending a request");
		at += (size_t)part;
	}
	connection->out_bytes = 0;
}

static void check_reply(const uint8_t *reply, size_t bytes)
{
	if (bytes && reply[0] == FAILURE_TAG)
		errx(1, "a call was refused: %.*s", (int)bytes, (const char *)reply);
}

/* Reads what has come; returns how many replies were complete. */
static unsigned take_replies(struct connection *connection, struct load_result *result)
{
	ssize_t part = read(connection->socket, connection->in + connection->in_bytes,
		sizeof(connection->in) - connection->in_bytes);
	unsigned replies = 0;
	size_t at = 0;

	if (part <= 0)
		err(1, "the server hung up");
	connection->in_bytes += (size_t)part;
	while (connection->in_bytes - at >= HEADER_BYTES) {
		uint64_t length;

		memcpy(&length, connection->in + at + 1, sizeof(length));
		length = __builtin_bswap64(length);
		if (length > sizeof(connection->in) - HEADER_BYTES)
			errx(1, "a reply of %llu bytes", (unsigned long long)length);
		if (connection->in_bytes - at < 1 + 8 + length)
			break;
		result->reply_bytes = (size_t)length - 4;
		check_reply(connection->in + at + HEADER_BYTES, result->reply_bytes);
		at += 1 + 8 + (size_t)length;
		replies++;
	}
	connection->in_bytes -= at;
	memmove(connection->in, connection->in + at, connection->in_bytes);
	connection->under_way -= replies;
	result->replies += replies;
	return replies;
}

static void keep_up(struct connection *connections, struct pollfd *polls, unsigned count,
	const struct load *load, struct load_result *result)
{
	int64_t begun_us = clock_monotonic_us(), now_us = begun_us;
	unsigned under_way = load->outstanding;

	for (unsigned i = 0; i < load->outstanding; i++)
		queue_request(&connections[i / LOAD_PER_CONNECTION], load);
	for (unsigned i = 0; i < count; i++)
		flush(&connections[i]);
	while (under_way) {
		if (poll(polls, count, -1) < 0)
			err(1, "waiting for replies");
		for (unsigned i = 0; i < count; i++) {
			unsigned replies;

			if (!polls[i].revents)
				continue;
			replies = take_replies(&connections[i], result);
			now_us = clock_monotonic_us();
			under_way -= replies;
			if (now_us - begun_us >= load->duration_us)
				continue;
			under_way += replies;
			while (replies--)
				queue_request(&connections[i], load);
			flush(&connections[i]);
		}
	}
	result->elapsed_us = now_us - begun_us;
}

struct load_result load_run(const struct load *load)
{
	static struct connection connections[CONNECTIONS_MAX];
	struct pollfd polls[CONNECTIONS_MAX];
	struct load_result result = { 0 };
	unsigned count = (load->outstanding + LOAD_PER_CONNECTION - 1) / LOAD_PER_CONNECTION;

	if (load->request.size > REQUEST_MAX || count > CONNECTIONS_MAX)
		errx(1, "that load is too large");
	for (unsigned i = 0; i < count; i++) {
		open_connection(&connections[i], load->socket_path);
		polls[i] = (struct pollfd){ .fd = connections[i].socket, .events = POLLIN };
	}
	keep_up(connections, polls, count, load, &result);
	for (unsigned i = 0; i < count; i++)
		close(connections[i].socket);
	return result;
}
