/* SPDX-License-Identifier: Apache-2.0 */
#include "criterion/criterion.h"

#include <unistd.h>

static struct test *tests, *suites;

void test_register(struct test *test)
{
	struct test **list = test->run ? &tests : &suites;

	test->next = *list;
	*list = test;
}

void test_fail(const char *file, int line)
{
	fprintf(stderr, "%s:%d: failed\n", file, line);
	_exit(1);
}

static void call(void (*function)(void))
{
	if (function)
		function();
}

int main(void)
{
	static const struct test none;

	for (const struct test *test = tests; test; test = test->next) {
		const struct test *suite = suites;

		while (suite && strcmp(suite->suite, test->suite) != 0)
			suite = suite->next;
		if (!suite)
			suite = &none;
		call(suite->options.init);
		call(test->options.init);
		test->run();
		call(test->options.fini);
		call(suite->options.fini);
	}
	return 0;
}
