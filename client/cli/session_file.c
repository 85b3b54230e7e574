/* SPDX-License-Identifier: Apache-2.0 */
#include "session_file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "stream.h"

#define SUFFIX ".session"

enum { PROFILE_MAX = 64, PATH_BYTES = 4096 };

static void file_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* A profile is part of a file's name. */
static bool profile_is_valid(const char *profile)
{
	size_t length = strlen(profile);

	if (length == 0 || length > PROFILE_MAX || profile[0] == '.')
		return false;
	for (const char *c = profile; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.@+", *c))
			return false;
	return true;
}

static void check_profile(const char *profile)
{
	if (!profile_is_valid(profile))
		fail(EXIT_USAGE, NULL,
			"\"%s\" names no profile: 1 to %d letters, digits, \".\", \"-\", \"_\", "
			"\"@\" or \"+\"",
			profile, PROFILE_MAX);
}

static void directory_path(char path[PATH_BYTES])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const struct passwd *user;
	int length;

	if (state && state[0] == '/') {
		length = snprintf(path, PATH_BYTES, "%s/orgctl", state);
	} else {
		if (!home || home[0] != '/') {
			user = getpwuid(geteuid());
			home = user ? user->pw_dir : "/";
		}
		length = snprintf(path, PATH_BYTES, "%s/.local/state/orgctl", home);
	}
	if (length >= PATH_BYTES)
		fail(EXIT_OTHER, NULL, "XDG_STATE_HOME or HOME is too long");
}

/* Makes the directories that lead to `path`, and that one itself. */
static void directory_make(char path[PATH_BYTES])
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		fail(EXIT_OTHER, NULL, "%s cannot be made: %m", path);
}

/* Ours alone? */
static void check_private(int fd, const char *name, mode_t type)
{
	struct stat file;

	if (fstat(fd, &file) < 0)
		fail(EXIT_OTHER, NULL, "%s: %m", name);
	if ((file.st_mode & S_IFMT) != type || file.st_uid != geteuid())
		fail(EXIT_OTHER, "remove it and sign in again",
			"%s is not what orgctl put there, or belongs to someone else", name);
	if (file.st_mode & 077)
		fail(EXIT_OTHER,
			type == S_IFDIR ? "take the rights of others away: chmod 700 DIRECTORY"
					: "take the rights of others away: chmod 600 FILE",
			"%s can be read or written by others, so what it holds is not secret",
			name);
}

/* -1 when there is none yet. */
static int directory_open(char path[PATH_BYTES])
{
	int fd;

	directory_path(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd < 0)
		fail(EXIT_OTHER, NULL, "%s cannot be opened: %m", path);
	check_private(fd, path, S_IFDIR);
	return fd;
}

/* The text behind "key ", NULL when the line is another's. */
static char *value_of(struct arena *arena, const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0 || line[length] != ' ')
		return NULL;
	return arena_strndup(arena, line + length + 1, strcspn(line + length + 1, "\n"));
}

static void read_lines(struct arena *arena, FILE *stream, struct session *session)
{
	const struct {
		const char *key;
		char **value;
	} keys[] = {
		{ "url", &session->url },
		{ "token", &session->token },
		{ "email", &session->email },
		{ "user", &session->user_id },
	};
	char line[4096];

	while (fgets(line, sizeof(line), stream))
		for (size_t i = 0; i < COUNT_OF(keys); i++) {
			char *value = value_of(arena, line, keys[i].key);

			if (value)
				*keys[i].value = value;
		}
	explicit_bzero(line, sizeof(line));
}

void session_load(struct arena *arena, const char *profile, struct session *session)
{
	CLEANUP(file_close) int directory = -1;
	CLEANUP(stream_close) FILE *stream = NULL;
	char path[PATH_BYTES], name[PROFILE_MAX + sizeof(SUFFIX)];
	char *nothing = arena_strdup(arena, "");
	int fd;

	*session = (struct session){ SESSION_NEVER, nothing, nothing, nothing, nothing };
	check_profile(profile);
	directory = directory_open(path);
	if (directory < 0)
		return;
	snprintf(name, sizeof(name), "%s" SUFFIX, profile);
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0)
		fail(EXIT_OTHER, "remove it and sign in again", "%s/%s cannot be read: %m", path,
			name);
	stream = fdopen(fd, "r");
	if (!stream)
		abort();
	check_private(fd, name, S_IFREG);
	read_lines(arena, stream, session);
	session->state = session->token[0] ? SESSION_SAVED : SESSION_ENDED;
}

static bool write_lines(FILE *stream, const struct session *session)
{
	fprintf(stream, "# A session of orgctl. The token in it is a secret.\n");
	fprintf(stream, "url %s\n", session->url);
	if (session->state == SESSION_SAVED)
		fprintf(stream, "token %s\n", session->token);
	fprintf(stream, "email %s\nuser %s\n", session->email, session->user_id);
	return fflush(stream) == 0 && fsync(fileno(stream)) == 0;
}

void session_save(const char *profile, const struct session *session)
{
	CLEANUP(file_close) int directory = -1;
	CLEANUP(stream_close) FILE *stream = NULL;
	char path[PATH_BYTES], name[PROFILE_MAX + sizeof(SUFFIX)], fresh[PROFILE_MAX + 32];
	int fd;

	check_profile(profile);
	directory_path(path);
	directory_make(path);
	directory = directory_open(path);
	snprintf(name, sizeof(name), "%s" SUFFIX, profile);
	snprintf(fresh, sizeof(fresh), ".%s.%d.new", profile, (int)getpid());
	unlinkat(directory, fresh, 0);
	fd = openat(directory, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		fail(EXIT_OTHER, NULL, "%s/%s cannot be made: %m", path, fresh);
	stream = fdopen(fd, "w");
	if (!stream)
		abort();
	if (fchmod(fd, 0600) < 0 || !write_lines(stream, session) ||
		renameat(directory, fresh, directory, name) < 0) {
		int error = errno;

		unlinkat(directory, fresh, 0);
		errno = error;
		fail(EXIT_OTHER, NULL, "%s/%s cannot be written: %m", path, name);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void directory_close(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

char **session_profiles(struct arena *arena)
{
	CLEANUP(directory_close) DIR *directory = NULL;
	const struct dirent *entry;
	char path[PATH_BYTES];
	size_t count = 0, room = 0;
	char **names = ARENA_ARRAY(arena, char *, 1);
	int fd = directory_open(path);

	if (fd < 0)
		return names;
	directory = fdopendir(fd);
	if (!directory)
		abort();
	while ((entry = readdir(directory))) {
		size_t length = strlen(entry->d_name), suffix = strlen(SUFFIX);

		if (length <= suffix || strcmp(entry->d_name + length - suffix, SUFFIX) != 0)
			continue;
		if (count == room) {
			char **more = ARENA_ARRAY(arena, char *, 2 * room + 9);

			memcpy(more, names, count * sizeof(*names));
			names = more;
			room = 2 * room + 8;
		}
		names[count++] = arena_strndup(arena, entry->d_name, length - suffix);
	}
	qsort(names, count, sizeof(*names), by_name);
	return names;
}
