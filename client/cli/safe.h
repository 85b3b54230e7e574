/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/arena.h"

/*
 * Text from elsewhere on its way to a terminal. Control characters (C0, DEL, C1) and bidirectional
 * overrides could move the cursor, rename the window or turn a line around, so they are written out
 * as \u001b and the like; what is no UTF-8 becomes U+FFFD. The result is in the arena or is the
 * argument itself.
 */

/* On one line. */
char *safe_line(struct arena *arena, const char *text);
/* Line feeds and tabs stay. That is also right for JSON text: what it writes out can only stand in
 * a string there, where \u001b means the same. */
char *safe_text(struct arena *arena, const char *text);
