/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum { FILE_BYTES_MAX = 256 * 1024 };

/* libconfuse calls back without a context, and a section does not know its file. */
static struct {
	const char *file;
	const struct conf_check *checks;
	size_t check_count;
	char complaint[FAILURE_MESSAGE_MAX];
} parse;

PRINTF_LIKE(2, 0) static void complain(cfg_t *cfg, const char *format, va_list arguments)
{
	char sentence[FAILURE_MESSAGE_MAX / 2];

	if (*parse.complaint)
		return; /* the first one is the cause */
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	snprintf(parse.complaint, sizeof(parse.complaint), "%.200s:%d: %s", parse.file, cfg->line,
		sentence);
}

/* Blanks from `at` up to `end`, but for the ends of lines; returns what follows. */
static char *blank(char *at, const char *end)
{
	for (; at < end; at++)
		if (*at != '\n')
			*at = ' ';
	return at;
}

/* libconfuse counts the lines of comments twice, so it gets to see none. */
static void blank_comments(char *text)
{
	char quote = '\0';

	while (*text) {
		const char *end;

		if (quote || *text == '"' || *text == '\'') {
			if (*text == '\\' && quote && text[1])
				text++;
			else if (!quote)
				quote = *text;
			else if (*text == quote)
				quote = '\0';
			text++;
		} else if (*text == '#' || !strncmp(text, "//", 2)) {
			text = blank(text, strchrnul(text, '\n'));
		} else if (!strncmp(text, "/*", 2)) {
			end = strstr(text + 2, "*/");
			text = blank(text, end ? end + 2 : strchr(text, '\0'));
		} else {
			text++;
		}
	}
}

static void file_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

MUST_USE static struct status read_text(const char *path, struct arena *arena, char **text)
{
	CLEANUP(file_close) FILE *file = fopen(path, "re");
	size_t size;

	*text = arena_zalloc(arena, FILE_BYTES_MAX + 1);
	size = file ? fread(*text, 1, FILE_BYTES_MAX, file) : 0;
	if (!file || ferror(file))
		return status_fail(
			STATUS_INVALID_ARGUMENT, "CONFIG_INVALID", "%s: %s", path, strerror(errno));
	if (size == FILE_BYTES_MAX || strlen(*text) != size)
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
			"%s: this is no configuration: it is over %d KiB or has a NUL", path,
			FILE_BYTES_MAX / 1024);
	return OK;
}

struct status conf_parse(const char *file, cfg_opt_t *options, const struct conf_check *checks,
	size_t check_count, cfg_t **out)
{
	CLEANUP(arena_clear) struct arena arena;
	cfg_t *cfg;
	char *text;

	arena_init(&arena);
	TRY(read_text(file, &arena, &text));
	blank_comments(text);
	cfg = cfg_init(options, CFGF_NONE);
	if (!cfg)
		return status_internal("no memory for the configuration");
	parse.file = file;
	parse.checks = checks;
	parse.check_count = check_count;
	*parse.complaint = '\0';
	*out = cfg;
	cfg_set_error_function(cfg, complain);
	for (size_t i = 0; i < check_count; i++)
		cfg_set_validate_func(cfg, checks[i].path, checks[i].check);
	if (cfg_parse_buf(cfg, text) == CFG_SUCCESS)
		return OK;
	return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID", "%s",
		*parse.complaint ? parse.complaint : "the file cannot be parsed");
}

const char *conf_string(cfg_opt_t *option)
{
	return cfg_opt_getnstr(option, cfg_opt_size(option) - 1);
}

int conf_check_number(cfg_t *cfg, cfg_opt_t *option)
{
	long value = cfg_opt_getnint(option, cfg_opt_size(option) - 1);
	const char *name = cfg_opt_name(option);

	for (size_t i = 0; i < parse.check_count; i++) {
		const struct conf_check *check = &parse.checks[i];
		const char *section_end = strrchr(check->path, '|');

		if (strcmp(section_end ? section_end + 1 : check->path, name) != 0)
			continue;
		if (value >= check->min && value <= check->max)
			return 0;
		cfg_error(cfg, "%s is %ld; it may be %ld to %ld", name, value, check->min,
			check->max);
	}
	return -1;
}

int conf_check_absolute(cfg_t *cfg, cfg_opt_t *option)
{
	const char *value = conf_string(option);

	if (!*value || *value == '/')
		return 0;
	cfg_error(cfg, "%s is \"%s\"; it takes an absolute path", cfg_opt_name(option), value);
	return -1;
}

int conf_judge(struct status status, cfg_t *cfg, const cfg_opt_t *option)
{
	if (!status.code)
		return 0;
	cfg_error(cfg, "%s: %s", option->name, status.failure->message);
	return -1;
}

int conf_check_line(cfg_t *cfg, cfg_opt_t *option)
{
	CLEANUP(arena_clear) struct arena arena;
	const char *line;

	arena_init(&arena);
	return conf_judge(text_check(&arena, TEXT_LINE, option->name, conf_string(option), 0,
				  TEXT_NAME_MAX, &line),
		cfg, option);
}

static const struct {
	const char *name;
	enum log_level level;
} log_levels[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
};

int conf_check_log_level(cfg_t *cfg, cfg_opt_t *option)
{
	for (size_t i = 0; i < COUNT_OF(log_levels); i++)
		if (!strcmp(log_levels[i].name, conf_string(option)))
			return 0;
	cfg_error(cfg, "log_level is \"%s\"; it may be error, warning, info or debug",
		conf_string(option));
	return -1;
}

enum log_level conf_log_level(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(log_levels); i++)
		if (!strcmp(log_levels[i].name, name))
			return log_levels[i].level;
	return LOG_LEVEL_INFO;
}
