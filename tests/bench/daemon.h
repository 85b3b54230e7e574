/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include <stdint.h>
#include <sys/types.h>

/* The real daemon on a fresh directory, with somebody who may read something. */
struct daemon {
	pid_t pid;
	char directory[4096]; /* absolute; the database is in its "db" */
	char socket_path[108];
	char url[128];
	char authorization[128]; /* of a service with the scopes "check" and "documents" */
	char user_id[40], document_id[40];
};

/* Makes a directory inside `parent` and starts `executable` on it; returns when it serves. The
 * daemon ends with this process. */
void daemon_start(struct daemon *daemon, const char *executable, const char *parent);
/* Signs up a user, creates and verifies their organization, and grants it a document. */
void daemon_populate(struct daemon *daemon);
/* What GetStatus tells. */
void daemon_commits(const struct daemon *daemon, uint64_t *mutations, uint64_t *commits);
/* One more document with that title, by the service; returns its revision. */
extern char daemon_document_title[];
uint64_t daemon_create_document(struct daemon *daemon);
/* Ends the daemon, which must be content, and removes the directory. */
void daemon_stop(struct daemon *daemon);
