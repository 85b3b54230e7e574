/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	HELLO_BYTES = 8,
	MARK = 1, /* in front of a frame on a local socket */
	LENGTH_BYTES = 8,
	REPLY_BYTES_MAX = 1024 * 1024 + 64 * 1024, /* what orgd answers is below 1 MiB */
	READ_BYTES = 16 * 1024,
	RETRY_MS_MIN = 20, /* doubled each time */
	RETRY_DOUBLINGS_MAX = 4,
	GREETING_MS_MAX = 3000,
	PORT_MAX = 65535,
};

static const uint8_t hello[HELLO_BYTES] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
static const uint8_t hello_back[HELLO_BYTES] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };
static const char ipc[] = "ipc://", tcp[] = "tcp://", silent[] = "it does not answer";

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- buffers --- */

/* Makes room for `more` bytes behind the end. */
static bool buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t held = buffer->end - buffer->begin, size = buffer->size ? buffer->size : READ_BYTES;
	uint8_t *data;

	if (buffer->size - buffer->end >= more)
		return true;
	if (held > 0)
		memmove(buffer->data, buffer->data + buffer->begin, held);
	buffer->begin = 0;
	buffer->end = held;
	while (size - held < more)
		size *= 2;
	if (size == buffer->size)
		return true;
	data = realloc(buffer->data, size);
	if (!data)
		return false;
	buffer->data = data;
	buffer->size = size;
	return true;
}

static void buffer_drop(struct buffer *buffer, size_t bytes)
{
	buffer->begin += bytes;
	if (buffer->begin == buffer->end)
		buffer->begin = buffer->end = 0;
}

static void buffer_grow(struct buffer *buffer, size_t bytes)
{
	buffer->end += bytes;
	if (buffer->touched < buffer->end)
		buffer->touched = buffer->end;
}

/* Credentials and secrets went through it. */
static void buffer_clear(struct buffer *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->touched);
	free(buffer->data);
	*buffer = (struct buffer){ 0 };
}

/* --- addresses --- */

static bool is_local(const struct connection *connection)
{
	return strncmp(connection->url, ipc, strlen(ipc)) == 0;
}

/* "[::1]:7701" into its two halves; false when it is none. */
static bool split_port(const char *address, char host[NI_MAXHOST], char port[NI_MAXSERV])
{
	const char *colon = strrchr(address, ':');
	size_t length = colon ? (size_t)(colon - address) : 0;
	long number;
	char *end;

	if (length > 2 && address[0] == '[' && colon[-1] == ']') {
		address++;
		length -= 2;
	} else if (memchr(address, ':', length)) {
		return false;
	}
	if (length == 0 || length >= NI_MAXHOST || strlen(colon + 1) >= NI_MAXSERV)
		return false;
	memcpy(host, address, length);
	host[length] = '\0';
	strcpy(port, colon + 1);
	number = strtol(port, &end, 10);
	return port[0] >= '0' && port[0] <= '9' && *end == '\0' && number > 0 && number <= PORT_MAX;
}

bool connection_init(struct connection *connection, const char *url)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	*connection = (struct connection){ .url = url, .fd = -1, .problem = silent };
	if (is_local(connection))
		return url[strlen(ipc)] != '\0';
	return strncmp(url, tcp, strlen(tcp)) == 0 && split_port(url + strlen(tcp), host, port);
}

/* --- to connect --- */

void connection_lose(struct connection *connection, const char *problem)
{
	unsigned doublings = connection->failures;
	int64_t pause_ms;

	if (doublings > RETRY_DOUBLINGS_MAX)
		doublings = RETRY_DOUBLINGS_MAX;
	pause_ms = RETRY_MS_MIN << doublings;
	/* What has answered comes back at once, when the daemon was only started anew. */
	if (connection->state == CONNECTION_READY && connection->failures == 0)
		pause_ms = 0;
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	connection->state = CONNECTION_AWAY;
	connection->is_broken = connection->is_mute = false;
	connection->in.begin = connection->in.end = 0;
	connection->out.begin = connection->out.end = 0;
	connection->problem = problem;
	connection->failures++;
	connection->retry_ms = clock_ms() + pause_ms;
}

