/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "failure.h"
#include "session_file.h"
#include "syntax.h"
#include "values.h"

/*
 * One run of orgctl, as a command sees it. Commands are short: what cannot go on ends the process
 * in fail(), so that a handler reads as what it does when all is well.
 */
struct cli {
	struct arena arena;
	const struct command *command;
	struct syntax syntax; /* the command's and what every command takes */
	struct values values;

	const char *profile;
	struct session session;
	const char *url;
	const char *authorization; /* a token, "Peer", or "" for anyone */

	struct org_client *client; /* NULL before the first call */
	struct kept *kept;         /* responses, until the end */
	struct listing *listing;   /* the list that is being read, NULL for none */
	uint64_t ended_at;         /* the --limit that ended it; 0 when it is complete */
	bool is_headed;            /* a line of names stands above what is printed row by row */
};

/* A command of the table. */
struct command {
	const char *syntax;
	const char *summary; /* a sentence */
	const char *example; /* a whole line that the syntax takes */
	enum exit_code (*run)(struct cli *cli);
};

/* What every command takes besides its own parameters. */
extern const char cli_global_syntax[];

/* --- what the command line gave; the names are those of the syntax --- */

/* NULL when it was not given. */
char *given(const struct cli *cli, const char *name);
size_t given_all(const struct cli *cli, const char *name, char ***list);
bool flag(const struct cli *cli, const char *name);

/* The next answer 0 or NULL when it was not given, and end the process when it is nothing of that
 * kind. */

/* A word of an enum, in any case: "owner", "needs-information". */
int given_enum(const struct cli *cli, const char *name, const ProtobufCEnumDescriptor *descriptor);
/* Each time that the option was given. */
size_t given_enums(const struct cli *cli, const char *name,
	const ProtobufCEnumDescriptor *descriptor, int **list);
uint64_t given_number(const struct cli *cli, const char *name, uint64_t max);
Google__Protobuf__Timestamp *given_time(struct cli *cli, const char *name);
Google__Protobuf__Duration *given_span(struct cli *cli, const char *name);
/* KEY=VALUE each: a map as it is in a message, `existing` changed by what was given. A pair without
 * a value takes its key out. `entry` is the descriptor of the map's entries. */
size_t given_pairs(struct cli *cli, const char *name, const ProtobufCMessageDescriptor *entry,
	void *const *existing, size_t existing_count, void ***pairs);

/* "1 member", "2 members". */
char *counted(struct cli *cli, unsigned count, const char *noun);

/* Names the fields whose options were given, by the option's name with "_" for "-". Without any
 * there is nothing to change, which ends the process. `names` ends with NULL. */
Google__Protobuf__FieldMask *given_mask(struct cli *cli, const char *const names[]);

/* Ends the process: the command line can never be right. */
__attribute__((noreturn)) void fail_usage(const struct cli *cli, const char *format, ...)
	PRINTF_LIKE(2, 3);
