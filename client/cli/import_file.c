/* SPDX-License-Identifier: Apache-2.0 */
#include "import_file.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void chunk_clear(struct chunk *chunk)
{
	for (size_t i = 0; i < chunk->count; i++)
		org_message_free(chunk->records[i]);
	chunk->count = 0;
}

/* How many lines there are, where the file can be read twice. */
static uint64_t count_lines(FILE *stream)
{
	static char text[1 << 16];
	struct stat status;
	uint64_t lines = 0;
	size_t size;

	if (fstat(fileno(stream), &status) || !S_ISREG(status.st_mode))
		return 0;
	while ((size = fread(text, 1, sizeof(text), stream)) > 0)
		for (const char *at = text; (at = memchr(at, '\n', size - (size_t)(at - text)));
			at++)
			lines++;
	rewind(stream);
	return lines;
}

bool import_file_open(struct import_file *file, const char *name)
{
	*file = (struct import_file){ .stream = strcmp(name, "-") == 0 ? stdin : fopen(name, "re"),
		.run_id = "" };
	if (!file->stream)
		return false;
	if (file->stream != stdin)
		file->total = count_lines(file->stream);
	return true;
}

void import_file_close(struct import_file *file)
{
	if (file->stream && file->stream != stdin)
		fclose(file->stream);
	free(file->text);
	*file = (struct import_file){ 0 };
}

static bool is_blank(const char *text, size_t size)
{
	return strspn(text, " \t\r\n") == size;
}

/* The next line that says something; its size, 0 at the end of the file or of all reading. */
static size_t next_line(struct import_file *file)
{
	ssize_t size;

	errno = 0;
	while ((size = getline(&file->text, &file->room, file->stream)) > 0) {
		file->line++;
		if (!is_blank(file->text, (size_t)size))
			return (size_t)size;
	}
	if (ferror(file->stream))
		snprintf(file->problem, sizeof(file->problem), "cannot be read on: %s",
			strerror(errno));
	return 0;
}

static bool add_record(struct import_file *file, struct chunk *chunk, size_t size)
{
	ProtobufCMessage *record =
		protojson_parse(&orgd__v1__record__descriptor, file->text, size, file->problem);

	if (!record)
		return false;
	chunk->lines[chunk->count] = file->line;
	chunk->records[chunk->count++] = (Orgd__V1__Record *)record;
	return true;
}

void import_file_read(struct import_file *file, struct chunk *chunk)
{
	unsigned char digest[(CHUNK_ID_BYTES - 1) / 2];
	crypto_generichash_state state;
	size_t bytes = 0, size;

	chunk->count = 0;
	crypto_generichash_init(&state, NULL, 0, sizeof(digest));
	crypto_generichash_update(
		&state, (const unsigned char *)file->run_id, strlen(file->run_id) + 1);
	while (!file->problem[0] && chunk->count < CHUNK_RECORDS_MAX && bytes < CHUNK_BYTES_MAX) {
		size = next_line(file);
		if (size == 0 || !add_record(file, chunk, size))
			break;
		crypto_generichash_update(
			&state, (const unsigned char *)&file->line, sizeof(file->line));
		crypto_generichash_update(&state, (const unsigned char *)file->text, size);
		bytes += size;
	}
	crypto_generichash_final(&state, digest, sizeof(digest));
	sodium_bin2hex(chunk->request_id, sizeof(chunk->request_id), digest, sizeof(digest));
}
