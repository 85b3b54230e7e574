/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "secret/base64.h"
#include "service/caller.h"

enum {
	PAGE_ROWS_DEFAULT = 50,
	PAGE_ROWS_MAX = 1000,
	PAGE_BYTES_MAX =
		REPLY_BYTES_MAX - 128 * 1024, /* leaves room for the page token and the envelope */
};

static void clear_field(ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
	void *value;

	assert(field);
	value = (char *)message + field->offset;
	if (field->type == PROTOBUF_C_TYPE_STRING)
		memcpy(value, &(char *){ NULL }, sizeof(char *));
	else
		memset(value, 0, sizeof(int32_t));
}

/* What a token is bound to: who asks for which list. */
static struct bytes binding(struct call *call)
{
	const ProtobufCMessageDescriptor *descriptor = call->request->descriptor;
	ProtobufCMessage *bare = arena_alloc(call->arena, descriptor->sizeof_message);
	struct bytes parts[3] = { caller_identity(call), bytes_of_string(call->method->path) };
	uint8_t *packed, *out = arena_alloc(call->arena, 32);

	memcpy(bare, call->request, descriptor->sizeof_message);
	clear_field(bare, "page_size");
	clear_field(bare, "page_token");
	packed = arena_alloc(call->arena, protobuf_c_message_get_packed_size(bare) + 1);
	parts[2] = bytes_of(packed, protobuf_c_message_pack(bare, packed));
	digest(parts, COUNT_OF(parts), out);
	return bytes_of(out, 32);
}

struct status page_begin(struct call *call, int32_t page_size, const char *token, struct page *page)
{
	struct bytes sealed, key;

	if (page_size < 0)
		return status_invalid("page_size", "PAGE_SIZE",
			"page_size is %d; ask for 0 to %d rows", page_size, PAGE_ROWS_MAX);
	page->size = page_size == 0              ? PAGE_ROWS_DEFAULT
		     : page_size > PAGE_ROWS_MAX ? PAGE_ROWS_MAX
						 : (uint32_t)page_size;
	page->bytes = 0;
	page->after.size = 0;
	if (!*token)
		return OK;
	if (!base64_decode(call->arena, token, &sealed) ||
		unseal(call->platform->keyring, KEY_PAGE, binding(call), sealed, call->arena, &key)
			.code ||
		key.size > KEY_MAX)
		return status_invalid("page_token", "PAGE_TOKEN",
			"this page_token is not for this caller and these arguments; begin the "
			"list again without one");
	key_add_bytes(&page->after, key.data, key.size);
	return OK;
}

bool page_add(struct page *page, const ProtobufCMessage *row)
{
	size_t size = protobuf_c_message_get_packed_size(row);

	if (!page->size || (page->bytes && page->bytes + size > PAGE_BYTES_MAX))
		return false;
	page->size--;
	page->bytes += size + 8; /* its tag and length in the list */
	return true;
}

char *page_token(struct call *call, const struct key *last)
{
	uint8_t nonce[24];

	entropy_draw(&call->entropy, nonce, sizeof(nonce));
	return base64_encode(call->arena, seal(call->platform->keyring, KEY_PAGE, binding(call),
						  nonce, key_bytes(last), call->arena));
}

const struct key *page_after(const struct page *page)
{
	return page->after.size ? &page->after : NULL;
}
