/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "command.h"

/* Help, made from the table of commands. Each prints to standard output. */
void help_overview(void);
void help_noun(const struct noun *noun);
void help_command(const struct command *command);
/* What `words` name, the overview for none. Ends the process when they name nothing. */
void help_about(struct arena *arena, char *const *words);
