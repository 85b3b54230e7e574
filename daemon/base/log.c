/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

enum { LINE_MAX_BYTES = 2048 }; /* with the prefix and the newline */

static atomic_int threshold = LOG_LEVEL_INFO;
static bool to_journal;
static pthread_once_t destination_known = PTHREAD_ONCE_INIT;

/* sd-daemon(3): JOURNAL_STREAM is "device:inode" of the journal's socket. */
static void destination_find(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat file;

	to_journal = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		     fstat(STDERR_FILENO, &file) == 0 && file.st_dev == device &&
		     file.st_ino == inode;
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "unknown";
}

static size_t prefix_write(enum log_level level, char *line, size_t size)
{
	struct timespec now;
	struct tm utc;
	char date[32];

	if (to_journal)
		return (size_t)snprintf(line, size, "<%d>", (int)level);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	return (size_t)snprintf(
		line, size, "%s.%03ldZ %s ", date, now.tv_nsec / 1000000, level_name(level));
}

/* Copies `text` behind the `used` bytes of `line` as far as it fits, with every byte of a control
 * character or of broken UTF-8 as \xNN. Returns the bytes used then. */
static size_t escape(const char *text, size_t length, char *line, size_t used, size_t size)
{
	for (size_t i = 0, taken; i < length; i += taken) {
		uint32_t point = 0;

		taken = utf8_decode(text + i, length - i, &point);
		if (taken > 0 && point >= 0x20 && (point < 0x7F || point > 0x9F)) {
			if (used + taken > size)
				break;
			for (size_t j = 0; j < taken; j++)
				line[used++] = text[i + j];
			continue;
		}
		taken = 1;
		if (used + 4 >= size)
			break;
		used += (size_t)snprintf(
			line + used, size - used, "\\x%02x", (unsigned char)text[i]);
	}
	return used;
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	size_t used, length;
	va_list args;
	int formatted;

	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	pthread_once(&destination_known, destination_find);
	va_start(args, format);
	formatted = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (formatted < 0)
		return;
	length = (size_t)formatted < sizeof(text) ? (size_t)formatted
						  : utf8_cut(text, sizeof(text) - 1);
	used = prefix_write(level, line, sizeof(line));
	used = escape(text, length, line, used, sizeof(line) - 1);
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nobody left to tell */
}
