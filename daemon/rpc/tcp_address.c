/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/tcp_address.h"

#include <arpa/inet.h>
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

struct status tcp_address_check(const char *address, bool anywhere)
{
	char host[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	struct in_addr in;
	bool six, loopback;

	if (!split(address, host, sizeof(host), &six) ||
		inet_pton(six ? AF_INET6 : AF_INET, host, six ? (void *)&in6 : (void *)&in) != 1)
		return status_fail(STATUS_INVALID_ARGUMENT, "ADDRESS_MALFORMED",
			"\"%s\" is no address to listen on: write it like 127.0.0.1:9210 or "
			"[::1]:9210",
			address);
	loopback = six ? IN6_IS_ADDR_LOOPBACK(&in6) : ntohl(in.s_addr) >> 24 == IN_LOOPBACKNET;
	if (!loopback && !anywhere)
		return status_fail(STATUS_INVALID_ARGUMENT, "ADDRESS_NOT_LOOPBACK",
			"%s is not on this host alone: the protocol is unencrypted, so listening "
			"there "
			"has to be allowed explicitly",
			address);
	return OK;
}
