/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "domain/access.h"

#define REASON(name) ORGD__V1__ACCESS_REASON__ACCESS_REASON_##name
#define READ         ORGD__V1__PERMISSION__PERMISSION_READ
#define COMMENT      ORGD__V1__PERMISSION__PERMISSION_COMMENT
#define WRITE        ORGD__V1__PERMISSION__PERMISSION_WRITE
#define NONE         ORGD__V1__PERMISSION__PERMISSION_UNSPECIFIED
#define ANY_ROLE     ORGD__V1__ROLE__ROLE_UNSPECIFIED
#define MEMBER       ORGD__V1__ROLE__ROLE_MEMBER
#define ADMIN        ORGD__V1__ROLE__ROLE_ADMIN
#define OWNER        ORGD__V1__ROLE__ROLE_OWNER
#define ACTIVE       ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_ACTIVE
#define SUSPENDED    ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_SUSPENDED
#define DELETED      ORGD__V1__ORGANIZATION_STATE__ORGANIZATION_STATE_DELETED
#define VERIFIED     ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_VERIFIED
#define REVERIFYING  ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REVERIFYING

static const int64_t now_us = 1000 * US_PER_DAY;
static const struct id collection = { { 7 } };

static struct access_question question(Orgd__V1__Permission wanted)
{
	return (struct access_question){ .wanted = wanted,
		.user_exists = true,
		.user_active = true,
		.document_exists = true,
		.now_us = now_us,
		.reverify_grace_us = 14 * US_PER_DAY };
}

static struct access_organization organization(
	Orgd__V1__Role role, const struct access_grant *grants, size_t count)
{
	return (struct access_organization){ .lifecycle = ACTIVE,
		.verification = VERIFIED,
		.verification_us = now_us - US_PER_DAY,
		.role = role,
		.grants = grants,
		.grant_count = count };
}

static struct access_grant grant(
	Orgd__V1__Permission permission, Orgd__V1__Role minimum_role, int64_t expire_us)
{
	return (struct access_grant){ .id = { { 1 } },
		.permission = permission,
		.minimum_role = minimum_role,
		.expire_us = expire_us };
}

static void expect_verdict(struct access_verdict verdict, bool allowed,
	Orgd__V1__AccessReason reason, Orgd__V1__Permission highest)
{
	cr_expect_eq(verdict.allowed, allowed);
	cr_expect_eq(verdict.reason, reason, "reason %d, not %d", verdict.reason, reason);
	cr_expect_eq(verdict.highest, highest, "highest %d, not %d", verdict.highest, highest);
}

Test(access, before_any_organization_nothing_is_allowed_and_the_first_lack_is_the_reason)
{
	struct access_question q = question(READ);

	expect_verdict(access_begin(&q), false, REASON(NOT_A_MEMBER), NONE);
	q.document_exists = false;
	expect_verdict(access_begin(&q), false, REASON(NO_SUCH_DOCUMENT), NONE);
	q.user_active = false;
	expect_verdict(access_begin(&q), false, REASON(USER_NOT_ACTIVE), NONE);
	q.user_exists = false;
	expect_verdict(access_begin(&q), false, REASON(NO_SUCH_USER), NONE);
}

Test(access, what_the_user_or_the_document_lacks_no_organization_makes_good)
{
	struct access_grant g = grant(WRITE, ANY_ROLE, 0);
	struct access_organization o = organization(OWNER, &g, 1);
	struct access_question q = question(READ);

	q.document_exists = false;
	expect_verdict(access_judge(&q, &o), false, REASON(NO_SUCH_DOCUMENT), NONE);
	q.user_active = false;
	expect_verdict(access_judge(&q, &o), false, REASON(USER_NOT_ACTIVE), NONE);
	q.user_exists = false;
	expect_verdict(access_judge(&q, &o), false, REASON(NO_SUCH_USER), NONE);
}

