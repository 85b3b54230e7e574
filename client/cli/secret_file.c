/* SPDX-License-Identifier: Apache-2.0 */
#include "secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

void secret_file_check(struct cli *cli)
{
	if (flag(cli, "quiet") && !given(cli, "secret-file"))
		fail_usage(
			cli, "--quiet would lose the secret; say where it goes with --secret-file");
}

FILE *secret_file_open(struct cli *cli)
{
	const char *path = given(cli, "secret-file");
	int fd;

	secret_file_check(cli);
	if (!path)
		return NULL;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		fail(EXIT_OTHER, "name a file that is not there yet", "%s cannot be made: %m",
			path);
	return fdopen(fd, "w");
}

void secret_file_drop(struct cli *cli, FILE *file)
{
	if (file)
		unlink(given(cli, "secret-file"));
}

void secret_file_write(struct cli *cli, FILE *file, char *secret, const char *otherwise)
{
	if (!file) {
		output_sentence(cli, "Keep the secret: it is shown this once.");
		return;
	}
	fprintf(file, "%s\n", secret);
	if (fflush(file) != 0 || fsync(fileno(file)) != 0)
		fail(EXIT_OTHER, otherwise, "the secret could not be written: %m");
	explicit_bzero(secret, strlen(secret));
	output_sentence(cli, "The secret is in %s.", given(cli, "secret-file"));
}
