/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "test_server_fixture.h"

TestSuite(server_socket, .timeout = 120, .fini = fixtures_remove);

static const struct server_options standard = { 0 };

static void expect_fails(
	const struct server_options *options, enum status_code code, const char *reason)
{
	struct server *server = NULL;
	struct status status = server_start(options, &server);

	cr_assert_eq(status.code, code);
	cr_assert_str_eq(status.failure->reason, reason);
	cr_assert_null(server);
}

/* A server that would listen on one socket alone. */
static struct server_options local_only(struct fixture *fixture)
{
	struct server_options options = fixture_options(fixture);

	options.tcp_address = NULL;
	return options;
}

static struct server_options tcp_only(struct fixture *fixture, const char *address)
{
	struct server_options options = fixture_options(fixture);

	options.ipc_path = NULL;
	options.tcp_address = address;
	return options;
}

/* A socket at the path that nobody listens on any more. */
static void leave_stale_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	cr_assert_eq(write(fd, "precious", 8), 8);
	close(fd);
}

static void expect_file(const char *path)
{
	char text[16] = { 0 };
	int fd = open(path, O_RDONLY);

	cr_assert_eq(read(fd, text, sizeof(text)), 8);
	cr_assert_str_eq(text, "precious");
	close(fd);
}

static mode_t mode_of(const char *path)
{
	struct stat stat;

	cr_assert_eq(lstat(path, &stat), 0);
	return stat.st_mode;
}

Test(server_socket, everyone_may_connect_unless_told_otherwise)
{
	umask(0077);
	cr_assert_eq(mode_of(fixture_start(HANDLE_ECHO, standard)->path), S_IFSOCK | 0666);
}

Test(server_socket, its_permissions_can_be_chosen)
{
	struct fixture *fixture =
		fixture_start(HANDLE_ECHO, (struct server_options){ .ipc_mode = 0660 });

	cr_assert_eq(mode_of(fixture->path), S_IFSOCK | 0660);
}

Test(server_socket, a_second_server_on_the_same_path_is_refused)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct server_options options = local_only(fixture);
	struct raw raw;

	expect_fails(&options, STATUS_FAILED_PRECONDITION, "SOCKET_IN_USE");
	raw = raw_client(fixture);
	raw_ping(&raw);
}

Test(server_socket, a_regular_file_in_its_place_is_left_alone)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	struct server_options options = local_only(fixture);

	write_file(fixture->path);
	expect_fails(&options, STATUS_FAILED_PRECONDITION, "SOCKET_PATH_TAKEN");
	expect_file(fixture->path);
}

/* nng deletes what it finds where it binds. */
Test(server_socket, a_regular_file_in_the_temporary_place_is_left_alone)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	struct server_options options = local_only(fixture);
	char temporary[128];

	snprintf(temporary, sizeof(temporary), "%s.%d", fixture->path, (int)getpid());
	write_file(temporary);
	expect_fails(&options, STATUS_FAILED_PRECONDITION, "SOCKET_PATH_TAKEN");
	expect_file(temporary);
}

Test(server_socket, a_symbolic_link_in_its_place_is_left_alone)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	struct server_options options = local_only(fixture);
	char target[128];

	snprintf(target, sizeof(target), "%s/target", fixture->directory);
	write_file(target);
	cr_assert_eq(symlink(target, fixture->path), 0);
	expect_fails(&options, STATUS_FAILED_PRECONDITION, "SOCKET_PATH_TAKEN");
	expect_file(target);
}

Test(server_socket, a_stale_socket_is_replaced)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	struct server_options options = local_only(fixture);
	struct raw raw;

	leave_stale_socket(fixture->path);
	cr_assert_eq(server_start(&options, &fixture->server).code, STATUS_OK);
	raw = raw_client(fixture);
	raw_ping(&raw);
}

Test(server_socket, a_directory_that_is_not_there_is_told)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	struct server_options options = local_only(fixture);

	options.ipc_path = "/nonexistent/socket";
	expect_fails(&options, STATUS_UNAVAILABLE, "CANNOT_LISTEN");
}

Test(server_socket, a_path_too_long_for_a_socket_is_malformed)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	struct server_options options = local_only(fixture);
	char path[120] = "/tmp/";

	memset(path + 5, 'x', sizeof(path) - 6);
	options.ipc_path = path;
	expect_fails(&options, STATUS_INVALID_ARGUMENT, "ADDRESS_MALFORMED");
}

Test(server_socket, draining_removes_the_socket)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);

	cr_assert(server_drain(fixture->server, 10000));
	cr_assert_neq(access(fixture->path, F_OK), 0);
}

Test(server_socket, a_newer_daemons_socket_is_not_removed)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);

	cr_assert_eq(unlink(fixture->path), 0);
	leave_stale_socket(fixture->path);
	cr_assert(server_drain(fixture->server, 10000));
	cr_assert_eq(access(fixture->path, F_OK), 0);
}

Test(server_socket, a_start_that_fails_leaves_no_socket)
{
	static struct server *other; /* its threads stay */
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct server_options options = fixture_options(fixture);
	char path[128], address[32];

	snprintf(path, sizeof(path), "%s/other", fixture->directory);
	snprintf(address, sizeof(address), "127.0.0.1:%u", fixture->port);
	options.ipc_path = path;
	options.tcp_address = address;
	expect_fails(&options, STATUS_UNAVAILABLE, "ADDRESS_IN_USE");
	cr_assert_neq(access(path, F_OK), 0);
	options.tcp_address = NULL;
	cr_assert_eq(server_start(&options, &other).code, STATUS_OK);
}

Test(server_socket, tcp_off_loopback_is_refused)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	static const char *const addresses[] = { "0.0.0.0:0", "192.168.1.1:0", "[::]:0",
		"[2001:db8::1]:0" };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct server_options options = tcp_only(fixture, addresses[i]);

		expect_fails(&options, STATUS_INVALID_ARGUMENT, "ADDRESS_NOT_LOOPBACK");
	}
}

Test(server_socket, tcp_off_loopback_is_possible_when_asked_for)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO,
		(struct server_options){ .tcp_address = "0.0.0.0:0", .tcp_anywhere = true });
	struct raw raw = raw_client_tcp(fixture);

	raw_ping(&raw);
}

Test(server_socket, what_is_no_address_and_port_is_malformed)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	static const char *const addresses[] = { "", "127.0.0.1", "127.0.0.1:", ":80",
		"127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "localhost:80", "::1:80",
		"[::1]", "[127.0.0.1]:80", "127.1:80", "127.0.0.1:000080" };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct server_options options = tcp_only(fixture, addresses[i]);

		expect_fails(&options, STATUS_INVALID_ARGUMENT, "ADDRESS_MALFORMED");
	}
}

Test(server_socket, a_port_in_use_is_told)
{
	struct fixture *fixture = fixture_start(HANDLE_ECHO, standard);
	struct server_options options;
	char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%u", fixture->port);
	options = tcp_only(fixture, address);
	expect_fails(&options, STATUS_UNAVAILABLE, "ADDRESS_IN_USE");
}

Test(server_socket, without_tcp_there_is_no_port)
{
	struct fixture *fixture = fixture_new(HANDLE_ECHO);
	struct server_options options = local_only(fixture);

	cr_assert_eq(server_start(&options, &fixture->server).code, STATUS_OK);
	cr_assert_eq(server_tcp_port(fixture->server), 0);
}
