/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Stands in for libFuzzer where the compiler has none: runs the target once on each file that is
 * named. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	size_t size;
	long end;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0) {
		perror(path);
		return EXIT_FAILURE;
	}
	rewind(file);
	/* Exactly as large as the input, so that a sanitizer sees a read past its end. */
	data = malloc((size_t)end + (end == 0));
	if (!data)
		abort();
	size = fread(data, 1, (size_t)end, file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	fclose(file);
	return EXIT_SUCCESS;
}

int main(int count, char **paths)
{
	if (count < 2) {
		fprintf(stderr, "usage: %s FILE...\n", paths[0]);
		return EXIT_FAILURE;
	}
	for (int i = 1; i < count; i++)
		if (replay(paths[i]) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