Test(access, each_grant_by_permission_role_and_expiry)
{
	static const struct {
		Orgd__V1__Permission granted;
		Orgd__V1__Role minimum_role;
		int64_t expire_us;
		Orgd__V1__Role role;
		Orgd__V1__Permission wanted;
		Orgd__V1__AccessReason reason;
		Orgd__V1__Permission highest;
	} cases[] = {
		{ READ, ANY_ROLE, 0, MEMBER, READ, REASON(DOCUMENT_GRANT), READ },
		{ WRITE, ANY_ROLE, 0, MEMBER, READ, REASON(DOCUMENT_GRANT), WRITE },
		{ READ, ANY_ROLE, 0, MEMBER, COMMENT, REASON(PERMISSION_TOO_LOW), READ },
		{ COMMENT, ANY_ROLE, 0, OWNER, WRITE, REASON(PERMISSION_TOO_LOW), COMMENT },
		{ COMMENT, ANY_ROLE, 0, OWNER, COMMENT, REASON(DOCUMENT_GRANT), COMMENT },
		{ READ, MEMBER, 0, MEMBER, READ, REASON(DOCUMENT_GRANT), READ },
		{ READ, ADMIN, 0, MEMBER, READ, REASON(ROLE_TOO_LOW), NONE },
		{ READ, ADMIN, 0, ADMIN, READ, REASON(DOCUMENT_GRANT), READ },
		{ READ, ADMIN, 0, OWNER, READ, REASON(DOCUMENT_GRANT), READ },
		{ READ, OWNER, 0, ADMIN, READ, REASON(ROLE_TOO_LOW), NONE },
		/* The role is looked at before the permission, the expiry before both. */
		{ READ, OWNER, 0, ADMIN, WRITE, REASON(ROLE_TOO_LOW), NONE },
		{ READ, OWNER, 1, ADMIN, WRITE, REASON(GRANT_EXPIRED), NONE },
		{ READ, ANY_ROLE, 1000 * US_PER_DAY, MEMBER, READ, REASON(GRANT_EXPIRED), NONE },
		{ READ, ANY_ROLE, 1000 * US_PER_DAY + 1, MEMBER, READ, REASON(DOCUMENT_GRANT),
			READ },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct access_grant g =
			grant(cases[i].granted, cases[i].minimum_role, cases[i].expire_us);
		struct access_organization o = organization(cases[i].role, &g, 1);
		struct access_question q = question(cases[i].wanted);
		struct access_verdict verdict = access_judge(&q, &o);

		expect_verdict(verdict, cases[i].reason == REASON(DOCUMENT_GRANT), cases[i].reason,
			cases[i].highest);
		cr_expect(id_equal(&verdict.grant.id, &g.id), "case %zu: the grant decided", i);
	}
}

Test(access, each_state_of_an_organization)
{
	static const struct {
		Orgd__V1__OrganizationState lifecycle;
		Orgd__V1__VerificationState verification;
		int64_t age_us;
		Orgd__V1__AccessReason reason;
	} cases[] = {
		{ ACTIVE, VERIFIED, 0, REASON(DOCUMENT_GRANT) },
		{ ACTIVE, VERIFIED, 900 * US_PER_DAY, REASON(DOCUMENT_GRANT) },
		{ ACTIVE, REVERIFYING, 0, REASON(DOCUMENT_GRANT) },
		{ ACTIVE, REVERIFYING, 14 * US_PER_DAY - 1, REASON(DOCUMENT_GRANT) },
		{ ACTIVE, REVERIFYING, 14 * US_PER_DAY, REASON(REVERIFICATION_OVERDUE) },
		{ ACTIVE, ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING, 0,
			REASON(ORGANIZATION_NOT_VERIFIED) },
		{ ACTIVE, ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_REJECTED, 0,
			REASON(ORGANIZATION_NOT_VERIFIED) },
		{ ACTIVE, ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_NEEDS_INFORMATION, 0,
			REASON(ORGANIZATION_NOT_VERIFIED) },
		{ ACTIVE, ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_UNVERIFIED, 0,
			REASON(ORGANIZATION_NOT_VERIFIED) },
		{ SUSPENDED, VERIFIED, 0, REASON(ORGANIZATION_SUSPENDED) },
		{ SUSPENDED, ORGD__V1__VERIFICATION_STATE__VERIFICATION_STATE_PENDING, 0,
			REASON(ORGANIZATION_SUSPENDED) },
		{ DELETED, VERIFIED, 0, REASON(ORGANIZATION_DELETED) },
		{ DELETED, REVERIFYING, 100 * US_PER_DAY, REASON(ORGANIZATION_DELETED) },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		bool allowed = cases[i].reason == REASON(DOCUMENT_GRANT);
		struct access_grant g = grant(WRITE, ANY_ROLE, 0);
		struct access_organization o = organization(MEMBER, &g, 1);
		struct access_question q = question(READ);

		o.lifecycle = cases[i].lifecycle;
		o.verification = cases[i].verification;
		o.verification_us = now_us - cases[i].age_us;
		expect_verdict(
			access_judge(&q, &o), allowed, cases[i].reason, allowed ? WRITE : NONE);
	}
}

