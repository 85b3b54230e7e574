/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#define MUST_USE                  __attribute__((warn_unused_result))
#define PRINTF_LIKE(format, args) __attribute__((__format__(__printf__, format, args)))
#define LIKELY(x)                 __builtin_expect(!!(x), 1)
#define UNLIKELY(x)               __builtin_expect(!!(x), 0)
#define COUNT_OF(array)           (sizeof(array) / sizeof(*(array)))
#define UNUSED                    __attribute__((unused))

/* ThreadSanitizer knows no fences. */
#ifdef ORGD_SANITIZED
#define FENCE(order) ((void)0)
#else
#define FENCE(order) atomic_thread_fence(order)
#endif

/* Runs `function(&variable)` when the variable leaves its scope; initialise it where declared. */
#define CLEANUP(function) __attribute__((cleanup(function)))

/* The struct of `type` whose `member` is at `pointer`. */
#define CONTAINER_OF(pointer, type, member)                                                        \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))
