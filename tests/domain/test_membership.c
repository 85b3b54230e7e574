/* SPDX-License-Identifier: Apache-2.0 */
#include "base/expect.h"
#include "domain/membership.h"

static struct arena arena;
static Orgd__Store__V1__User user;
static Orgd__Store__V1__Organization organization;

static void begin(void)
{
	arena_init(&arena);
	orgd__store__v1__user__init(&user);
	orgd__store__v1__organization__init(&organization);
}

static void end(void)
{
	arena_clear(&arena);
}

TestSuite(membership, .init = begin, .fini = end);

static struct id id_of(uint8_t byte)
{
	struct id id;

	memset(id.bytes, byte, sizeof(id.bytes));
	return id;
}

static void add(uint8_t byte)
{
	struct id id = id_of(byte);

	membership_add_owner(&arena, &organization, &id);
}

Test(membership, owners_stand_in_the_order_in_which_they_became_so)
{
	add(1);
	add(2);
	add(3);
	cr_assert_eq(organization.n_owner_ids, 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(organization.owner_ids[i].data[0], i + 1);
}

Test(membership, taking_an_owner_off_keeps_the_order_of_the_others)
{
	struct id second = id_of(2);

	add(1);
	add(2);
	add(3);
	membership_remove_owner(&organization, &second);
	cr_assert_eq(organization.n_owner_ids, 2);
	cr_expect_eq(organization.owner_ids[0].data[0], 1);
	cr_expect_eq(organization.owner_ids[1].data[0], 3);
	cr_expect_not(membership_is_owner(&organization, &second));
}

Test(membership, taking_off_who_is_no_owner_changes_nothing)
{
	struct id stranger = id_of(9);

	add(1);
	membership_remove_owner(&organization, &stranger);
	cr_expect_eq(organization.n_owner_ids, 1);
}

Test(membership, an_owner_is_found_by_the_whole_id)
{
	struct id one = id_of(1), two = id_of(2);

	add(1);
	cr_expect(membership_is_owner(&organization, &one));
	cr_expect_not(membership_is_owner(&organization, &two));
	add(2);
	cr_expect(membership_is_owner(&organization, &two));
	organization.owner_ids[0].len = 0;
	cr_expect_not(membership_is_owner(&organization, &one));
}

Test(membership, the_list_of_another_copy_stays_as_it_is)
{
	Orgd__Store__V1__Organization copy;

	add(1);
	copy = organization;
	add(2);
	cr_expect_eq(copy.n_owner_ids, 1);
	cr_expect_eq(copy.owner_ids[0].data[0], 1);
}

Test(membership, a_user_belongs_to_at_most_100_organizations)
{
	user.organization_count = 99;
	expect_ok(membership_may_join(&user, &organization, ORGD__V1__ROLE__ROLE_MEMBER));
	user.organization_count = 100;
	expect_refused(membership_may_join(&user, &organization, ORGD__V1__ROLE__ROLE_MEMBER),
		STATUS_RESOURCE_EXHAUSTED, "ORGANIZATION_LIMIT");
}

Test(membership, an_owner_is_restored_to_their_place)
{
	struct id first = { { 1 } }, middle = { { 2 } }, last = { { 3 } };

	membership_insert_owner(&arena, &organization, &last, 0);
	membership_insert_owner(&arena, &organization, &first, 0);
	membership_insert_owner(&arena, &organization, &middle, 1);
	cr_assert_eq(organization.n_owner_ids, 3);
	for (uint8_t i = 0; i < 3; i++)
		cr_expect_eq(organization.owner_ids[i].data[0], i + 1);
}

Test(membership, a_user_owns_at_most_50_organizations)
{
	user.owned_count = 49;
	expect_ok(membership_may_own(&user, &organization));
	user.owned_count = 50;
	expect_refused(membership_may_own(&user, &organization), STATUS_RESOURCE_EXHAUSTED,
		"OWNED_ORGANIZATION_LIMIT");
	expect_refused(membership_may_join(&user, &organization, ORGD__V1__ROLE__ROLE_OWNER),
		STATUS_RESOURCE_EXHAUSTED, "OWNED_ORGANIZATION_LIMIT");
	expect_ok(membership_may_join(&user, &organization, ORGD__V1__ROLE__ROLE_ADMIN));
}

Test(membership, an_organization_has_at_most_32_owners)
{
	for (uint8_t i = 0; i < 31; i++)
		add(i);
	expect_ok(membership_may_own(&user, &organization));
	add(31);
	expect_refused(
		membership_may_own(&user, &organization), STATUS_RESOURCE_EXHAUSTED, "OWNER_LIMIT");
	expect_ok(membership_may_join(&user, &organization, ORGD__V1__ROLE__ROLE_ADMIN));
}

Test(membership, a_refusal_says_how_many_there_may_be)
{
	struct status status;

	user.organization_count = 100;
	status = membership_may_join(&user, &organization, ORGD__V1__ROLE__ROLE_MEMBER);
	cr_expect(strstr(status.failure->message, "at most 100 organizations"));
	user.owned_count = 50;
	status = membership_may_own(&user, &organization);
	cr_expect(strstr(status.failure->message, "at most 50 organizations"));
	user.owned_count = 0;
	for (uint8_t i = 0; i < 32; i++)
		add(i);
	status = membership_may_own(&user, &organization);
	cr_expect(strstr(status.failure->message, "at most 32 Owners"));
}
