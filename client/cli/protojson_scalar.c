/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protojson_internal.h"

/* --- texts --- */

/* The text of a string, NULL when it is none. */
static const char *text_read(const struct spot *spot, const json_t *json)
{
	const char *text = json_string_value(json);

	if (!text)
		spot_refuse(spot, "must be a string");
	else if (strlen(text) != json_string_length(json))
		spot_refuse(spot, "holds a NUL character");
	else
		return text;
	return NULL;
}

bool string_read(const struct spot *spot, const json_t *json, char **value)
{
	const char *text = text_read(spot, json);
	char *copy = text ? strdup(text) : NULL;

	if (!copy)
		return text && spot_refuse(spot, "out of memory");
	*value = copy;
	return true;
}

bool bytes_read(const struct spot *spot, const json_t *json, ProtobufCBinaryData *value)
{
	const char *text = text_read(spot, json);
	uint8_t *bytes;
	ptrdiff_t size;

	if (!text)
		return false;
	bytes = malloc(json_string_length(json) + 1);
	if (!bytes)
		return spot_refuse(spot, "out of memory");
	size = base64_decode(text, json_string_length(json), bytes);
	if (size < 0) {
		free(bytes);
		return spot_refuse(spot, "must be base64");
	}
	*value = (ProtobufCBinaryData){ .len = (size_t)size, .data = bytes };
	return true;
}

bool boolean_read(const struct spot *spot, const json_t *json, protobuf_c_boolean *value)
{
	if (!json_is_boolean(json))
		return spot_refuse(spot, "must be true or false");
	*value = json_is_true(json);
	return true;
}

/* --- numbers --- */

/* A whole number of up to 64 bits with its sign apart, so that int64 and uint64 both fit. */
struct whole {
	bool negative;
	uint64_t magnitude;
};

/* Decimal digits as JSON has them: no leading zeros, no plus, nothing around them. */
static bool whole_from_text(const char *text, struct whole *whole)
{
	*whole = (struct whole){ .negative = *text == '-' };
	text += whole->negative;
	if (*text == '\0' || (*text == '0' && text[1] != '\0'))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' ||
			__builtin_mul_overflow(whole->magnitude, 10, &whole->magnitude) ||
			__builtin_add_overflow(
				whole->magnitude, (uint64_t)(*text - '0'), &whole->magnitude))
			return false;
	}
	return true;
}

static bool whole_from_real(double number, struct whole *whole)
{
	double magnitude = fabs(number);

	if (magnitude != trunc(magnitude) || magnitude >= 0x1p64)
		return false;
	*whole = (struct whole){ .negative = number < 0, .magnitude = (uint64_t)magnitude };
	return true;
}

static struct whole whole_from_integer(json_int_t number)
{
	return (struct whole){
		.negative = number < 0,
		.magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number,
	};
}

static bool whole_read(const struct spot *spot, const json_t *json, struct whole *whole)
{
	if (json_is_integer(json)) {
		*whole = whole_from_integer(json_integer_value(json));
		return true;
	}
	if (json_is_real(json))
		return whole_from_real(json_real_value(json), whole) ||
		       spot_refuse(spot, "must be a whole number of at most 64 bits");
	if (json_is_string(json))
		return whole_from_text(json_string_value(json), whole) ||
		       spot_refuse(spot, "must be a whole number of at most 64 bits");
	return spot_refuse(spot, "must be a number");
}

static bool signed_read(const struct spot *spot, const json_t *json, unsigned bits, int64_t *number)
{
	const uint64_t limit = UINT64_C(1) << (bits - 1);
	struct whole whole;

	if (!whole_read(spot, json, &whole))
		return false;
	if (whole.magnitude > limit - (whole.negative ? 0 : 1))
		return spot_refuse(spot, "is out of the range of a %u-bit number", bits);
	*number = (int64_t)(whole.negative ? -whole.magnitude : whole.magnitude);
	return true;
}

static bool unsigned_read(
	const struct spot *spot, const json_t *json, unsigned bits, uint64_t *number)
{
	struct whole whole;

	if (!whole_read(spot, json, &whole))
		return false;
	if ((whole.negative && whole.magnitude > 0) || whole.magnitude > UINT64_MAX >> (64 - bits))
		return spot_refuse(spot, "is out of the range of an unsigned %u-bit number", bits);
	*number = whole.magnitude;
	return true;
}

