/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the tests of domain/ use of Criterion, in one process that ends with the first failure.
 * Criterion starts a process a test, which is right for tests, and too slow to run all of them a
 * thousand times.
 */
struct test_options {
	void (*init)(void), (*fini)(void);
};

struct test {
	const char *suite;
	void (*run)(void); /* NULL: these are the suite's options */
	struct test_options options;
	struct test *next;
};

void test_register(struct test *test);
_Noreturn void test_fail(const char *file, int line);

#define TEST_REGISTER(id, suite_name, function, ...)                                               \
	static struct test test_##id = { #suite_name, function, { __VA_ARGS__ }, NULL };           \
	__attribute__((constructor)) static void test_register_##id(void)                          \
	{                                                                                          \
		test_register(&test_##id);                                                         \
	}
#define Test(suite, name, ...)                                                                     \
	static void suite##_##name(void);                                                          \
	TEST_REGISTER(suite##_##name, suite, suite##_##name, __VA_ARGS__)                          \
	static void suite##_##name(void)
#define TestSuite(suite, ...) TEST_REGISTER(suite, suite, NULL, __VA_ARGS__)

#define cr_assert(condition, ...)     ((condition) ? (void)0 : test_fail(__FILE__, __LINE__))
#define cr_assert_not(condition, ...) cr_assert(!(condition))
#define cr_assert_null(a, ...)        cr_assert((a) == NULL)
#define cr_assert_not_null(a, ...)    cr_assert((a) != NULL)
#define cr_assert_eq(a, b, ...)       cr_assert((a) == (b))
#define cr_assert_neq(a, b, ...)      cr_assert((a) != (b))
#define cr_assert_lt(a, b, ...)       cr_assert((a) < (b))
#define cr_assert_leq(a, b, ...)      cr_assert((a) <= (b))
#define cr_assert_gt(a, b, ...)       cr_assert((a) > (b))
#define cr_assert_geq(a, b, ...)      cr_assert((a) >= (b))
#define cr_assert_str_eq(a, b, ...)   cr_assert(!strcmp((a), (b)))
#define cr_assert_str_neq(a, b, ...)  cr_assert(strcmp((a), (b)))
#define cr_assert_str_empty(a, ...)   cr_assert(!*(a))

#define cr_expect           cr_assert
#define cr_expect_not       cr_assert_not
#define cr_expect_null      cr_assert_null
#define cr_expect_not_null  cr_assert_not_null
#define cr_expect_eq        cr_assert_eq
#define cr_expect_neq       cr_assert_neq
#define cr_expect_lt        cr_assert_lt
#define cr_expect_leq       cr_assert_leq
#define cr_expect_gt        cr_assert_gt
#define cr_expect_geq       cr_assert_geq
#define cr_expect_str_eq    cr_assert_str_eq
#define cr_expect_str_neq   cr_assert_str_neq
#define cr_expect_str_empty cr_assert_str_empty
