/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <org_client.h>
#include <stdint.h>
#include <stdio.h>

#include "protojson.h"

/*
 * A file of records in ProtoJSON, one a line, in chunks of a call each. Empty lines are passed
 * over.
 */
enum {
	CHUNK_RECORDS_MAX = 512,
	CHUNK_BYTES_MAX = 512 * 1024, /* of text; one record may be longer */
	CHUNK_ID_BYTES = 49,
};

struct chunk {
	size_t count;
	Orgd__V1__Record *records[CHUNK_RECORDS_MAX];
	uint64_t lines[CHUNK_RECORDS_MAX];
	/* Derived from the run's id, the lines and what they say: a second run over the same file
	 * makes the same calls, and what was done is not done again. */
	char request_id[CHUNK_ID_BYTES];
};
void chunk_clear(struct chunk *chunk);

struct import_file {
	FILE *stream;
	const char *run_id; /* borrowed; "" for none */
	uint64_t line;      /* the latest that was read */
	uint64_t total;     /* lines in all; 0 when nobody knows */
	char *text;
	size_t room;
	/* Why it cannot go on, about `line`; empty while it can. */
	char problem[PROTOJSON_PROBLEM_BYTES];
};
/* "-" is standard input. False with errno. */
bool import_file_open(struct import_file *file, const char *name);
void import_file_close(struct import_file *file);
/* Reads the next chunk, which is empty at the end of the file, and shorter where there is a
 * problem. */
void import_file_read(struct import_file *file, struct chunk *chunk);
