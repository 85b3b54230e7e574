/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "base/compiler.h"
#include "courier/address.h"

/* The registries, as of 2026: iana.org/assignments/iana-ipv4-special-registry,
 * iana-ipv6-special-registry, multicast-addresses. */

enum { OPEN, SITE, SHUT }; /* always; where private networks are allowed; never */

struct sample {
	const char *address;
	int door;
	const char *rule; /* a part of it */
};

static const struct sample samples[] = {
	{ "1.1.1.1", OPEN, NULL },
	{ "8.8.8.8", OPEN, NULL },
	{ "93.184.216.34", OPEN, NULL },

	{ "0.0.0.0", SHUT, "RFC 791" },
	{ "0.255.255.255", SHUT, "RFC 791" },
	{ "1.0.0.0", OPEN, NULL },
	{ "9.255.255.255", OPEN, NULL },
	{ "10.0.0.0", SITE, "RFC 1918" },
	{ "10.255.255.255", SITE, "RFC 1918" },
	{ "11.0.0.0", OPEN, NULL },
	{ "100.63.255.255", OPEN, NULL },
	{ "100.64.0.0", SITE, "RFC 6598" },
	{ "100.127.255.255", SITE, "RFC 6598" },
	{ "100.128.0.0", OPEN, NULL },
	{ "126.255.255.255", OPEN, NULL },
	{ "127.0.0.1", SITE, "loopback" },
	{ "127.255.255.255", SITE, "loopback" },
	{ "128.0.0.0", OPEN, NULL },
	{ "169.253.255.255", OPEN, NULL },
	{ "169.254.0.0", SHUT, "link-local" },
	{ "169.254.169.254", SHUT, "link-local" }, /* clouds' metadata */
	{ "169.254.255.255", SHUT, "link-local" },
	{ "169.255.0.0", OPEN, NULL },
	{ "172.15.255.255", OPEN, NULL },
	{ "172.16.0.0", SITE, "RFC 1918" },
	{ "172.31.255.255", SITE, "RFC 1918" },
	{ "172.32.0.0", OPEN, NULL },
	{ "191.255.255.255", OPEN, NULL },
	{ "192.0.0.0", SHUT, "RFC 6890" },
	{ "192.0.0.8", SHUT, "RFC 6890" },   /* dummy address, RFC 7600 */
	{ "192.0.0.170", SHUT, "RFC 6890" }, /* NAT64 discovery, RFC 7050 */
	{ "192.0.1.0", OPEN, NULL },
	{ "192.0.2.1", SHUT, "documentation" },
	{ "192.0.3.0", OPEN, NULL },
	{ "192.88.99.1", SHUT, "6to4" },
	{ "192.167.255.255", OPEN, NULL },
	{ "192.168.0.1", SITE, "RFC 1918" },
	{ "192.168.255.255", SITE, "RFC 1918" },
	{ "192.169.0.0", OPEN, NULL },
	{ "198.17.255.255", OPEN, NULL },
	{ "198.18.0.0", SHUT, "benchmarking" },
	{ "198.19.255.255", SHUT, "benchmarking" },
	{ "198.20.0.0", OPEN, NULL },
	{ "198.51.100.1", SHUT, "documentation" },
	{ "203.0.113.1", SHUT, "documentation" },
	{ "203.0.114.0", OPEN, NULL },
	{ "223.255.255.255", OPEN, NULL },
	{ "224.0.0.1", SHUT, "multicast" },
	{ "239.255.255.255", SHUT, "multicast" },
	{ "240.0.0.1", SHUT, "reserved" },
	{ "255.255.255.254", SHUT, "reserved" },
	{ "255.255.255.255", SHUT, "broadcast" },

	{ "2606:4700:4700::1111", OPEN, NULL },
	{ "2a00:1450:4001:81b::200e", OPEN, NULL },
	{ "2620:4f:8000::1", OPEN, NULL }, /* AS112, globally reachable by RFC 7534 */

	{ "::", SHUT, "unspecified" },
	{ "::1", SITE, "loopback" },
	{ "::2", SHUT, "no global unicast" },
	{ "::127.0.0.1", SHUT, "no global unicast" },        /* IPv4-compatible, RFC 4291 */
	{ "::ffff:0:127.0.0.1", SHUT, "no global unicast" }, /* IPv4-translated, RFC 7915 */
	{ "64:ff9b:1::1", SHUT, "RFC 8215" },
	{ "100::1", SHUT, "discard-only" },
	{ "1fff:ffff::1", SHUT, "no global unicast" },
	{ "2001::1", SHUT, "Teredo" },
	{ "2001:0:4136:e378:8000:63bf:3fff:fdd2", SHUT, "Teredo" },
	{ "2001:1::1", SHUT, "RFC 2928" },
	{ "2001:2::1", SHUT, "RFC 2928" },  /* benchmarking, RFC 5180 */
	{ "2001:10::1", SHUT, "RFC 2928" }, /* ORCHID, RFC 4843 */
	{ "2001:1ff:ffff::1", SHUT, "RFC 2928" },
	{ "2001:200::1", OPEN, NULL },
	{ "2001:db8::1", SHUT, "documentation" },
	{ "2001:db9::1", OPEN, NULL },
	{ "2002:7f00:1::", SHUT, "6to4" }, /* 127.0.0.1 */
	{ "2002:808:808::", SHUT, "6to4" },
	{ "2003::1", OPEN, NULL },
	{ "3ffe:ffff::1", OPEN, NULL },
	{ "3fff::1", SHUT, "documentation" },
	{ "3fff:1000::1", OPEN, NULL },
	{ "4000::1", SHUT, "no global unicast" },
	{ "5f00::1", SHUT, "no global unicast" }, /* SRv6 SIDs, RFC 9602 */
	{ "fbff::1", SHUT, "no global unicast" },
	{ "fc00::1", SITE, "unique local" },
	{ "fd00:ec2::254", SITE, "unique local" },
	{ "fe80::1", SHUT, "link-local" },
	{ "febf::1", SHUT, "link-local" },
	{ "fec0::1", SHUT, "no global unicast" }, /* site-local, RFC 3879 */
	{ "ff02::1", SHUT, "multicast" },

	/* IPv4 in IPv6 */
	{ "::ffff:8.8.8.8", OPEN, NULL },
	{ "::ffff:127.0.0.1", SITE, "loopback" },
	{ "::ffff:10.1.2.3", SITE, "RFC 1918" },
	{ "::ffff:169.254.169.254", SHUT, "link-local" },
	{ "::ffff:0.0.0.0", SHUT, "RFC 791" },
	{ "64:ff9b::8.8.8.8", OPEN, NULL },
	{ "64:ff9b::127.0.0.1", SITE, "loopback" },
	{ "64:ff9b::192.168.1.1", SITE, "RFC 1918" },
	{ "64:ff9b::169.254.169.254", SHUT, "link-local" },
};

static const char *judge(const char *text, bool allow_private)
{
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
		return address_refusal((const struct sockaddr *)&ipv4, allow_private);
	cr_assert_eq(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1, "%s", text);
	return address_refusal((const struct sockaddr *)&ipv6, allow_private);
}

Test(address, rule_43_only_globally_routable_unicast_passes)
{
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		const struct sample *sample = &samples[i];
		const char *refusal = judge(sample->address, false);

		cr_expect_eq(refusal == NULL, sample->door == OPEN, "%s: %s", sample->address,
			refusal ? refusal : "passes");
		if (refusal && sample->rule)
			cr_expect_neq(strstr(refusal, sample->rule), NULL, "%s: %s",
				sample->address, refusal);
	}
}

Test(address, with_private_networks_allowed_metadata_services_and_multicast_are_still_refused)
{
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		const char *refusal = judge(samples[i].address, true);

		cr_expect_eq(refusal != NULL, samples[i].door == SHUT, "%s: %s", samples[i].address,
			refusal ? refusal : "passes");
	}
}

Test(address, what_is_no_ip_address_is_refused)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/run/orgd/orgd.sock" };

	cr_expect_neq(address_refusal((const struct sockaddr *)&local, true), NULL);
}