void connection_clear(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	buffer_clear(&connection->in);
	buffer_clear(&connection->out);
}

/* The socket takes so little at once when it is new. */
static void greet(struct connection *connection)
{
	connection->state = CONNECTION_GREETS;
	if (send(connection->fd, hello, HELLO_BYTES, MSG_NOSIGNAL) != HELLO_BYTES)
		connection->is_broken = true;
}

static void dial(struct connection *connection, const struct sockaddr *address, socklen_t size)
{
	int one = 1;

	connection->greeted_ms = clock_ms() + GREETING_MS_MAX;
	connection->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connection->fd >= 0 && address->sa_family != AF_UNIX)
		setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connection->fd >= 0 && connect(connection->fd, address, size) == 0)
		greet(connection);
	else if (connection->fd >= 0 && errno == EINPROGRESS)
		connection->state = CONNECTION_DIALS;
	else
		connection_lose(connection, strerrordesc_np(errno));
}

static void dial_local(struct connection *connection)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = connection->url + strlen(ipc);

	if (strlen(path) >= sizeof(address.sun_path)) {
		connection_lose(connection, "the path is too long for a socket");
		return;
	}
	strcpy(address.sun_path, path);
	dial(connection, (const struct sockaddr *)&address, sizeof(address));
}

/* A host with several addresses is tried at one after another. */
static void dial_tcp(struct connection *connection)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char host[NI_MAXHOST], port[NI_MAXSERV];
	struct addrinfo *addresses, *address;
	unsigned count = 0;
	int error;

	split_port(connection->url + strlen(tcp), host, port);
	error = getaddrinfo(host, port, &hints, &addresses);
	if (error != 0) {
		connection_lose(connection, gai_strerror(error));
		return;
	}
	for (address = addresses; address; address = address->ai_next)
		count++;
	address = addresses;
	for (unsigned i = connection->failures % count; i > 0; i--)
		address = address->ai_next;
	dial(connection, address->ai_addr, address->ai_addrlen);
	freeaddrinfo(addresses);
}

static void finish_dialling(struct connection *connection)
{
	struct pollfd poll_ = { .fd = connection->fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (poll(&poll_, 1, 0) <= 0)
		return;
	getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0)
		connection_lose(connection, strerrordesc_np(error));
	else
		greet(connection);
}

const char *connection_problem(const struct connection *connection)
{
	return connection->state == CONNECTION_AWAY ? connection->problem : silent;
}

/* --- to read --- */

short connection_events(const struct connection *connection)
{
	if (connection->state == CONNECTION_DIALS)
		return POLLOUT;
	return connection_unsent(connection) > 0 ? POLLIN | POLLOUT : POLLIN;
}

/* Where the frame's body ends, as far as is known, counted from its beginning. */
static size_t frame_bytes(struct connection *connection)
{
	size_t mark_bytes = is_local(connection) ? 1 : 0, head = mark_bytes + LENGTH_BYTES;
	const uint8_t *frame = connection->in.data + connection->in.begin;
	uint64_t length;

	if (connection->in.end - connection->in.begin < head)
		return head;
	memcpy(&length, frame + mark_bytes, sizeof(length));
	length = be64toh(length);
	if ((mark_bytes && frame[0] != MARK) || length < CONNECTION_ID_BYTES ||
		length > REPLY_BYTES_MAX) {
		connection->is_broken = true;
		return head;
	}
	return head + length;
}

static bool is_complete(struct connection *connection, size_t bytes)
{
	return !connection->is_broken && connection->in.end - connection->in.begin >= bytes;
}

static void read_greeting(struct connection *connection)
{
	if (!is_complete(connection, HELLO_BYTES))
		return;
	if (memcmp(connection->in.data + connection->in.begin, hello_back, HELLO_BYTES) != 0) {
		connection_lose(connection, "what listens there is not orgd");
		return;
	}
	buffer_drop(&connection->in, HELLO_BYTES);
	connection->state = CONNECTION_READY;
}

/* Reads what has come, at least as much as is missing of a frame if it is there. False when that
 * was nothing. */