Test(access, an_organization_without_a_grant_gives_nothing)
{
	struct access_organization o = organization(OWNER, NULL, 0);
	struct access_question q = question(READ);
	struct access_verdict verdict = access_judge(&q, &o);

	expect_verdict(verdict, false, REASON(NO_GRANT), NONE);
	cr_expect(id_is_zero(&verdict.grant.id));
}

Test(access, of_several_grants_the_one_that_comes_furthest_decides)
{
	struct access_grant grants[] = { grant(WRITE, ANY_ROLE, 1), grant(WRITE, OWNER, 0),
		grant(READ, ANY_ROLE, 0), grant(COMMENT, ANY_ROLE, 0),
		grant(COMMENT, ANY_ROLE, 0) };
	struct access_organization o;
	struct access_question q;

	for (size_t i = 0; i < COUNT_OF(grants); i++) {
		grants[i].id = (struct id){ { (uint8_t)(i + 1) } };
		grants[i].collection_id = i ? collection : (struct id){ { 0 } };
	}
	q = question(COMMENT);
	for (size_t count = 1; count <= COUNT_OF(grants); count++) {
		static const struct {
			Orgd__V1__AccessReason reason;
			uint8_t grant;
			Orgd__V1__Permission highest;
		} expected[] = {
			{ REASON(GRANT_EXPIRED), 1, NONE },
			{ REASON(ROLE_TOO_LOW), 2, NONE },
			{ REASON(PERMISSION_TOO_LOW), 3, READ },
			{ REASON(COLLECTION_GRANT), 4, COMMENT },
			/* Of equals the first. */
			{ REASON(COLLECTION_GRANT), 4, COMMENT },
		};
		struct access_verdict verdict;

		o = organization(MEMBER, grants, count);
		verdict = access_judge(&q, &o);
		expect_verdict(verdict, count >= 4, expected[count - 1].reason,
			expected[count - 1].highest);
		cr_expect_eq(verdict.grant.id.bytes[0], expected[count - 1].grant);
	}
}

Test(access, a_grant_on_the_document_is_told_before_one_on_a_collection_and_the_highest_counts)
{
	struct access_grant grants[] = { grant(WRITE, ANY_ROLE, 0), grant(READ, ANY_ROLE, 0) };
	struct access_organization o = organization(MEMBER, grants, 2);
	struct access_question q = question(READ);

	grants[0].collection_id = collection;
	expect_verdict(access_judge(&q, &o), true, REASON(DOCUMENT_GRANT), WRITE);
	q = question(WRITE);
	expect_verdict(access_judge(&q, &o), true, REASON(COLLECTION_GRANT), WRITE);
}

Test(access, of_several_organizations_the_one_that_comes_furthest_decides)
{
	/* From the least to the most: each takes the place of those before it and of no later
	 * one. */
	static const Orgd__V1__AccessReason order[] = {
		REASON(NO_SUCH_USER),
		REASON(USER_NOT_ACTIVE),
		REASON(NO_SUCH_DOCUMENT),
		REASON(NOT_A_MEMBER),
		REASON(ORGANIZATION_DELETED),
		REASON(ORGANIZATION_SUSPENDED),
		REASON(ORGANIZATION_NOT_VERIFIED),
		REASON(REVERIFICATION_OVERDUE),
		REASON(NO_GRANT),
		REASON(GRANT_EXPIRED),
		REASON(ROLE_TOO_LOW),
		REASON(PERMISSION_TOO_LOW),
		REASON(COLLECTION_GRANT),
		REASON(DOCUMENT_GRANT),
	};

	cr_expect_eq(COUNT_OF(order), orgd__v1__access_reason__descriptor.n_values - 1,
		"every reason has its place");
	for (size_t i = 0; i < COUNT_OF(order); i++)
		for (size_t j = 0; j < COUNT_OF(order); j++) {
			struct access_verdict best = { .reason = order[i] };
			struct access_verdict offer = { .reason = order[j] };

			cr_expect_eq(access_take(&best, &offer), j > i);
			cr_expect_eq(best.reason, order[i > j ? i : j]);
		}
}

Test(access, the_highest_permission_is_kept_whoever_decides)
{
	struct access_verdict best = {
		.allowed = true, .reason = REASON(DOCUMENT_GRANT), .highest = READ
	};
	struct access_verdict offer = {
		.allowed = true, .reason = REASON(COLLECTION_GRANT), .highest = WRITE
	};

	cr_expect_not(access_take(&best, &offer));
	expect_verdict(best, true, REASON(DOCUMENT_GRANT), WRITE);
}