static bool real_from_text(const char *text, double *number)
{
	json_t *json;

	if (strcmp(text, "NaN") == 0)
		*number = NAN;
	else if (strcmp(text, "Infinity") == 0)
		*number = INFINITY;
	else if (strcmp(text, "-Infinity") == 0)
		*number = -INFINITY;
	else {
		json = json_loads(text, JSON_DECODE_ANY, NULL);
		if (!json_is_number(json)) {
			json_decref(json);
			return false;
		}
		*number = json_number_value(json);
		json_decref(json);
	}
	return true;
}

static bool real_read(const struct spot *spot, const json_t *json, double max, double *number)
{
	if (json_is_number(json))
		*number = json_number_value(json);
	else if (!json_is_string(json) || !real_from_text(json_string_value(json), number))
		return spot_refuse(
			spot, "must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
	if (isfinite(*number) && fabs(*number) > max)
		return spot_refuse(spot, "is out of the range of a floating-point number");
	return true;
}

bool integer_read(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const json_t *json, void *value)
{
	bool is_signed =
		field->type == PROTOBUF_C_TYPE_INT32 || field->type == PROTOBUF_C_TYPE_SINT32 ||
		field->type == PROTOBUF_C_TYPE_SFIXED32 || field->type == PROTOBUF_C_TYPE_INT64 ||
		field->type == PROTOBUF_C_TYPE_SINT64 || field->type == PROTOBUF_C_TYPE_SFIXED64;
	size_t bytes = field_value_bytes(field);
	uint64_t number = 0;
	int64_t signed_number = 0;

	if (is_signed) {
		if (!signed_read(spot, json, (unsigned)bytes * 8, &signed_number))
			return false;
		number = (uint64_t)signed_number;
	} else if (!unsigned_read(spot, json, (unsigned)bytes * 8, &number)) {
		return false;
	}
	if (bytes == sizeof(uint64_t))
		*(uint64_t *)value = number;
	else
		*(uint32_t *)value = (uint32_t)number;
	return true;
}

bool floating_read(const struct spot *spot, const ProtobufCFieldDescriptor *field,
	const json_t *json, void *value)
{
	double number = 0;

	if (field->type == PROTOBUF_C_TYPE_DOUBLE)
		return real_read(spot, json, DBL_MAX, value);
	if (!real_read(spot, json, (double)FLT_MAX, &number))
		return false;
	*(float *)value = (float)number;
	return true;
}

bool enum_read(const struct spot *spot, const ProtobufCEnumDescriptor *descriptor,
	const json_t *json, int *value)
{
	const ProtobufCEnumValue *named;
	const char *name;
	int64_t number;

	if (!json_is_string(json)) {
		if (!json_is_number(json))
			return spot_refuse(
				spot, "must be the name of a %s", descriptor->short_name);
		if (!signed_read(spot, json, 32, &number))
			return false;
		*value = (int)number;
		return true;
	}
	name = text_read(spot, json);
	if (!name)
		return false;
	named = protobuf_c_enum_descriptor_get_value_by_name(descriptor, name);
	if (!named)
		return spot_refuse(
			spot, "\"%s\" is not the name of a %s", name, descriptor->short_name);
	*value = named->value;
	return true;
}

/* --- messages that are one string --- */

bool mask_read(const struct spot *spot, const json_t *json, Google__Protobuf__FieldMask *mask)
{
	const char *text = text_read(spot, json), *path = text;
	size_t wanted = 1;

	if (!text || text[0] == '\0')
		return text;
	for (const char *c = text; *c; c++)
		wanted += *c == ',';
	mask->paths = calloc(wanted, sizeof(*mask->paths));
	if (!mask->paths)
		return spot_refuse(spot, "out of memory");
	for (; mask->n_paths < wanted; mask->n_paths++) {
		size_t length = strcspn(path, ",");
		char *out = malloc(2 * length + 1);

		if (!out)
			return spot_refuse(spot, "out of memory");
		if (!path_from_camel(path, length, out)) {
			free(out);
			return spot_refuse(
				spot, "must be lowerCamelCase names with commas between them");
		}
		mask->paths[mask->n_paths] = out;
		path += length + (path[length] == ',');
	}
	return true;
}

bool timestamp_read(
	const struct spot *spot, const json_t *json, Google__Protobuf__Timestamp *timestamp)
{
	const char *text = text_read(spot, json);

	return text &&
	       (timestamp_from_text(text, timestamp) ||
		       spot_refuse(spot, "must be a time like 2026-11-24T09:30:00Z, in the years "
					 "1 to 9999"));
}

bool duration_read(
	const struct spot *spot, const json_t *json, Google__Protobuf__Duration *duration)
{
	const char *text = text_read(spot, json);

	return text &&
	       (duration_from_text(text, duration) ||
		       spot_refuse(spot, "must be seconds like \"3600s\" or \"1.5s\", at most "
					 "10,000 years"));
}
