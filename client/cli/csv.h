/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>

/*
 * Comma-separated values on standard output, RFC 4180: lines end with CR LF, and a cell with a
 * comma, a quote or a line break is quoted.
 *
 * Names, descriptions and notes are typed by strangers and end in an administrator's spreadsheet,
 * which takes a cell that begins with = + - @ for a formula; some split at semicolons and tabs
 * too. Such a beginning gets an apostrophe in front, which spreadsheets take for "this is text".
 * Who needs every byte as it is takes JSON.
 */

/* The next cell of the line; NULL for an empty one. */
void csv_cell(const char *text);
void csv_end_line(void);
