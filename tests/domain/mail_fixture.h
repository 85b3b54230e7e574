/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
#include "base/arena.h"
#include "base/expect.h"
#include "domain/mail.h"

/* The project's own templates. */
const char *mail_fixture_directory(void);
/* A copy of them in a directory of the test's, to be spoiled. */
const char *mail_fixture_copy(void);
void mail_fixture_remove(const char *directory);
void mail_fixture_write(const char *directory, const char *name, const char *content);

/* An invitation whose every fact is golden. */
struct mail_letter mail_fixture_letter(enum mail_kind kind);
/* Renders it with the project's templates, in the arena. */
char *mail_fixture_render(struct arena *arena, const struct mail_letter *letter);
/* The decoded content of a rendered message's part: "plain" or "html". */
char *mail_fixture_part(struct arena *arena, const char *message, const char *type);
/* The value of a header, unfolded; NULL when there is none. */
char *mail_fixture_header(struct arena *arena, const char *message, const char *name);
/* The same with its RFC 2047 encoded words decoded. */
char *mail_fixture_words(struct arena *arena, const char *value);
