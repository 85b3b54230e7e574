/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdbool.h>
#include <stdio.h>

/* May there be colours? Only on a terminal that has them, and not with NO_COLOR (no-color.org). */
bool colour_wanted(FILE *stream);
