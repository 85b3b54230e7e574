/* SPDX-License-Identifier: Apache-2.0 */
#include "test_server_fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <endian.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char test_refusal[TEST_REFUSAL_BYTES + 1] = "refused";

enum { BLOAT_BYTES = 64 * 1024, FIXTURES = 4 };

/* --- the handler --- */

void exchange_echo(struct exchange *exchange)
{
	size_t size = exchange->body.size;
	uint8_t *room = exchange->reserve(exchange, size);

	memcpy(room, exchange->body.data, size);
	exchange->send(exchange, size);
}

static void bloat(struct exchange *exchange)
{
	uint8_t *room = exchange->reserve(exchange, BLOAT_BYTES);

	memset(room, 'x', BLOAT_BYTES);
	exchange->send(exchange, BLOAT_BYTES);
}

static void keep(
	struct fixture *fixture, struct exchange **list, unsigned *count, struct exchange *exchange)
{
	pthread_mutex_lock(&fixture->lock);
	list[(*count)++] = exchange;
	if (++fixture->outstanding > fixture->outstanding_max)
		fixture->outstanding_max = fixture->outstanding;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->lock);
}

static void handle(void *context, struct exchange *exchange)
{
	struct fixture *fixture = context;

	switch ((enum handling)fixture->handling) {
	case HANDLE_ECHO:
		exchange_echo(exchange);
		break;
	case HANDLE_LATER:
		keep(fixture, fixture->later, &fixture->later_count, exchange);
		break;
	case HANDLE_PARK:
		keep(fixture, fixture->parked, &fixture->parked_count, exchange);
		break;
	case HANDLE_BLOAT:
		bloat(exchange);
		break;
	}
}

static struct bytes refusal(void *context)
{
	(void)context;
	return bytes_of(test_refusal, TEST_REFUSAL_BYTES);
}

static void *answer_later(void *argument)
{
	struct fixture *fixture = argument;

	for (;;) {
		struct exchange *exchange;

		pthread_mutex_lock(&fixture->lock);
		while (fixture->later_count == 0)
			pthread_cond_wait(&fixture->changed, &fixture->lock);
		exchange = fixture->later[--fixture->later_count];
		fixture->outstanding--;
		pthread_mutex_unlock(&fixture->lock);
		exchange_echo(exchange);
	}
	return NULL;
}

/* --- the server --- */

static struct fixture fixtures[FIXTURES];
static unsigned fixture_count;

struct fixture *fixture_new(enum handling handling)
{
	struct fixture *fixture = &fixtures[fixture_count++];
	pthread_t thread;

	cr_assert_leq(fixture_count, FIXTURES);
	fixture->handling = handling;
	pthread_mutex_init(&fixture->lock, NULL);
	pthread_cond_init(&fixture->changed, NULL);
	strcpy(fixture->directory, "/tmp/orgd-test-XXXXXX");
	cr_assert(mkdtemp(fixture->directory));
	strcpy(stpcpy(fixture->path, fixture->directory), "/socket");
	if (handling == HANDLE_LATER)
		for (int i = 0; i < 2; i++)
			cr_assert_eq(pthread_create(&thread, NULL, answer_later, fixture), 0);
	return fixture;
}

static void remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while ((entry = readdir(directory)))
		unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	rmdir(path);
}

void fixtures_remove(void)
{
	for (unsigned i = 0; i < fixture_count; i++)
		remove_directory(fixtures[i].directory);
}

struct server_options fixture_options(struct fixture *fixture)
{
	return (struct server_options){
		.ipc_path = fixture->path,
		.tcp_address = "127.0.0.1:0",
		.handle = handle,
		.refusal = refusal,
		.context = fixture,
	};
}

struct fixture *fixture_start(enum handling handling, struct server_options wanted)
{
	struct fixture *fixture = fixture_new(handling);
	struct server_options options = fixture_options(fixture);
	struct status status;

	wanted.ipc_path = options.ipc_path;
	if (!wanted.tcp_address)
		wanted.tcp_address = options.tcp_address;
	wanted.handle = handle;
	wanted.refusal = refusal;
	wanted.context = fixture;
	status = server_start(&wanted, &fixture->server);
	cr_assert_eq(status.code, STATUS_OK, "%s", status.failure ? status.failure->message : "");
	fixture->port = server_tcp_port(fixture->server);
	return fixture;
}

void fixture_wait_parked(struct fixture *fixture, unsigned count)
{
	pthread_mutex_lock(&fixture->lock);
	while (fixture->parked_count < count)
		pthread_cond_wait(&fixture->changed, &fixture->lock);
	pthread_mutex_unlock(&fixture->lock);
}

struct exchange *fixture_unpark(struct fixture *fixture)
{
	struct exchange *exchange;

