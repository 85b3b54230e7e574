/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

#include <stdio.h>
#include <string.h>

static bool begun;

void csv_cell(const char *text)
{
	bool is_formula, is_quoted;

	if (begun)
		putchar(',');
	begun = true;
	if (!text)
		return;
	is_formula = text[0] && strchr("=+-@\t\r", text[0]);
	is_quoted = text[strcspn(text, ",\"\r\n")] != '\0';
	if (is_quoted)
		putchar('"');
	if (is_formula)
		putchar('\'');
	for (; *text; text++) {
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
