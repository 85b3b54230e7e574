/* SPDX-License-Identifier: Apache-2.0 */
#include "activation.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "base/compiler.h"
#include "rpc/tcp_address.h"

static const char name_wanted[] = "orgd";

/* "a path", "127.0.0.1:80" or "[::1]:80". */
static const char *describe(int fd, char text[sizeof(struct sockaddr_un)])
{
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} address = { 0 };
	socklen_t size = sizeof(address);
	bool six;
	char host[INET6_ADDRSTRLEN] = "";

	snprintf(text, sizeof(struct sockaddr_un), "an unknown place");
	if (getsockname(fd, &address.any, &size))
		return text;
	if (address.any.sa_family == AF_UNIX)
		return strcpy(text,
			*address.local.sun_path ? address.local.sun_path : "an abstract address");
	six = address.any.sa_family == AF_INET6;
	inet_ntop(address.any.sa_family,
		six ? (void *)&address.six.sin6_addr : (void *)&address.four.sin_addr, host,
		sizeof(host));
	snprintf(text, sizeof(struct sockaddr_un), "%s%s%s:%u", six ? "[" : "", host,
		six ? "]" : "", (unsigned)ntohs(address.four.sin_port)); /* at the same place */
	return text;
}

MUST_USE static struct status elsewhere(int fd, const char *option, const char *wanted)
{
	char at[sizeof(struct sockaddr_un)];

	if (!*wanted)
		return status_fail(STATUS_FAILED_PRECONDITION, "SOCKET_ADDRESS",
			"systemd passes a socket at %s, but listen { %s } is empty: set it, or "
			"take "
			"the line out of orgd.socket",
			describe(fd, at), option);
	return status_fail(STATUS_FAILED_PRECONDITION, "SOCKET_ADDRESS",
		"systemd passes a socket at %s, but listen { %s } is %s: make the two the same",
		describe(fd, at), option, wanted);
}

MUST_USE static struct status take_local(const struct config *config, int fd, int *taken)
{
	if (!*config->ipc_path || sd_is_socket_unix(fd, SOCK_STREAM, 1, config->ipc_path, 0) <= 0)
		return elsewhere(fd, "ipc", config->ipc_path);
	*taken = fd;
	return OK;
}

MUST_USE static struct status take_tcp(const struct config *config, int fd, int *taken)
{
	struct sockaddr_storage address;
	unsigned size;

	if (!*config->tcp_address)
		return elsewhere(fd, "tcp", "");
	TRY(tcp_address_read(config->tcp_address, config->tcp_anywhere, &address));
	size = address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					     : sizeof(struct sockaddr_in);
	if (sd_is_socket_sockaddr(fd, SOCK_STREAM, (struct sockaddr *)&address, size, 1) <= 0)
		return elsewhere(fd, "tcp", config->tcp_address);
	*taken = fd;
	return OK;
}

MUST_USE static struct status take(
	const struct config *config, int fd, const char *name, struct activation *activation)
{
	bool local = sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0;
	bool tcp = sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0;
	char at[sizeof(struct sockaddr_un)];

	if (strcmp(name, name_wanted) != 0)
		return status_fail(STATUS_FAILED_PRECONDITION, "SOCKET_NAME",
			"systemd passes a descriptor by the name \"%s\": only "
			"FileDescriptorName=%s "
			"is known",
			name, name_wanted);
	if (!local && !tcp)
		return status_fail(STATUS_FAILED_PRECONDITION, "SOCKET_KIND",
			"descriptor %d from systemd is no listening stream socket: orgd.socket "
			"needs ListenStream= and Accept=no",
			fd);
	if (local ? activation->ipc : activation->tcp)
		return status_fail(STATUS_FAILED_PRECONDITION, "SOCKET_ADDRESS",
			"systemd passes a second %s socket, at %s: there is one of a kind",
			local ? "local" : "TCP", describe(fd, at));
	return local ? take_local(config, fd, &activation->ipc)
		     : take_tcp(config, fd, &activation->tcp);
}

static void free_names(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free(*names);
}

struct status activation_take(const struct config *config, struct activation *activation)
{
	CLEANUP(free_names) char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	*activation = (struct activation){ 0 };
	if (count < 0)
		return status_fail(STATUS_FAILED_PRECONDITION, "SOCKET_KIND",
			"LISTEN_FDS and LISTEN_FDNAMES do not say which sockets are passed: %s",
			strerror(-count));
	for (int i = 0; i < count; i++)
		TRY(take(config, SD_LISTEN_FDS_START + i, names[i], activation));
	return OK;
}
