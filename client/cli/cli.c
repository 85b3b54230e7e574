/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "times.h"

const char cli_global_syntax[] =
	"[--output FORMAT] [--quiet] [--profile NAME] [--url URL] [--operator] [--anonymous] "
	"[--api-key-file FILE] [--on-behalf-of USER] [--timeout SECONDS] [--request-id ID] "
	"[--help]";

void fail_usage(const struct cli *cli, const char *format, ...)
{
	char text[1024], hint[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(hint, sizeof(hint), "orgctl help%s%s%s%s", cli->syntax.word_count > 0 ? " " : "",
		cli->syntax.words[0], cli->syntax.word_count > 1 ? " " : "", cli->syntax.words[1]);
	fail(EXIT_USAGE, hint, "%s", text);
}

char *counted(struct cli *cli, unsigned count, const char *noun)
{
	return arena_printf(&cli->arena, "%u %s%s", count, noun, count == 1 ? "" : "s");
}

char *given(const struct cli *cli, const char *name)
{
	assert(syntax_find(&cli->syntax, name));
	return values_find(&cli->values, name);
}

size_t given_all(const struct cli *cli, const char *name, char ***list)
{
	assert(syntax_find(&cli->syntax, name));
	return values_all(&cli->values, name, list);
}

bool flag(const struct cli *cli, const char *name)
{
	return given(cli, name) != NULL;
}

/* As the command line wrote it: "--role" or "<role>". */
static const char *spelled(const struct cli *cli, const char *name, char text[48])
{
	bool is_argument = syntax_find(&cli->syntax, name)->kind == PARAMETER_ARGUMENT;

	snprintf(text, 48, is_argument ? "<%s>" : "--%s", name);
	return text;
}

static int enum_of(const struct cli *cli, const char *name,
	const ProtobufCEnumDescriptor *descriptor, const char *text)
{
	char words[512] = "", spelling[48];
	size_t length = 0;
	int value;

	if (enum_find(descriptor, text, &value))
		return value;
	for (unsigned i = 0; i < descriptor->n_values; i++) {
		char word[ENUM_WORD_BYTES];

		if (descriptor->values[i].value == 0 || length >= sizeof(words))
			continue;
		enum_word(descriptor, descriptor->values[i].value, word);
		length += (size_t)snprintf(
			words + length, sizeof(words) - length, "%s%s", length ? ", " : "", word);
	}
	fail_usage(cli, "\"%s\" is no %s; it is one of: %s", text, spelled(cli, name, spelling),
		words);
}

int given_enum(const struct cli *cli, const char *name, const ProtobufCEnumDescriptor *descriptor)
{
	const char *text = given(cli, name);

	return text ? enum_of(cli, name, descriptor, text) : 0;
}

size_t given_enums(const struct cli *cli, const char *name,
	const ProtobufCEnumDescriptor *descriptor, int **list)
{
	char **texts;
	size_t count = given_all(cli, name, &texts);

	*list = ARENA_ARRAY(cli->values.arena, int, count + 1);
	for (size_t i = 0; i < count; i++)
		(*list)[i] = enum_of(cli, name, descriptor, texts[i]);
	return count;
}

uint64_t given_number(const struct cli *cli, const char *name, uint64_t max)
{
	const char *text = given(cli, name);
	char *end, spelling[48];
	unsigned long long number;

	if (!text)
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || number > max)
		fail_usage(cli, "\"%s\" is no %s; it is a number up to %llu", text,
			spelled(cli, name, spelling), (unsigned long long)max);
	return number;
}

Google__Protobuf__Timestamp *given_time(struct cli *cli, const char *name)
{
	const char *text = given(cli, name);
	Google__Protobuf__Timestamp *timestamp;
	char spelling[48];

	if (!text)
		return NULL;
	timestamp = ARENA_NEW(&cli->arena, Google__Protobuf__Timestamp);
	google__protobuf__timestamp__init(timestamp);
	if (!time_parse(text, timestamp))
		fail_usage(cli,
			"\"%s\" is no %s; it is a time such as 2027-01-31, 2027-01-31T18:00:00Z "
			"or, from now, 30d",
			text, spelled(cli, name, spelling));
	return timestamp;
}

Google__Protobuf__Duration *given_span(struct cli *cli, const char *name)
{
	const char *text = given(cli, name);
	Google__Protobuf__Duration *span;
	char spelling[48];

	if (!text)
		return NULL;
	span = ARENA_NEW(&cli->arena, Google__Protobuf__Duration);
	google__protobuf__duration__init(span);
	if (!span_parse(text, &span->seconds))
		fail_usage(cli, "\"%s\" is no %s; it is a span of time such as 45m, 12h or 7d",
			text, spelled(cli, name, spelling));
	return span;
}

/* Every map<string, string> is generated alike. */
struct pair {
	ProtobufCMessage base;
	char *key, *value;
};

static size_t pair_set(struct pair **pairs, size_t count, struct pair *pair)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i]->key, pair->key) == 0) {
			pairs[i] = pair->value[0] ? pair : pairs[count - 1];
			return pair->value[0] ? count : count - 1;
		}
	if (!pair->value[0])
		return count;
	pairs[count] = pair;
	return count + 1;
}

size_t given_pairs(struct cli *cli, const char *name, const ProtobufCMessageDescriptor *entry,
	void *const *existing, size_t existing_count, void ***result)
{
	char **texts, spelling[48];
	size_t count = existing_count, given_count = given_all(cli, name, &texts);
	struct pair **pairs = ARENA_ARRAY(&cli->arena, struct pair *, count + given_count + 1);

	assert(entry->sizeof_message == sizeof(struct pair));
	if (count > 0)
		memcpy(pairs, existing, count * sizeof(*pairs));
	for (size_t i = 0; i < given_count; i++) {
		struct pair *pair = ARENA_NEW(&cli->arena, struct pair);
		char *equals = strchr(texts[i], '=');

		if (!equals || equals == texts[i])
			fail_usage(cli, "\"%s\" is no %s; it is KEY=VALUE", texts[i],
				spelled(cli, name, spelling));
		entry->message_init(&pair->base);
		pair->key = arena_strndup(&cli->arena, texts[i], (size_t)(equals - texts[i]));
		pair->value = equals + 1;
		count = pair_set(pairs, count, pair);
	}
	*result = (void **)pairs;
	return count;
}

Google__Protobuf__FieldMask *given_mask(struct cli *cli, const char *const names[])
{
	Google__Protobuf__FieldMask *mask = ARENA_NEW(&cli->arena, Google__Protobuf__FieldMask);
	size_t count = 0;

	while (names[count])
		count++;
	google__protobuf__field_mask__init(mask);
	mask->paths = ARENA_ARRAY(&cli->arena, char *, count + 1);
	for (size_t i = 0; i < count; i++) {
		char *path;

		if (!given(cli, names[i]))
			continue;
		path = arena_strdup(&cli->arena, names[i]);
		for (char *dash = path; (dash = strchr(dash, '-'));)
			*dash = '_';
		mask->paths[mask->n_paths++] = path;
	}
	if (mask->n_paths == 0)
		fail_usage(cli, "nothing was named that should change");
	return mask;
}
