/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	CONNECTIONS_MAX = LOAD_OUTSTANDING_MAX / LOAD_PER_CONNECTION,
	MARK = 1, /* in front of a frame on a local socket */
	LENGTH_BYTES = 8,
	HOP_BYTES = 4,
	HEADER_BYTES_MAX = 1 + LENGTH_BYTES + HOP_BYTES,
	IN_BYTES = 256 * 1024,
	FAILURE_TAG = 1 << 3 | 2, /* Response.status: the first field, absent from a success */
	NS_PER_US = 1000,
};
#define LAST_HOP UINT32_C(0x80000000)

/* A request under way: its hop is its slot's number. */
struct slot {
	int64_t sent_ns;
	enum request_kind kind;
};

struct connection {
	int socket;
	size_t mark_bytes; /* 1 on a local socket, 0 on TCP */
	size_t in_bytes, out_bytes;
	uint8_t *in, *out;
	struct slot slots[LOAD_PER_CONNECTION];
	unsigned free[LOAD_PER_CONNECTION], free_count; /* slots */
};

/* What the connections of one load share. */
struct run {
	const struct load *load;
	struct load_result *result;
	size_t next; /* request */
	uint64_t under_way;
	int64_t now_ns, end_ns;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int connect_local(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	if (made < 0 || connect(made, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	return made;
}

static int connect_tcp(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (made < 0 || setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
		connect(made, (struct sockaddr *)&address, sizeof(address)))
		err(1, "tcp port %u", (unsigned)port);
	return made;
}

int load_connect(const struct target *target)
{
	static const uint8_t ours[] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
	static const uint8_t theirs[] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };
	int made = target->port ? connect_tcp(target->port) : connect_local(target->path);
	uint8_t hello[sizeof(theirs)];

	if (write(made, ours, sizeof(ours)) != sizeof(ours) ||
		recv(made, hello, sizeof(hello), MSG_WAITALL) != sizeof(hello) ||
		memcmp(hello, theirs, sizeof(hello)))
		errx(1, "no server of ours answers");
	return made;
}

static void send_all(int socket, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t part = send(socket, data, size, MSG_NOSIGNAL);

		if (part < 0)
			err(1, "sending a request");
		data += part;
		size -= (size_t)part;
	}
}

/* Writes what stands in front of a body; returns its size. */
static size_t write_header(uint8_t *frame, size_t mark_bytes, size_t body_bytes, uint32_t hop)
{
	uint64_t length = __builtin_bswap64(HOP_BYTES + body_bytes);
	uint32_t big = __builtin_bswap32(LAST_HOP | hop);

	frame[0] = MARK;
	memcpy(frame + mark_bytes, &length, sizeof(length));
	memcpy(frame + mark_bytes + LENGTH_BYTES, &big, sizeof(big));
	return mark_bytes + LENGTH_BYTES + HOP_BYTES;
}

static bool exhausted(const struct run *run)
{
	return run->now_ns >= run->end_ns ||
	       (run->load->once && run->next == run->load->request_count);
}

static void queue_request(struct run *run, struct connection *connection)
{
	const struct request *request =
		&run->load->requests[run->next++ % run->load->request_count];
	unsigned slot = connection->free[--connection->free_count];
	uint8_t *frame = connection->out + connection->out_bytes;
	size_t header = write_header(frame, connection->mark_bytes, request->size, slot);

	memcpy(frame + header, request->data, request->size);
	connection->out_bytes += header + request->size;
	connection->slots[slot] = (struct slot){ run->now_ns, request->kind };
	run->under_way++;
}

static void flush(struct connection *connection)
{
	send_all(connection->socket, connection->out, connection->out_bytes);
	connection->out_bytes = 0;
}

static void take_reply(
	struct run *run, struct connection *connection, const uint8_t *body, size_t bytes)
{
	struct slot *slot;
	uint32_t hop;