	fixture_wait_parked(fixture, 1);
	pthread_mutex_lock(&fixture->lock);
	exchange = fixture->parked[0];
	fixture->parked_count--;
	fixture->outstanding--;
	memmove(fixture->parked, fixture->parked + 1,
		fixture->parked_count * sizeof(*fixture->parked));
	pthread_mutex_unlock(&fixture->lock);
	return exchange;
}

void fixture_answer(struct fixture *fixture, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		exchange_echo(fixture_unpark(fixture));
}

struct server_statistics fixture_statistics(struct fixture *fixture)
{
	struct server_statistics statistics;

	server_statistics(fixture->server, &statistics);
	return statistics;
}

void fixture_wait_connections(struct fixture *fixture, uint64_t count)
{
	EVENTUALLY(fixture_statistics(fixture).connections == count);
}

/* --- bare clients --- */

static struct raw raw_connect(int family, bool ipc, const void *address, socklen_t size)
{
	struct raw raw = { .fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), .ipc = ipc };

	cr_assert_geq(raw.fd, 0);
	cr_assert_eq(connect(raw.fd, address, size), 0);
	return raw;
}

struct raw raw_connect_ipc(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return raw_connect(AF_UNIX, true, &address, sizeof(address));
}

struct raw raw_connect_tcp(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return raw_connect(AF_INET, false, &address, sizeof(address));
}

void raw_write_hello(struct raw *raw)
{
	raw_write(raw, "\0SP\0\0\x30\0\0", 8);
}

static void raw_read(struct raw *raw, void *bytes, size_t size)
{
	cr_assert_eq(recv(raw->fd, bytes, size, MSG_WAITALL), (ssize_t)size);
}

void raw_expect_hello(struct raw *raw)
{
	uint8_t hello[8];

	raw_read(raw, hello, sizeof(hello));
	cr_assert_arr_eq(hello, "\0SP\0\0\x31\0\0", sizeof(hello));
}

static struct raw greet(struct raw raw)
{
	raw_write_hello(&raw);
	raw_expect_hello(&raw);
	return raw;
}

struct raw raw_client(struct fixture *fixture)
{
	return greet(raw_connect_ipc(fixture->path));
}

struct raw raw_client_tcp(struct fixture *fixture)
{
	return greet(raw_connect_tcp(fixture->port));
}

void raw_close(struct raw *raw)
{
	close(raw->fd);
}

void raw_write(struct raw *raw, const void *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = send(raw->fd, bytes, size, MSG_NOSIGNAL);

		cr_assert_gt(written, 0);
		bytes = (const uint8_t *)bytes + written;
		size -= (size_t)written;
	}
}

size_t raw_format(struct raw *raw, uint8_t *frame, uint32_t id, const void *body, size_t size)
{
	uint64_t length = htobe64(4 + size);
	uint32_t hop = htobe32(id | 0x80000000);
	uint8_t *at = frame;

	if (raw->ipc)
		*at++ = 1;
	memcpy(at, &length, 8);
	memcpy(at + 8, &hop, 4);
	memcpy(at + 12, body, size);
	return (size_t)(at - frame) + 12 + size;
}

void raw_request(struct raw *raw, uint32_t id, const void *body, size_t size)
{
	uint8_t *frame = malloc(size + 13);

	raw_write(raw, frame, raw_format(raw, frame, id, body, size));
	free(frame);
}

size_t raw_reply(struct raw *raw, uint32_t *id, void *body, size_t size)
{
	uint8_t type;
	uint64_t length;
	uint32_t hop;

	if (raw->ipc) {
		raw_read(raw, &type, 1);
		cr_assert_eq(type, 1);
	}
	raw_read(raw, &length, 8);
	length = be64toh(length);
	cr_assert(length >= 4 && length - 4 <= size);
	raw_read(raw, &hop, 4);
	cr_assert(be32toh(hop) & 0x80000000);
	*id = be32toh(hop) & 0x7fffffff;
	if (length > 4)
		raw_read(raw, body, length - 4);
	return length - 4;
}

void raw_expect_echo(struct raw *raw, uint32_t id, const void *body, size_t size)
{
	uint8_t *reply = malloc(size + 1);
	uint32_t got;

	cr_assert_eq(raw_reply(raw, &got, reply, size + 1), size);
	cr_assert_eq(got, id);
	cr_assert_eq(memcmp(reply, body, size), 0);
	free(reply);
}

void raw_ping(struct raw *raw)
{
	raw_request(raw, 4711, "ping", 4);
	raw_expect_echo(raw, 4711, "ping", 4);
}

void raw_expect_closed(struct raw *raw)
{
	uint8_t bytes[4096];
	ssize_t size;

	do
		size = recv(raw->fd, bytes, sizeof(bytes), 0);
	while (size > 0);
}
