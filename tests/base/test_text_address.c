/* SPDX-License-Identifier: Apache-2.0 */
#include "base/expect.h"
#include "base/text.h"
#include "base/text_reserved.h"

static struct arena arena;

static void setup(void)
{
	arena_init(&arena);
}

static void teardown(void)
{
	arena_clear(&arena);
}

TestSuite(text_address, .init = setup, .fini = teardown);

static struct status email(const char *value, const char **canonical)
{
	const char *typed;

	return text_check_email(&arena, "field", value, &typed, canonical);
}

static void expect_canonical(const char *value, const char *expected)
{
	const char *canonical = "";

	expect_ok(email(value, &canonical));
	cr_expect_str_eq(canonical, expected);
}

/* `count` times `unit`. */
static char *repeat(const char *unit, size_t count)
{
	char *text = arena_zalloc(&arena, strlen(unit) * count + 1);

	for (size_t i = 0; i < count; i++)
		strcat(text, unit);
	return text;
}

Test(text_address, addresses_are_compared_in_lower_case)
{
	expect_canonical("Ada.Lovelace+portal@Example.COM", "ada.lovelace+portal@example.com");
	expect_canonical("  ada@example.com ", "ada@example.com");
	expect_canonical("o'hara@mail.example.co.uk", "o'hara@mail.example.co.uk");
	expect_canonical("a@1-2.example", "a@1-2.example");
}

Test(text_address, every_spelling_of_a_domain_has_one_canonical_form)
{
	expect_canonical("ada@b\u00FCcher.example", "ada@xn--bcher-kva.example");
	expect_canonical("ada@B\u00DCCHER.Example", "ada@xn--bcher-kva.example");
	expect_canonical("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example");
	expect_canonical("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example");
	expect_canonical("ada@b\u00FCcher\u3002example", "ada@xn--bcher-kva.example");
	expect_canonical("ada@fa\xC3\x9F.example", "ada@xn--fa-hia.example");
}

Test(text_address, an_address_is_shown_as_typed)
{
	const char *typed, *canonical;

	expect_ok(text_check_email(&arena, "field", " Ada@Example.COM", &typed, &canonical));
	cr_expect_str_eq(typed, "Ada@Example.COM");
}

Test(text_address, an_empty_address_is_missing)
{
	const char *canonical;

	expect_invalid(email("", &canonical), "FIELD_REQUIRED");
	expect_invalid(email("  ", &canonical), "FIELD_REQUIRED");
}

Test(text_address, what_could_harm_an_smtp_conversation_is_refused)
{
	static const char *const values[] = { "ada@example.com\r\nRCPT TO:<eve@example.com>",
		"ada@example.com\n", "ada\r@example.com", "ada@example.com, eve@example.com",
		"<ada@example.com>", "\"a b\"@example.com", "ada @example.com", "ada@ example.com",
		"ada(x)@example.com", "ada@example.com>", "ada@[192.0.2.1]", "ada@192.0.2.1",
		"ada@exa\xE2\x80\xAEmple.com", "ada;@example.com", "ad\\a@example.com" };
	const char *canonical;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(email(values[i], &canonical), "INVALID_EMAIL");
}

Test(text_address, what_is_no_address_is_refused)
{
	static const char *const values[] = { "ada", "@", "@example.com", "ada@",
		"ada@@example.com", "ada@b@example.com", ".ada@example.com", "ada.@example.com",
		"a..da@example.com", "=?x?q?eve=40evil.example=3e?=@example.com",
		"\u00E4da@example.com", "ada@localhost", "ada@example..com", "ada@.example.com",
		"ada@example.com.", "ada@-example.com", "ada@example-.com", "ada@exa_mple.com",
		"ada@xn--.com", "ada@xn--a.com", "ada@exa mple.com", "ada@example.com/x",
		"ada@%65.com", "ada@\xFF.com" };
	const char *canonical;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(email(values[i], &canonical), "INVALID_EMAIL");
}

Test(text_address, parts_of_an_address_have_their_limits)
{
	const char *label = repeat("d", 63), *canonical;

	expect_ok(email(arena_printf(&arena, "%s@example.com", repeat("a", 64)), &canonical));
	expect_invalid(email(arena_printf(&arena, "%s@example.com", repeat("a", 65)), &canonical),
		"INVALID_EMAIL");
	expect_ok(email(arena_printf(&arena, "a@%s.com", label), &canonical));
	expect_invalid(
		email(arena_printf(&arena, "a@%sd.com", label), &canonical), "INVALID_EMAIL");
	expect_ok(email(arena_printf(&arena, "%s@%s.%s.%s", repeat("a", 62), label, label, label),
		&canonical));
	cr_expect_eq(strlen(canonical), TEXT_EMAIL_MAX);
	expect_invalid(
		email(arena_printf(&arena, "%s@%s.%s.%s", repeat("a", 63), label, label, label),
			&canonical),
		"INVALID_EMAIL");
}

