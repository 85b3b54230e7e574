/* SPDX-License-Identifier: Apache-2.0 */
#include "support/story.h"

/* SPEC rule 38 where strings come in: through the real path, whatever the message. */

#define ADA "ada@example.com"

static struct story *s;
static const char *acme;

static void begin(void)
{
	s = story_begin();
	acme = story_organization(s, ADA, "acme");
}

static void end(void)
{
	story_end(s);
}

TestSuite(strings, .init = begin, .fini = end);

static struct outcome rename_organization(const char *name)
{
	Orgd__V1__Organization organization = ORGD__V1__ORGANIZATION__INIT;

	organization.id = acme;
	organization.display_name = name;
	return story_try(s, ADA, "OrganizationService/UpdateOrganization",
		STORY_REQUEST(
			UpdateOrganization, update_organization, .organization = &organization));
}

Test(rules, rule_38_a_name_has_no_control_no_override_and_is_no_link, .init = begin, .fini = end)
{
	static const struct {
		const char *name, *reason;
	} names[] = {
		{ "Acme\nBcc: everybody@example.com", "INVALID_TEXT" },
		{ "Acme\r", "INVALID_TEXT" }, /* not even at the end, where it would be trimmed */
		{ "Ac\x01me", "INVALID_TEXT" },
		{ "Ac\x7fme", "INVALID_TEXT" },
		{ "Acme \u202egnitset", "INVALID_TEXT" },
		{ "Acme \u2066isolated", "INVALID_TEXT" },
		{ "Acme \xc2\x85", "INVALID_TEXT" }, /* U+0085 */
		{ "Acme \uffff", "INVALID_TEXT" },
		{ "https://evil.example/", "NAME_IS_A_URL" },
		{ "Click http://evil.example now", "NAME_IS_A_URL" },
		{ "www.evil.example", "NAME_IS_A_URL" },
		{ "   ", "FIELD_REQUIRED" },
	};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct outcome outcome = rename_organization(names[i].name);

		cr_expect_eq(outcome.code, STATUS_INVALID_ARGUMENT, "%zu", i);
		cr_expect_str_eq(outcome.reason, names[i].reason, "%zu", i);
		cr_expect_str_eq(outcome.field, "organization.display_name", "%zu", i);
		cr_expect_not(outcome.committed);
	}
}

Test(rules, rule_38_lengths_are_counted_in_characters_and_ends_are_trimmed, .init = begin,
	.fini = end)
{
	char name[2 * 101 + 1] = "";
	const Orgd__V1__UpdateOrganizationResponse *updated;
	struct outcome outcome;

	for (int i = 0; i < 100; i++)
		strcat(name, "\u00e9");
	cr_expect_not(rename_organization(name).code, "100 characters are 200 bytes");
	strcat(name, "\u00e9");
	outcome = rename_organization(name);
	cr_expect_str_eq(outcome.reason, "FIELD_TOO_LONG");

	outcome = rename_organization("  Acme & Söhne  ");
	cr_assert_not(outcome.code, "%s", outcome.message);
	updated = (const Orgd__V1__UpdateOrganizationResponse *)outcome.response;
	cr_expect_str_eq(updated->organization->display_name, "Acme & Söhne");
}

Test(rules, rule_38_what_reaches_a_mail_header_has_no_line_end, .init = begin, .fini = end)
{
	static const char *const addresses[] = { "eve@example.com\r\nBcc: all@example.com",
		"eve@example.com\n", "eve\r@example.com", "\"eve\r\n\"@example.com",
		"eve@exam\nple.com" };

	for (size_t i = 0; i < COUNT_OF(addresses); i++)
		REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "INVALID_EMAIL", InvitationService,
			CreateInvitation, create_invitation, .organization_id = acme,
			.email = addresses[i], .role = ORGD__V1__ROLE__ROLE_MEMBER);
	cr_expect_eq(story_mail_count(s, "all@example.com"), 0);
}

Test(strings, a_message_may_have_lines_but_no_other_control)
{
	ASK(s, ADA, InvitationService, CreateInvitation, create_invitation, .organization_id = acme,
		.email = "bob@example.com", .role = ORGD__V1__ROLE__ROLE_MEMBER,
		.message = "Dear Bob,\r\n\tjoin us.");
	REFUSED(s, ADA, STATUS_INVALID_ARGUMENT, "INVALID_TEXT", InvitationService,
		CreateInvitation, create_invitation, .organization_id = acme,
		.email = "cem@example.com", .role = ORGD__V1__ROLE__ROLE_MEMBER,
		.message = "Dear \x1b[31mCem");
}
