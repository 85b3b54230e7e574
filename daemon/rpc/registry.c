/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/registry.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An open hash table of at least twice as many slots as methods; a slot holds a method's number
 * plus one. */
struct registry {
	struct method *methods;
	size_t count;
	uint32_t *slots;
	size_t slot_mask;
};

/* FNV-1a. The table never grows, so no choice of paths by a peer makes it slower. */
static size_t path_hash(const char *path)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *path; path++)
		hash = (hash ^ (uint8_t)*path) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

/* The slot of the method at `path`, or the empty one where it would go. */
static uint32_t *slot_of(const struct registry *registry, const char *path)
{
	for (size_t i = path_hash(path);; i++) {
		uint32_t *slot = &registry->slots[i & registry->slot_mask];

		if (*slot == 0 || strcmp(registry->methods[*slot - 1].path, path) == 0)
			return slot;
	}
}

static void method_add(struct registry *registry, ProtobufCService *service, unsigned index)
{
	struct method *method = &registry->methods[registry->count];
	uint32_t *slot;
	int length;

	*method = (struct method){
		.descriptor = &service->descriptor->methods[index],
		.service = service,
		.index = index,
		.number = (unsigned)registry->count,
	};
	length = snprintf(method->path, sizeof(method->path), "/%s/%s", service->descriptor->name,
		method->descriptor->name);
	assert(length > 0 && (size_t)length < sizeof(method->path));
	slot = slot_of(registry, method->path);
	assert(*slot == 0); /* no two methods have one path */
	*slot = (uint32_t)++registry->count;
}

static void *zalloc(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		abort();
	return memory;
}

struct registry *registry_new(ProtobufCService *const *services, size_t count)
{
	struct registry *registry = zalloc(1, sizeof(*registry));
	size_t methods = 0, slots = 2;

	for (size_t i = 0; i < count; i++)
		methods += services[i]->descriptor->n_methods;
	while (slots < 2 * methods)
		slots *= 2;
	registry->methods = zalloc(methods + 1, sizeof(*registry->methods));
	registry->slots = zalloc(slots, sizeof(*registry->slots));
	registry->slot_mask = slots - 1;
	for (size_t i = 0; i < count; i++)
		for (unsigned index = 0; index < services[i]->descriptor->n_methods; index++)
			method_add(registry, services[i], index);
	return registry;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	free(registry->methods);
	free(registry->slots);
	free(registry);
}

const struct method *registry_find(const struct registry *registry, const char *path)
{
	uint32_t slot = *slot_of(registry, path);

	return slot == 0 ? NULL : &registry->methods[slot - 1];
}

size_t registry_count(const struct registry *registry)
{
	return registry->count;
}

const struct method *registry_at(const struct registry *registry, unsigned number)
{
	assert(number < registry->count);
	return &registry->methods[number];
}
