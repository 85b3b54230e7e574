/* SPDX-License-Identifier: Apache-2.0 */
#include "completion.h"

#include <string.h>

static enum exit_code completion(struct cli *cli)
{
	static const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {
		{ "bash", completion_bash },
		{ "zsh", completion_zsh },
		{ "fish", completion_fish },
	};
	const char *shell = given(cli, "shell");

	for (size_t i = 0; i < COUNT_OF(shells); i++)
		if (strcmp(shells[i].shell, shell) == 0) {
			shells[i].print();
			return EXIT_OK;
		}
	fail_usage(cli, "\"%s\" is no <shell>; it is one of: bash, zsh, fish", shell);
}

static const struct command commands[] = {
	{ "completion <shell>", "Print what a shell completes orgctl's lines by.",
		"orgctl completion bash", completion },
};

NOUN(completion_noun, NULL, "Completion.");
