/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "output.h"

enum {
	REDRAW_MS = 100,
	WIDTH_MIN = 20,
	BAR_MIN = 10,
	BAR_MAX = 40,
};

/* There is one terminal, and one line at a time. */
static bool is_shown;
static int64_t drawn_ms;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_wanted(const struct cli *cli)
{
	const char *terminal = getenv("TERM");

	return !flag(cli, "quiet") && isatty(STDERR_FILENO) && terminal &&
	       strcmp(terminal, "dumb") != 0 && !(output_streams(cli) && isatty(STDOUT_FILENO));
}

static int width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN
		       ? size.ws_col
		       : 80;
}

/* "[====>     ]" into as much room as there is; nothing where that is too little. */
static void draw_bar(uint64_t done, uint64_t total, int room)
{
	int cells = room > BAR_MAX ? BAR_MAX : room, full;

	if (cells < BAR_MIN)
		return;
	full = (int)((double)done / (double)total * cells);
	fputc('[', stderr);
	for (int i = 0; i < cells; i++)
		fputc(i < full ? '=' : i == full ? '>' : ' ', stderr);
	fputs("]  ", stderr);
}

void progress_show(const struct cli *cli, const char *doing, uint64_t done, uint64_t total)
{
	char count[64];

	if (!is_wanted(cli) || (is_shown && now_ms() - drawn_ms < REDRAW_MS))
		return;
	drawn_ms = now_ms();
	is_shown = true;
	if (total > 0)
		snprintf(count, sizeof(count), "%" PRIu64 " of %" PRIu64, done, total);
	else
		snprintf(count, sizeof(count), "%" PRIu64, done);
	fprintf(stderr, "\r\033[K%s  ", doing);
	if (total > 0 && done <= total)
		draw_bar(done, total, width() - (int)(strlen(doing) + strlen(count)) - 7);
	fputs(count, stderr);
	fflush(stderr);
}

void progress_clear(void)
{
	if (!is_shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	is_shown = false;
}
