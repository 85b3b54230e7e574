/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <criterion/criterion.h>
#include <string.h>

#include "base/status.h"

/* What a function answered, compared where the test calls it. */
#define expect_ok(expression)                                                                      \
	do {                                                                                       \
		struct status status_ = (expression);                                              \
		cr_expect_eq(status_.code, STATUS_OK, "%s: %s", #expression,                       \
			status_.failure ? status_.failure->message : "");                          \
	} while (0)

#define expect_refused(expression, expected_code, expected_reason)                                 \
	do {                                                                                       \
		struct status status_ = (expression);                                              \
		cr_assert_eq(status_.code, (expected_code), "%s: %s", #expression,                 \
			status_code_name((int)status_.code));                                      \
		cr_expect_str_eq(status_.failure->reason, (expected_reason));                      \
	} while (0)

/* A refusal of the request's field "field". */
#define expect_invalid(expression, expected_reason)                                                \
	do {                                                                                       \
		struct status invalid_ = (expression);                                             \
		expect_refused(invalid_, STATUS_INVALID_ARGUMENT, expected_reason);                \
		cr_expect_str_eq(invalid_.failure->field, "field");                                \
	} while (0)
