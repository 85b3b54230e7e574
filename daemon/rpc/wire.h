/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
#include "base/status.h"

enum { WIRE_DEPTH_MAX = 16 }; /* messages within messages */

/* Checks what protobuf-c does not look at when it unpacks, before it allocates anything: that
 * strings are UTF-8 without a NUL, that each field has a wire type that fits, that no singular
 * message comes twice (protobuf-c would merge the two in quadratic time), and that nesting ends.
 * Fields that the message does not know are skipped.
 *
 *   INVALID_ARGUMENT MALFORMED_REQUEST  the first thing that is wrong, with the field's name */
MUST_USE struct status wire_check(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes);
