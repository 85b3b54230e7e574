/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <sys/socket.h>

/*
 * Which addresses webhooks may go to. Whoever owns an organization chooses a webhook's URL, and so
 * which host the courier connects to: without this rule that could be the machine itself, its
 * neighbours, or the cloud's metadata service (169.254.169.254). The address is judged when the
 * connection is made, so it does not matter what a name meant before.
 *
 * Ports are not judged: a public address can be reached by anybody on any port, and nothing is said
 * there before a certificate for the URL's host was seen.
 */

/* NULL when `address` is globally routable unicast, else the rule against it, as in "link-local
 * (RFC 3927)". With `allow_private` the networks of a site and the machine itself pass too: RFC
 * 1918, 100.64.0.0/10, fc00::/7 and loopback. An IPv4 address inside an IPv6 one (mapped, NAT64) is
 * judged as itself; 6to4 and Teredo are refused whatever they hold. Pure. */
const char *address_refusal(const struct sockaddr *address, bool allow_private);