Test(text_address, an_address_whose_canonical_form_is_too_long_is_refused)
{
	/* 56 characters a label as typed, 63 as an A-label */
	const char *label = arena_printf(&arena, "%s\xC3\xBC", repeat("d", 55)), *canonical;

	expect_invalid(
		email(arena_printf(&arena, "%s@%s.%s.%s", repeat("a", 64), label, label, label),
			&canonical),
		"INVALID_EMAIL");
}

static struct status handle(const char *value, const char **canonical)
{
	return text_check_handle(&arena, "field", value, canonical);
}

Test(text_address, a_handle_is_canonical_in_lower_case)
{
	const char *canonical;

	expect_ok(handle(" Acme-2 ", &canonical));
	cr_expect_str_eq(canonical, "acme-2");
	expect_ok(handle("a1", &canonical));
	expect_ok(handle("4ever", &canonical));
	expect_ok(handle(repeat("a", TEXT_HANDLE_MAX), &canonical));
}

Test(text_address, an_empty_handle_is_missing)
{
	const char *canonical;

	expect_invalid(handle("  ", &canonical), "FIELD_REQUIRED");
}

Test(text_address, what_is_no_dns_label_is_no_handle)
{
	static const char *const values[] = { "a", "-acme", "acme-", "ac--me", "ac_me", "ac.me",
		"ac me", "123", "\u00E4cme", "acme\n", "ac/me", "xn--bcher-kva", "--" };
	const char *canonical;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(handle(values[i], &canonical), "INVALID_HANDLE");
	expect_invalid(handle(repeat("a", TEXT_HANDLE_MAX + 1), &canonical), "INVALID_HANDLE");
}

Test(text_address, the_platform_keeps_its_own_words)
{
	const char *canonical;

	for (size_t i = 0; i < reserved_handles_count; i++)
		if (strlen(reserved_handles[i]) >= TEXT_HANDLE_MIN)
			expect_invalid(handle(reserved_handles[i], &canonical), "RESERVED_HANDLE");
	expect_invalid(handle("ADMIN", &canonical), "RESERVED_HANDLE");
	expect_ok(handle("administration", &canonical));
}

Test(text_address, reserved_words_are_sorted_and_unique)
{
	for (size_t i = 1; i < reserved_handles_count; i++)
		cr_expect_lt(strcmp(reserved_handles[i - 1], reserved_handles[i]), 0, "%s",
			reserved_handles[i]);
}

Test(text_address, web_addresses_are_accepted_as_they_are)
{
	static const char *const values[] = { "", "https://example.com",
		"HTTP://example.com/a?b=c#d", "https://b\u00FCcher.example/\xC3\xBC",
		"http://192.0.2.1:8080/", "http://[2001:db8::1]:65535/x", "http://[::1]",
		"http://localhost:1", "https://example.com?q=a@b", "https://example.com/@ada" };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		expect_ok(text_check_url(&arena, "field", values[i], &result));
		cr_expect_str_eq(result, values[i]);
	}
}

Test(text_address, what_is_no_web_address_is_refused)
{
	static const char *const values[] = { "example.com", "//example.com", "ftp://example.com",
		"javascript:alert(1)", "https:example.com", "https://", "https:///path",
		"https://ada@example.com", "https://ada:pw@example.com/",
		"https://example.com\\@evil.example", "https://exa mple.com",
		"https://example.com/a b", "https://example.com/\"x", "https://example.com/<x>",
		"https://example.com:0", "https://example.com:65536", "https://example.com:x",
		"https://example.com:", "https://[::1", "https://[::1]x", "https://[192.0.2.1]",
		"https://[]", "https://exa_mple.com", "https://-a.com", "https://300.1.1.1",
		"https://%65xample.com", "https://example.com\n",
		"https://example.com/\xE2\x80\xAEx", "https://\xFF" };
	const char *result;

	for (size_t i = 0; i < COUNT_OF(values); i++)
		expect_invalid(text_check_url(&arena, "field", values[i], &result), "INVALID_URL");
}

Test(text_address, a_web_address_has_its_limit)
{
	const char *path = repeat("a", TEXT_URL_MAX - strlen("https://a.example/")), *result;

	expect_ok(text_check_url(
		&arena, "field", arena_printf(&arena, "https://a.example/%s", path), &result));
	expect_invalid(text_check_url(&arena, "field",
			       arena_printf(&arena, "https://a.example/%sa", path), &result),
		"INVALID_URL");
}
