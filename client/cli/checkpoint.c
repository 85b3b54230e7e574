/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "protojson.h"
#include "stream.h"

enum {
	FILE_MAX = 64 * 1024,
	HASH_BYTES = 32,
	STATEMENT_BYTES = 256,
	US_PER_S = 1000 * 1000,
	NS_PER_US = 1000,
};

static const char *read_file(struct cli *cli, const char *path)
{
	CLEANUP(stream_close) FILE *file = fopen(path, "re");
	char *text = arena_alloc(&cli->arena, FILE_MAX + 1);
	size_t size;

	if (!file)
		fail(EXIT_OTHER, NULL, "%s cannot be read: %m", path);
	size = fread(text, 1, FILE_MAX, file);
	if (ferror(file) || !feof(file))
		fail(EXIT_OTHER, NULL, "%s cannot be read, or is no checkpoint", path);
	text[size] = '\0';
	return text;
}

static Orgd__V1__Checkpoint *parse(struct cli *cli, const char *path)
{
	const char *text = read_file(cli, path);
	char problem[PROTOJSON_PROBLEM_BYTES];
	Orgd__V1__Checkpoint *checkpoint = (Orgd__V1__Checkpoint *)protojson_parse(
		&orgd__v1__checkpoint__descriptor, text, strlen(text), problem);

	if (!checkpoint)
		fail(EXIT_OTHER, "orgctl event checkpoint writes one", "%s is no checkpoint: %s",
			path, problem);
	if (checkpoint->head_hash.len != HASH_BYTES || !checkpoint->time ||
		checkpoint->signature.len != crypto_sign_BYTES ||
		checkpoint->public_key.len != crypto_sign_PUBLICKEYBYTES)
		fail(EXIT_OTHER, "orgctl event checkpoint writes one",
			"%s is no checkpoint: something is missing", path);
	return checkpoint;
}

/* The text that is signed; event_service.proto says how. */
static void state(const Orgd__V1__Checkpoint *checkpoint, char statement[STATEMENT_BYTES])
{
	int64_t us = checkpoint->time->seconds * US_PER_S + checkpoint->time->nanos / NS_PER_US;
	char head[2 * HASH_BYTES + 1];

	sodium_bin2hex(head, sizeof(head), checkpoint->head_hash.data, HASH_BYTES);
	snprintf(statement, STATEMENT_BYTES,
		"orgd checkpoint 1\n%" PRIu64 "\n%" PRIu64 "\n%s\n%" PRId64 "\n", checkpoint->epoch,
		checkpoint->revision, head, us);
}

static void check_key(struct cli *cli, const Orgd__V1__Checkpoint *checkpoint, const char *path)
{
	const char *text = given(cli, "public-key");
	uint8_t key[crypto_sign_PUBLICKEYBYTES];
	size_t size;

	if (!text) {
		note("the signature was checked by the key in %s itself, which whoever wrote the "
		     "file chose; give the one you wrote down as --public-key",
			path);
		return;
	}
	if (sodium_base642bin(key, sizeof(key), text, strlen(text), NULL, &size, NULL,
		    sodium_base64_VARIANT_ORIGINAL) ||
		size != sizeof(key))
		fail_usage(cli, "--public-key is not base64 of %zu bytes", sizeof(key));
	if (memcmp(key, checkpoint->public_key.data, sizeof(key)) != 0)
		fail(EXIT_OTHER,
			"every master key has a public key of its own; which one was in use then?",
			"%s was signed by another key than --public-key", path);
}

Orgd__V1__Checkpoint *checkpoint_read(struct cli *cli)
{
	const char *path = given(cli, "against");
	Orgd__V1__Checkpoint *checkpoint;
	char statement[STATEMENT_BYTES];

	if (sodium_init() < 0)
		fail(EXIT_OTHER, NULL, "libsodium cannot be used");
	checkpoint = parse(cli, path);
	state(checkpoint, statement);
	if (crypto_sign_verify_detached(checkpoint->signature.data, (const uint8_t *)statement,
		    strlen(statement), checkpoint->public_key.data))
		fail(EXIT_OTHER, NULL,
			"the signature in %s does not hold: it is not what orgd wrote", path);
	check_key(cli, checkpoint, path);
	return checkpoint;
}
