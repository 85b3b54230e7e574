/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <google/protobuf/timestamp.pb-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Times and spans of time as people write and read them. */

/* "40 seconds", "3 minutes", "2 days 5 hours": the two largest units that there is something of. */
void span_format(int64_t seconds, char *text, size_t room);
/* "45s", "90m", "12h", "7d", "1d12h"; false for anything else. */
bool span_parse(const char *text, int64_t *seconds);

/* Local time with its offset, RFC 3339. */
char *time_format(struct arena *arena, const Google__Protobuf__Timestamp *timestamp);
/* UTC as in ProtoJSON, with what there is of a fraction: "2027-01-31T18:00:00.250Z". */
char *time_raw(struct arena *arena, const Google__Protobuf__Timestamp *timestamp);
/* Local time to the second, for a column of them: "2027-01-31 19:00:00". */
char *time_exact(struct arena *arena, const Google__Protobuf__Timestamp *timestamp);
/* How far it is from now, in its largest unit: "in 3 days", "2 hours ago", "now". */
char *time_distance(struct arena *arena, const Google__Protobuf__Timestamp *timestamp);
/* The same within 60 days; what is further away is a date. */
char *time_brief(struct arena *arena, const Google__Protobuf__Timestamp *timestamp);
/* RFC 3339, a date alone for its beginning here, or a span from now; false for anything else. */
bool time_parse(const char *text, Google__Protobuf__Timestamp *timestamp);
