/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

enum { IPV4_BYTES = 4, IPV6_BYTES = 16 };

struct block {
	const char *prefix;
	unsigned bits;
	const char *rule;
	bool is_private; /* passes where private networks are allowed */
};

/* Of the IANA IPv4 Special-Purpose Address Registry, what is not globally reachable; of the
 * protocol assignments all, since no receiver lives there. Multicast and class E have registries of
 * their own. */
static const struct block ipv4_blocks[] = {
	{ "0.0.0.0", 8, "this network (RFC 791)", false },
	{ "10.0.0.0", 8, "private use (RFC 1918)", true },
	{ "100.64.0.0", 10, "shared address space (RFC 6598)", true },
	{ "127.0.0.0", 8, "loopback (RFC 1122)", true },
	{ "169.254.0.0", 16, "link-local (RFC 3927)", false },
	{ "172.16.0.0", 12, "private use (RFC 1918)", true },
	{ "192.0.0.0", 24, "an IETF protocol assignment (RFC 6890)", false },
	{ "192.0.2.0", 24, "documentation (RFC 5737)", false },
	{ "192.88.99.0", 24, "6to4 relay anycast (RFC 7526)", false },
	{ "192.168.0.0", 16, "private use (RFC 1918)", true },
	{ "198.18.0.0", 15, "benchmarking (RFC 2544)", false },
	{ "198.51.100.0", 24, "documentation (RFC 5737)", false },
	{ "203.0.113.0", 24, "documentation (RFC 5737)", false },
	{ "224.0.0.0", 4, "multicast (RFC 1112)", false },
	{ "255.255.255.255", 32, "limited broadcast (RFC 919)", false },
	{ "240.0.0.0", 4, "reserved (RFC 1112)", false },
};

/* Of the IANA IPv6 Special-Purpose Address Registry, likewise. What is not in 2000::/3 is refused
 * anyhow, and stands here to be called by its name. The first that holds counts. */
static const struct block ipv6_blocks[] = {
	{ "::", 128, "the unspecified address (RFC 4291)", false },
	{ "::1", 128, "loopback (RFC 4291)", true },
	{ "64:ff9b:1::", 48, "local-use NAT64 (RFC 8215)", false },
	{ "100::", 64, "discard-only (RFC 6666)", false },
	{ "2001::", 32, "Teredo (RFC 4380)", false },
	{ "2001::", 23, "an IETF protocol assignment (RFC 2928)", false },
	{ "2001:db8::", 32, "documentation (RFC 3849)", false },
	{ "2002::", 16, "6to4 (RFC 3056)", false },
	{ "3fff::", 20, "documentation (RFC 9637)", false },
	{ "fc00::", 7, "unique local (RFC 4193)", true },
	{ "fe80::", 10, "link-local (RFC 4291)", false },
	{ "ff00::", 8, "multicast (RFC 4291)", false },
};

static bool holds(int family, const char *prefix, unsigned bits, const uint8_t *address)
{
	unsigned whole = bits / 8, rest = bits % 8;
	uint8_t bytes[IPV6_BYTES];
	int parsed = inet_pton(family, prefix, bytes);

	assert(parsed == 1);
	return !memcmp(address, bytes, whole) &&
	       (!rest || !((address[whole] ^ bytes[whole]) >> (8 - rest)));
}

static const char *ipv4_refusal(const uint8_t *address, bool allow_private)
{
	for (size_t i = 0; i < COUNT_OF(ipv4_blocks); i++) {
		const struct block *block = &ipv4_blocks[i];

		if (holds(AF_INET, block->prefix, block->bits, address))
			return allow_private && block->is_private ? NULL : block->rule;
	}
	return NULL;
}

static const char *ipv6_refusal(const uint8_t *address, bool allow_private)
{
	if (holds(AF_INET6, "::ffff:0:0", 96, address) || holds(AF_INET6, "64:ff9b::", 96, address))
		return ipv4_refusal(address + IPV6_BYTES - IPV4_BYTES, allow_private);
	for (size_t i = 0; i < COUNT_OF(ipv6_blocks); i++) {
		const struct block *block = &ipv6_blocks[i];

		if (holds(AF_INET6, block->prefix, block->bits, address))
			return allow_private && block->is_private ? NULL : block->rule;
	}
	return holds(AF_INET6, "2000::", 3, address) ? NULL : "no global unicast (RFC 4291)";
}

const char *address_refusal(const struct sockaddr *address, bool allow_private)
{
	struct sockaddr_in6 ipv6;
	struct sockaddr_in ipv4;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&ipv4, address, sizeof(ipv4));
		return ipv4_refusal((const uint8_t *)&ipv4.sin_addr, allow_private);
	case AF_INET6:
		memcpy(&ipv6, address, sizeof(ipv6));
		return ipv6_refusal((const uint8_t *)&ipv6.sin6_addr, allow_private);
	default:
		return "neither IPv4 nor IPv6";
	}
}
