/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "base/status.h"

enum { WIRE_DEPTH_MAX = 16 }; /* messages within messages */

/* Finds what is wrong with bytes that message_unpack_checked has refused: strings that are not
 * UTF-8 or hold a NUL, a field whose wire type does not fit, a singular message that comes twice
 * (merging them takes quadratic time), nesting that does not end. Fields that the message does not
 * know are skipped.
 *
 *   INVALID_ARGUMENT MALFORMED_REQUEST  the first thing that is wrong, with the field's name */
MUST_USE struct status wire_check(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes);
