/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/tcp_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static bool port_is_valid(const char *port)
{
	size_t length = strspn(port, "0123456789");

	return length > 0 && length <= 5 && port[length] == '\0' && atoi(port) <= UINT16_MAX;
}

/* Splits at the last colon, and takes the brackets off. */
static bool split(const char *address, char *host, size_t host_size, bool *six)
{
	const char *colon = strrchr(address, ':');
	size_t length;

	if (!colon || !port_is_valid(colon + 1))
		return false;
	length = (size_t)(colon - address);
	*six = length >= 2 && address[0] == '[' && colon[-1] == ']';
	if (*six) {
		address++;
		length -= 2;
	}
	if (length >= host_size)
		return false;
	memcpy(host, address, length);
	host[length] = '\0';
	return true;
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;

	if (address->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

struct status tcp_address_read(const char *address, bool anywhere, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	char host[INET6_ADDRSTRLEN];
	bool is_six;

	*out = (struct sockaddr_storage){ 0 };
	if (!split(address, host, sizeof(host), &is_six) ||
		inet_pton(is_six ? AF_INET6 : AF_INET, host,
			is_six ? (void *)&six->sin6_addr : (void *)&four->sin_addr) != 1)
		return status_fail(STATUS_INVALID_ARGUMENT, "ADDRESS_MALFORMED",
			"\"%s\" is no address to listen on: write it like 127.0.0.1:9210 or "
			"[::1]:9210",
			address);
	out->ss_family = is_six ? AF_INET6 : AF_INET;
	four->sin_port =
		htons((uint16_t)atoi(strrchr(address, ':') + 1)); /* at the same place in both */
	if (!is_loopback(out) && !anywhere)
		return status_fail(STATUS_INVALID_ARGUMENT, "ADDRESS_NOT_LOOPBACK",
			"%s is not on this host alone: the protocol is unencrypted, so listening "
			"there has to be allowed explicitly",
			address);
	return OK;
}
