/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/name.h"

#include <locale.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wctype.h>

#include "base/utf8.h"

static locale_t utf8_locale;

static void open_locale(void)
{
	utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
}

static uint32_t fold(uint32_t point)
{
	return utf8_locale                    ? towlower_l(point, utf8_locale)
	       : point >= 'A' && point <= 'Z' ? point - 'A' + 'a'
					      : point;
}

bool name_begins_with(const char *name, const char *prefix)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_locale);
	while (*prefix) {
		uint32_t ours, theirs;
		size_t step = utf8_decode(name, strlen(name), &ours);
		size_t prefix_step = utf8_decode(prefix, strlen(prefix), &theirs);

		if (!step || !prefix_step || fold(ours) != fold(theirs))
			return false;
		name += step;
		prefix += prefix_step;
	}
	return true;
}
