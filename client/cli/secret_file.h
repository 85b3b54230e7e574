/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdio.h>

#include "cli.h"

/*
 * Where a secret goes that is shown once: to the file that --secret-file names, or to the terminal.
 *
 *	CLEANUP(stream_close) FILE *file = secret_file_open(cli);
 *	... the call; secret_file_drop(cli, file) when it is refused ...
 *	secret_file_write(cli, file, secret, "revoke the key and make another");
 */

/* Ends the process when the secret would go nowhere: --quiet without --secret-file. */
void secret_file_check(struct cli *cli);
/* The same, and before the call, so that the secret is not lost to a file that cannot be made. NULL
 * without --secret-file. */
FILE *secret_file_open(struct cli *cli);
/* Takes the file away again. */
void secret_file_drop(struct cli *cli, FILE *file);
/* Writes the secret, wipes it, and says where it is. `otherwise` is what to do when the disk is
 * full. */
void secret_file_write(struct cli *cli, FILE *file, char *secret, const char *otherwise);
