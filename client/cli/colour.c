/* SPDX-License-Identifier: Apache-2.0 */
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool colour_wanted(FILE *stream)
{
	const char *without = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(fileno(stream)) && !(without && without[0]) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}
