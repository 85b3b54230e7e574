/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* Standard error as datagrams, so that one write is one message. */
struct capture {
	int ours, stderr_before;
	char line[4096];
};

static void capture_begin(struct capture *capture)
{
	int pair[2];

	unsetenv("JOURNAL_STREAM");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	capture->ours = pair[0];
	capture->stderr_before = dup(STDERR_FILENO);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
}

/* The next line that was written, "" for none. */
static const char *capture_next(struct capture *capture)
{
	ssize_t size = recv(capture->ours, capture->line, sizeof(capture->line) - 1, MSG_DONTWAIT);

	capture->line[size < 0 ? 0 : size] = '\0';
	return capture->line;
}

static void capture_end(struct capture *capture)
{
	dup2(capture->stderr_before, STDERR_FILENO);
	close(capture->stderr_before);
	close(capture->ours);
}

/* What follows the prefix. */
static const char *message_of(const char *line)
{
	const char *message = strstr(line, " info ");

	return message ? message + strlen(" info ") : "";
}

/* Sets JOURNAL_STREAM as systemd would, for a socket whose inode is that far from ours. */
static void journal_stream_set(int distance)
{
	struct stat file;
	char stream[64];

	fstat(STDERR_FILENO, &file);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)file.st_dev,
		(unsigned long long)file.st_ino + (unsigned)distance);
	setenv("JOURNAL_STREAM", stream, 1);
}

Test(log, under_systemd_a_line_begins_with_its_level)
{
	CLEANUP(capture_end) struct capture capture;

	capture_begin(&capture);
	journal_stream_set(0);
	log_error("disk %d is full", 3);
	cr_expect_str_eq(capture_next(&capture), "<3>disk 3 is full\n");
	log_warning("careful");
	cr_expect_str_eq(capture_next(&capture), "<4>careful\n");
	log_info("hello");
	cr_expect_str_eq(capture_next(&capture), "<6>hello\n");
}

Test(log, elsewhere_a_line_begins_with_the_time)
{
	CLEANUP(capture_end) struct capture capture;
	regex_t form;

	capture_begin(&capture);
	log_info("hello");
	cr_assert_eq(regcomp(&form,
			     "^2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.["
			     "0-9]{3}Z info hello\n$",
			     REG_EXTENDED | REG_NOSUB),
		0);
	cr_expect_eq(regexec(&form, capture_next(&capture), 0, NULL, 0), 0, "%s", capture.line);
	regfree(&form);
}

Test(log, a_journal_stream_that_is_not_ours_is_ignored)
{
	CLEANUP(capture_end) struct capture capture;

	capture_begin(&capture);
	journal_stream_set(1);
	log_info("hello");
	cr_expect_str_eq(message_of(capture_next(&capture)), "hello\n");
}

Test(log, an_argument_cannot_forge_a_line)
{
	CLEANUP(capture_end) struct capture capture;

	capture_begin(&capture);
	log_info("name %s", "x\n<3>forged\r\t\x1b[2J\x7f");
	cr_expect_str_eq(message_of(capture_next(&capture)),
		"name x\\x0a<3>forged\\x0d\\x09\\x1b[2J\\x7f\n");
	cr_expect_str_eq(capture_next(&capture), "");
}

Test(log, terminal_codes_above_ascii_and_broken_bytes_are_escaped)
{
	CLEANUP(capture_end) struct capture capture;

	capture_begin(&capture);
	log_info("%s", "\xC2\x9B"
		       "2J \x9B \xFF");
	cr_expect_str_eq(message_of(capture_next(&capture)), "\\xc2\\x9b2J \\x9b \\xff\n");
}

Test(log, letters_of_any_script_stay_as_they_are)
{
	CLEANUP(capture_end) struct capture capture;

	capture_begin(&capture);
	log_info("%s", "Zo\xC3\xAB \xE5\xB1\xB1 \xF0\x9F\x8E\x89");
	cr_expect_str_eq(
		message_of(capture_next(&capture)), "Zo\xC3\xAB \xE5\xB1\xB1 \xF0\x9F\x8E\x89\n");
}

Test(log, a_long_line_is_cut_at_two_kibibytes)
{
	static const char *const fillers[] = { "x", "\n", "\xC3\xA9", "\xF0\x9F\x8E\x89" };
	CLEANUP(capture_end) struct capture capture;
	char text[20001];

	capture_begin(&capture);
	for (size_t i = 0; i < COUNT_OF(fillers); i++) {
		size_t size;

		text[0] = '\0';
		for (char *end = text; end < text + 5000; end += strlen(fillers[i]))
			strcpy(end, fillers[i]);
		log_info("%s", text);
		size = strlen(capture_next(&capture));
		cr_expect(size > 2000 && size <= 2048, "%zu bytes", size);
		cr_expect_eq(strcspn(capture.line, "\n"), size - 1);
	}
}

Test(log, lines_above_the_level_are_dropped)
{
	CLEANUP(capture_end) struct capture capture;

	capture_begin(&capture);
	log_debug("not yet");
	cr_expect_str_eq(capture_next(&capture), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("now");
	cr_expect_not_null(strstr(capture_next(&capture), " debug now\n"));
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("no more");
	cr_expect_str_eq(capture_next(&capture), "");
}