static bool read_more(struct connection *connection)
{
	size_t held = connection->in.end - connection->in.begin, wanted = READ_BYTES;
	ssize_t count;

	if (connection->state == CONNECTION_READY && held > 0 &&
		frame_bytes(connection) > held + wanted)
		wanted = frame_bytes(connection) - held;
	if (!buffer_reserve(&connection->in, wanted)) {
		connection_lose(connection, "out of memory");
		return false;
	}
	count = recv(connection->fd, connection->in.data + connection->in.end,
		connection->in.size - connection->in.end, MSG_DONTWAIT);
	if (count > 0)
		buffer_grow(&connection->in, (size_t)count);
	else if (count == 0 || (errno == EAGAIN && connection->is_mute))
		connection_lose(connection, silent);
	else if (errno != EAGAIN && errno != EINTR)
		connection_lose(connection, strerrordesc_np(errno));
	return count > 0;
}

bool connection_advance(struct connection *connection)
{
	bool has_read = false;

	if (connection->is_broken)
		connection_lose(connection, silent);
	if (connection->state == CONNECTION_DIALS)
		finish_dialling(connection);
	if (connection->state == CONNECTION_GREETS || connection->state == CONNECTION_READY)
		has_read = read_more(connection);
	if (connection->state == CONNECTION_GREETS)
		read_greeting(connection);
	return has_read;
}

static bool is_overdue(const struct connection *connection)
{
	return (connection->state == CONNECTION_DIALS || connection->state == CONNECTION_GREETS) &&
	       clock_ms() >= connection->greeted_ms;
}

void connection_dial(struct connection *connection)
{
	/* It may only be that nobody has looked for so long. */
	if (is_overdue(connection))
		connection_advance(connection);
	if (is_overdue(connection))
		connection_lose(connection, silent);
	if (connection->state != CONNECTION_AWAY || clock_ms() < connection->retry_ms)
		return;
	if (is_local(connection))
		dial_local(connection);
	else
		dial_tcp(connection);
}

bool connection_take(
	struct connection *connection, uint32_t *id, const uint8_t **body, size_t *size)
{
	size_t head = (is_local(connection) ? 1 : 0) + LENGTH_BYTES, bytes;
	const uint8_t *frame = connection->in.data + connection->in.begin;

	if (connection->state != CONNECTION_READY)
		return false;
	bytes = frame_bytes(connection);
	if (bytes == head || !is_complete(connection, bytes))
		return false;
	memcpy(id, frame + head, CONNECTION_ID_BYTES);
	*id = be32toh(*id);
	*body = frame + head + CONNECTION_ID_BYTES;
	*size = bytes - head - CONNECTION_ID_BYTES;
	buffer_drop(&connection->in, bytes);
	connection->failures = 0;
	return true;
}

/* --- to write --- */

uint8_t *connection_put(struct connection *connection, uint32_t id, size_t size)
{
	struct buffer *out = &connection->out;
	size_t mark_bytes = is_local(connection) ? 1 : 0;
	size_t head = mark_bytes + LENGTH_BYTES + CONNECTION_ID_BYTES;
	uint64_t length = htobe64(CONNECTION_ID_BYTES + size);
	uint8_t *frame;

	if (!buffer_reserve(out, head + size))
		return NULL;
	frame = out->data + out->end;
	frame[0] = MARK;
	memcpy(frame + mark_bytes, &length, LENGTH_BYTES);
	id = htobe32(id);
	memcpy(frame + mark_bytes + LENGTH_BYTES, &id, CONNECTION_ID_BYTES);
	buffer_grow(out, head + size);
	return frame + head;
}

void connection_flush(struct connection *connection)
{
	struct buffer *out = &connection->out;

	while (connection->state == CONNECTION_READY && !connection->is_broken &&
		out->end > out->begin) {
		ssize_t count = send(connection->fd, out->data + out->begin, out->end - out->begin,
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count < 0 && errno == EAGAIN)
			return;
		if (count > 0) {
			buffer_drop(out, (size_t)count);
		} else if (count < 0 && errno != EINTR) {
			connection->is_mute = true;
			buffer_drop(out, out->end - out->begin);
		}
	}
}

size_t connection_unsent(const struct connection *connection)
{
	return connection->out.end - connection->out.begin;
}