	memcpy(&hop, body, sizeof(hop));
	hop = __builtin_bswap32(hop) & ~LAST_HOP;
	body += HOP_BYTES;
	bytes -= HOP_BYTES;
	if (hop >= LOAD_PER_CONNECTION)
		errx(1, "a reply to nothing that was asked");
	if (bytes && body[0] == FAILURE_TAG)
		errx(1, "a call was refused: %.*s", (int)bytes, (const char *)body);
	slot = &connection->slots[hop];
	histogram_add(&run->result->latency[slot->kind], run->now_ns - slot->sent_ns);
	run->result->of_kind[slot->kind]++;
	run->result->replies++;
	run->result->reply_bytes = bytes;
	connection->free[connection->free_count++] = hop;
	run->under_way--;
}

/* Reads what has come. */
static void take_replies(struct run *run, struct connection *connection)
{
	size_t front = connection->mark_bytes + LENGTH_BYTES, at = 0;
	ssize_t part = read(connection->socket, connection->in + connection->in_bytes,
		IN_BYTES - connection->in_bytes);

	if (part <= 0)
		err(1, "the server hung up");
	run->now_ns = now_ns();
	connection->in_bytes += (size_t)part;
	while (connection->in_bytes - at >= front) {
		const uint8_t *frame = connection->in + at;
		uint64_t length;

		memcpy(&length, frame + connection->mark_bytes, sizeof(length));
		length = __builtin_bswap64(length);
		if (length < HOP_BYTES || length > IN_BYTES - front)
			errx(1, "a reply of %llu bytes", (unsigned long long)length);
		if (connection->in_bytes - at < front + length)
			break;
		take_reply(run, connection, frame + front, (size_t)length);
		at += front + (size_t)length;
	}
	connection->in_bytes -= at;
	memmove(connection->in, connection->in + at, connection->in_bytes);
}

static void open_connection(struct connection *connection, const struct load *load, unsigned slots)
{
	size_t bytes = 0;

	for (size_t i = 0; i < load->request_count; i++)
		if (load->requests[i].size > bytes)
			bytes = load->requests[i].size;
	connection->socket = load_connect(&load->target);
	connection->mark_bytes = load->target.port ? 0 : 1;
	connection->in = malloc(IN_BYTES);
	connection->out = malloc(slots * (HEADER_BYTES_MAX + bytes));
	if (!connection->in || !connection->out)
		err(1, "a connection's room");
	for (unsigned i = 0; i < slots; i++)
		connection->free[connection->free_count++] = i;
}

static void close_connection(struct connection *connection)
{
	close(connection->socket);
	free(connection->in);
	free(connection->out);
}

static void refill(struct run *run, struct connection *connection)
{
	while (connection->free_count && !exhausted(run))
		queue_request(run, connection);
	flush(connection);
}

static void keep_up(struct run *run, struct connection *connections, unsigned count)
{
	struct pollfd polls[CONNECTIONS_MAX];
	int64_t begun_ns = now_ns();

	run->now_ns = begun_ns;
	run->end_ns = begun_ns + run->load->duration_us * NS_PER_US;
	for (unsigned i = 0; i < count; i++) {
		polls[i] = (struct pollfd){ .fd = connections[i].socket, .events = POLLIN };
		refill(run, &connections[i]);
	}
	while (run->under_way) {
		if (poll(polls, count, -1) < 0)
			err(1, "waiting for replies");
		for (unsigned i = 0; i < count; i++) {
			if (!polls[i].revents)
				continue;
			take_replies(run, &connections[i]);
			refill(run, &connections[i]);
		}
	}
	run->result->elapsed_us = (run->now_ns - begun_ns) / NS_PER_US;
}

void load_run(const struct load *load, struct load_result *result)
{
	struct connection connections[CONNECTIONS_MAX] = { 0 };
	struct run run = { .load = load, .result = result };
	unsigned count = (load->outstanding + LOAD_PER_CONNECTION - 1) / LOAD_PER_CONNECTION;

	memset(result, 0, sizeof(*result));
	if (!count || count > CONNECTIONS_MAX || !load->request_count)
		errx(1, "no such load can be made");
	for (unsigned i = 0; i < count; i++)
		open_connection(&connections[i], load,
			load->outstanding / count + (i < load->outstanding % count));
	keep_up(&run, connections, count);
	for (unsigned i = 0; i < count; i++)
		close_connection(&connections[i]);
}

void load_merge(struct load_result *into, const struct load_result *result, enum load_order order)
{
	into->replies += result->replies;
	if (order == LOAD_IN_TURN)
		into->elapsed_us += result->elapsed_us;
	else if (result->elapsed_us > into->elapsed_us)
		into->elapsed_us = result->elapsed_us;
	into->reply_bytes = result->reply_bytes;
	for (int kind = 0; kind < REQUEST_KINDS; kind++) {
		into->of_kind[kind] += result->of_kind[kind];
		histogram_merge(&into->latency[kind], &result->latency[kind]);
	}
}

double load_per_second(const struct load_result *result)
{
	return (double)result->replies * US_PER_SECOND / (double)result->elapsed_us;
}

struct bytes load_exchange(int connection, const struct target *target, struct bytes request,
	uint8_t *room, size_t room_bytes)
{
	size_t mark_bytes = target->port ? 0 : 1, size;
	uint8_t header[HEADER_BYTES_MAX];
	uint64_t length;

	size = write_header(header, mark_bytes, request.size, 0);
	send_all(connection, header, size);
	send_all(connection, request.data, request.size);
	if (recv(connection, header, size, MSG_WAITALL) != (ssize_t)size)
		errx(1, "the server hung up");
	memcpy(&length, header + mark_bytes, sizeof(length));
	length = __builtin_bswap64(length) - HOP_BYTES;
	if (length > room_bytes || recv(connection, room, length, MSG_WAITALL) != (ssize_t)length)
		errx(1, "a reply of %llu bytes", (unsigned long long)length);
	return bytes_of(room, length);
}
