/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/text_reserved.h"

enum { LOCAL_PART_MAX = 64, LABEL_MAX = 63, DOMAIN_MAX = 253 };

static const char letters_and_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static struct status invalid_email(const char *field, const char *problem)
{
	return status_invalid(field, "INVALID_EMAIL",
		"%s must be an address such as ada@example.com: %s.", field, problem);
}

static struct status invalid_url(const char *field, const char *problem)
{
	return status_invalid(field, "INVALID_URL",
		"%s must be a web address such as https://example.com/: %s.", field, problem);
}

/* The same failure under the one reason that the field's header promises. */
static struct status renamed(struct status status, const char *reason)
{
	status.failure->reason = reason;
	return status;
}

static char *ascii_lower(char *text)
{
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return text;
}

static void idn2_release(uint8_t **text)
{
	idn2_free(*text);
}

/* Is it letters, digits and inner hyphens, in labels of 1 to 63? The last label of a name is never
 * a number, so this refuses IPv4 addresses too. */
static bool is_host_name(const char *name)
{
	const char *label = name;

	if (strlen(name) > DOMAIN_MAX)
		return false;
	for (;;) {
		size_t length = strcspn(label, ".");

		if (length < 1 || length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
			return false;
		for (size_t i = 0; i < length; i++)
			if (label[i] != '-' && !strchr(letters_and_digits, label[i]))
				return false;
		if (label[length] == '\0')
			return label[strspn(label, "0123456789")] != '\0';
		label += length + 1;
	}
}

/* The A-label form in lower case, NULL when `domain` is no host name. */
static const char *domain_canonical(struct arena *arena, const char *domain)
{
	CLEANUP(idn2_release) uint8_t *ascii = NULL;

	if (idn2_lookup_u8((const uint8_t *)domain, &ascii,
		    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return NULL;
	domain = ascii_lower(arena_strdup(arena, (const char *)ascii));
	return is_host_name(domain) ? domain : NULL;
}

/* RFC 5322's dot-atom, but for the beginning of an encoded word: some mail servers decode those,
 * and read another address than the one that was checked. */
static bool is_local_part(const char *text, size_t length)
{
	if (strstr(text, "=?"))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '.' && (i == 0 || i == length - 1 || text[i - 1] == '.'))
			return false;
		if (text[i] != '.' && !strchr("!#$%&'*+/=?^_`{|}~-", text[i]) &&
			!strchr(letters_and_digits, text[i]))
			return false;
	}
	return length >= 1 && length <= LOCAL_PART_MAX;
}

struct status text_check_email(struct arena *arena, const char *field, const char *value,
	const char **typed, const char **canonical)
{
	struct status status =
		text_check(arena, TEXT_LINE, field, value, 0, TEXT_EMAIL_MAX, &value);
	const char *at, *domain;
	char *local;

	if (status.code != STATUS_OK)
		return renamed(status, "INVALID_EMAIL");
	if (value[0] == '\0')
		return status_invalid(field, "FIELD_REQUIRED", "%s is required.", field);
	at = strrchr(value, '@');
	if (!at)
		return invalid_email(field, "it has no @");
	local = ascii_lower(arena_strndup(arena, value, (size_t)(at - value)));
	if (!is_local_part(local, strlen(local)))
		return invalid_email(field, "before the @ go 1 to 64 letters of a to z, digits, "
					    "inner dots and !#$%&'*+/=?^_`{|}~-, but no \"=?\"");
	domain = domain_canonical(arena, at + 1);
	if (!domain || !strchr(domain, '.'))
		return invalid_email(field, "what follows the @ is not a domain");
	if (strlen(local) + 1 + strlen(domain) > TEXT_EMAIL_MAX)
		return invalid_email(field, "it is too long");
	*typed = value;
	*canonical = arena_printf(arena, "%s@%s", local, domain);
	return OK;
}

/* "", or ":" and a number from 1 to 65535. */
static bool is_port(const char *text)
{
	size_t digits;

	if (text[0] == '\0')
		return true;
	digits = strspn(text + 1, "0123456789");
	return text[0] == ':' && digits >= 1 && digits <= 5 && text[1 + digits] == '\0' &&
	       atoi(text + 1) >= 1 && atoi(text + 1) <= 65535;
}

static bool is_ipv6(struct arena *arena, const char *text, size_t length)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, arena_strndup(arena, text, length), &address) == 1;
}

/* "host", "192.0.2.1" or "[2001:db8::1]", with or without a port. */
static bool is_authority(struct arena *arena, const char *authority)
{
	struct in_addr address;
	const char *host;
	size_t length;

	if (authority[0] == '[') {
		length = strcspn(authority, "]");
		return authority[length] == ']' && is_ipv6(arena, authority + 1, length - 1) &&
		       is_port(authority + length + 1);
	}
	length = strcspn(authority, ":");
	host = arena_strndup(arena, authority, length);
	return is_port(authority + length) &&
	       (inet_pton(AF_INET, host, &address) == 1 || domain_canonical(arena, host));
}

struct status text_check_url(
	struct arena *arena, const char *field, const char *value, const char **result)
{
	struct status status = text_check(arena, TEXT_LINE, field, value, 0, TEXT_URL_MAX, &value);
	const char *authority;

	if (status.code != STATUS_OK)
		return renamed(status, "INVALID_URL");
	if (value[0] == '\0') {
		*result = value;
		return OK;
	}
	if (strncasecmp(value, "https://", 8) != 0 && strncasecmp(value, "http://", 7) != 0)
		return invalid_url(field, "it begins with neither https:// nor http://");
	if (strpbrk(value, " \"<>\\^`{|}"))
		return invalid_url(field, "it holds a space or one of \"<>\\^`{|}");
	authority = strstr(value, "://") + 3;
	authority = arena_strndup(arena, authority, strcspn(authority, "/?#"));
	if (strchr(authority, '@'))
		return invalid_url(field, "it holds a user name, or an @ before the first slash");
	if (!is_authority(arena, authority))
		return invalid_url(field, "its host or port is malformed");
	*result = value;
	return OK;
}

/* A label of a host name with single hyphens. */
static bool is_handle(const char *text)
{
	return strlen(text) >= TEXT_HANDLE_MIN && is_host_name(text) && !strchr(text, '.') &&
	       !strstr(text, "--");
}

struct status text_check_handle(
	struct arena *arena, const char *field, const char *value, const char **canonical)
{
	size_t length;
	char *handle;

	value += strspn(value, " ");
	length = strlen(value);
	while (length > 0 && value[length - 1] == ' ')
		length--;
	if (length == 0)
		return status_invalid(field, "FIELD_REQUIRED", "%s is required.", field);
	handle = ascii_lower(arena_strndup(arena, value, length));
	if (!is_handle(handle))
		return status_invalid(field, "INVALID_HANDLE",
			"%s must be %d to %d letters of a to z, digits and single inner hyphens, "
			"and not a number.",
			field, TEXT_HANDLE_MIN, TEXT_HANDLE_MAX);
	if (handle_is_reserved(handle))
		return status_invalid(field, "RESERVED_HANDLE",
			"The platform keeps the handle \"%s\" for itself; choose another.", handle);
	*canonical = handle;
	return OK;
}
