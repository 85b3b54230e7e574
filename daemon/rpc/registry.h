/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/status.h"

/* One rpc, by the generated descriptors: there is no other dispatch table. */
struct method {
	char path[128]; /* "/orgd.v1.MemberService/RemoveMember" */
	const ProtobufCMethodDescriptor *descriptor;
	ProtobufCService *service; /* whose handler `index` is; its invoke calls it */
	unsigned index;
	unsigned number; /* 0 to registry_count() - 1 */
};

/* All methods of some services, found by name in constant time. Immutable: any thread. */
struct registry;

struct registry *registry_new(ProtobufCService *const *services, size_t count);
void registry_free(struct registry *registry);
/* NULL when there is no such method. */
const struct method *registry_find(const struct registry *registry, const char *path);
size_t registry_count(const struct registry *registry);
const struct method *registry_at(const struct registry *registry, unsigned number);
