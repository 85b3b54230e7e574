/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

#include <stdio.h>
#include <string.h>

static bool begun;

void csv_cell(const char *text)
{
	bool is_quoted, cell_begins = true;

	if (begun)
		putchar(',');
	begun = true;
	if (!text)
		return;
	is_quoted = text[strcspn(text, ",\"\r\n")] != '\0';
	if (is_quoted)
		putchar('"');
	for (; *text; text++) {
		if (cell_begins && strchr("=+-@\t\r", *text))
			putchar('\'');
		/* Some split here as well, whatever the quotes around say. */
		cell_begins = strchr(";\t", *text) || (cell_begins && *text == '"');
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	if (is_quoted)
		putchar('"');
}

void csv_end_line(void)
{
	fputs("\r\n", stdout);
	begun = false;
}
