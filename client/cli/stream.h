/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdio.h>

/* For CLEANUP(stream_close). */
static inline void stream_close(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}
