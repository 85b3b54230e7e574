/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mail_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *mail_fixture_directory(void)
{
	static char directory[4096];

	if (!*directory)
		snprintf(directory, sizeof(directory), "%.*s/../../daemon/templates",
			(int)(strrchr(__FILE__, '/') - __FILE__), __FILE__);
	return directory;
}

/* Calls `visit` for each file of the directory. */
static void visit_files(const char *directory,
	void (*visit)(const char *path, const char *name, const char *to), const char *to)
{
	DIR *open = opendir(directory);
	char path[8192];

	cr_assert(open);
	for (const struct dirent *entry; (entry = readdir(open));) {
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (*entry->d_name != '.')
			visit(path, entry->d_name, to);
	}
	closedir(open);
}

static void copy_file(const char *path, const char *name, const char *to)
{
	char content[32 * 1024];
	FILE *file = fopen(path, "r");
	size_t size;

	cr_assert(file);
	size = fread(content, 1, sizeof(content) - 1, file);
	cr_assert(size < sizeof(content) - 1);
	content[size] = '\0';
	fclose(file);
	mail_fixture_write(to, name, content);
}

static void remove_file(const char *path, const char *name, const char *to)
{
	(void)name, (void)to;
	cr_assert_not(unlink(path));
}

const char *mail_fixture_copy(void)
{
	static char copied[64];

	snprintf(copied, sizeof(copied), "/tmp/orgd-templates-XXXXXX");
	cr_assert(mkdtemp(copied));
	visit_files(mail_fixture_directory(), copy_file, copied);
	return copied;
}

void mail_fixture_remove(const char *directory)
{
	visit_files(directory, remove_file, NULL);
	cr_assert_not(rmdir(directory));
}

void mail_fixture_write(const char *directory, const char *name, const char *content)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	cr_assert(file);
	cr_assert(fputs(content, file) >= 0);
	fclose(file);
}

struct mail_letter mail_fixture_letter(enum mail_kind kind)
{
	static const struct mail_fact facts[] = {
		{ "organization", "Analytical Engines" },
		{ "inviter", "Ada Lovelace" },
		{ "role", "Admin" },
		{ "message", "Join us.\nThere is tea." },
		{ "expire_time", "Tuesday, 2 December 2025, 14:05 UTC" },
		{ "name", "Charles Babbage" },
		{ "reason", "The website does not answer" },
		{ "note", "Please check it." },
		{ "webhook", "hooks.example.com (Our CRM)" },
	};

	return (struct mail_letter){ .kind = kind,
		.message_id = "<dlv_00000000000000000000000001@portal.example>",
		.date_us = INT64_C(1764079500) * 1000000,
		.from_name = "Developer Portal",
		.from = "portal@portal.example",
		.to = "charles@example.com",
		.link = "https://portal.example/join?token=abc",
		.platform = "the portal",
		.support = "developer@example.com",
		.facts = facts,
		.fact_count = COUNT_OF(facts) };
}

char *mail_fixture_render(struct arena *arena, const struct mail_letter *letter)
{
	struct mail_templates *templates;
	struct bytes message;

	expect_ok(mail_templates_load(mail_fixture_directory(), &templates));
	expect_ok(mail_render(templates, letter, arena, &message));
	mail_templates_free(templates);
	return arena_strndup(arena, (const char *)message.data, message.size);
}

static char *decode_base64(struct arena *arena, const char *digits, size_t size)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *decoded = arena_alloc(arena, size + 1);
	size_t length = 0;
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < size; i++) {
		const char *digit = strchr(alphabet, digits[i]);

		if (!digit || !digits[i])
			continue;
		bits = bits << 6 | (uint32_t)(digit - alphabet);
		count += 6;
		if (count >= 8)
			decoded[length++] = (char)(bits >> (count -= 8));
	}
	decoded[length] = '\0';
	return decoded;
}

char *mail_fixture_part(struct arena *arena, const char *message, const char *type)
{
	const char *part = strstr(message, arena_printf(arena, "Content-Type: text/%s;", type));
	const char *content = part ? strstr(part, "\r\n\r\n") : NULL;
	const char *end = content ? strstr(content, "\r\n--") : NULL;

	cr_assert(end, "there is no part %s", type);
	return decode_base64(arena, content, (size_t)(end - content));
}

char *mail_fixture_header(struct arena *arena, const char *message, const char *name)
{
	const char *line = message;
	char *value;

	while (*line && strncmp(line, "\r\n", 2) != 0) {
		const char *end = strstr(line, "\r\n");

		while (end[2] == ' ' || end[2] == '\t')
			end = strstr(end + 2, "\r\n");
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':') {
			size_t kept = 0;

			line += strlen(name) + 2;
			value = arena_strndup(arena, line, (size_t)(end - line));
			for (const char *c = value; *c; c++)
				if (*c != '\r' && *c != '\n')
					value[kept++] = *c;
			value[kept] = '\0';
			return value;
		}
		line = end + 2;
	}
	return NULL;
}

char *mail_fixture_words(struct arena *arena, const char *value)
{
	static const char begin[] = "=?UTF-8?B?";
	char *decoded = arena_strdup(arena, "");

	for (const char *word; (word = strstr(value, begin)); value = strstr(word, "?=") + 2) {
		word += strlen(begin);
		decoded = arena_printf(
			arena, "%s%s", decoded, decode_base64(arena, word, strcspn(word, "?")));
	}
	return arena_printf(arena, "%s%s", decoded, value);
}
