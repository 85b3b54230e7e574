/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/expect.h"
#include "domain/mail.h"

static struct arena arena;

static void set_up(void)
{
	arena_init(&arena);
}

static void tear_down(void)
{
	arena_clear(&arena);
}

TestSuite(mail, .init = set_up, .fini = tear_down);

Test(mail, every_kind_is_found_by_its_name)
{
	for (enum mail_kind kind = 0; kind < MAIL_KINDS; kind++) {
		enum mail_kind found = MAIL_KINDS;

		cr_expect(mail_kind_find(mail_kind_name(kind), &found));
		cr_expect_eq(found, kind);
	}
}

Test(mail, no_kind_has_another_name)
{
	enum mail_kind kind;

	cr_expect_not(mail_kind_find("", &kind));
	cr_expect_not(mail_kind_find("invitations", &kind));
}

Test(mail, only_some_kinds_have_a_token)
{
	for (enum mail_kind kind = 0; kind < MAIL_KINDS; kind++)
		cr_expect_eq(mail_kind_has_token(kind),
			kind == MAIL_INVITATION || kind == MAIL_INVITATION_REMINDER ||
				kind == MAIL_VERIFY_EMAIL || kind == MAIL_PASSWORD_RESET,
			"%s", mail_kind_name(kind));
}

Test(mail, a_kind_has_its_own_facts)
{
	cr_expect(mail_kind_has_fact(MAIL_INVITATION, "inviter"));
	cr_expect_not(mail_kind_has_fact(MAIL_INVITATION, "note"));
	cr_expect(mail_kind_has_fact(MAIL_ORGANIZATION_REJECTED, "reason"));
	cr_expect_not(mail_kind_has_fact(MAIL_ORGANIZATION_VERIFIED, "reason"));
	cr_expect_not(mail_kind_has_fact(MAIL_INVITATION, "platform"),
		"what every mail knows is no fact");
	cr_expect_not(mail_kind_has_fact(MAIL_INVITATION, "nonsense"));
}

Test(mail, times_are_written_out_with_their_zone)
{
	cr_expect_str_eq(mail_time(&arena, INT64_C(1764684300) * 1000000),
		"Tuesday, 2 December 2025, 14:05 UTC");
	cr_expect_str_eq(mail_time(&arena, INT64_C(1709164799) * 1000000),
		"Wednesday, 28 February 2024, 23:59 UTC");
}

Test(mail, roles_have_names)
{
	cr_expect_str_eq(mail_role(ORGD__V1__ROLE__ROLE_MEMBER), "Member");
	cr_expect_str_eq(mail_role(ORGD__V1__ROLE__ROLE_ADMIN), "Admin");
	cr_expect_str_eq(mail_role(ORGD__V1__ROLE__ROLE_OWNER), "Owner");
	cr_expect_str_eq(mail_role(ORGD__V1__ROLE__ROLE_UNSPECIFIED), "");
}

Test(mail, an_address_keeps_its_local_part_and_gets_an_ascii_domain)
{
	const char *address;

	expect_ok(mail_address(&arena, "Ada.Lovelace@Bücher.Example", &address));
	cr_expect_str_eq(address, "Ada.Lovelace@xn--bcher-kva.example");
}

Test(mail, an_address_that_could_say_more_to_a_server_is_refused)
{
	static const char *const addresses[] = { "", "ada",
		"ada@example.com\r\nRCPT TO:<eve@example.com>", "ada@example.com>",
		"\"ada\"@example.com", "ada@[127.0.0.1]", "ada@example.com, eve@example.com" };
	const char *address;

	for (size_t i = 0; i < COUNT_OF(addresses); i++) {
		struct status status = mail_address(&arena, addresses[i], &address);

		cr_expect_eq(status.code, STATUS_INVALID_ARGUMENT, "%s", addresses[i]);
	}
}

Test(mail, a_link_holds_the_token_percent_encoded)
{
	cr_expect_str_eq(
		mail_link(&arena, "https://portal.example/join?token={token}", "orgd_i_A-b_9"),
		"https://portal.example/join?token=orgd_i_A-b_9");
	cr_expect_str_eq(mail_link(&arena, "https://portal.example/{token}#{token}", "a&b=\"c"),
		"https://portal.example/a%26b%3D%22c#a%26b%3D%22c");
	cr_expect_str_eq(
		mail_link(&arena, "https://portal.example/", ""), "https://portal.example/");
}

Test(mail, a_link_has_a_limit)
{
	char *url = arena_zalloc(&arena, MAIL_BYTES_MAX + 2);

	memset(url, 'x', MAIL_BYTES_MAX);
	cr_expect_eq(strlen(mail_link(&arena, url, "")), MAIL_BYTES_MAX);
	url[MAIL_BYTES_MAX] = 'x';
	cr_expect_lt(strlen(mail_link(&arena, url, "")), MAIL_BYTES_MAX);
}
