/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/config.h"

#include <confuse.h>
#include <errno.h>
#include <org_client.h>
#include <popt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"

enum { PASSWORD_BYTES_MAX = 1024 };

static cfg_opt_t smtp_options[] = {
	CFG_STR("url", "", CFGF_NONE),
	CFG_STR("starttls", "required", CFGF_NONE),
	CFG_STR("username", "", CFGF_NONE),
	CFG_STR("password_file", "", CFGF_NONE),
	CFG_STR("ca_file", "", CFGF_NONE),
	CFG_INT("connect_timeout_s", 30, CFGF_NONE),
	CFG_INT("timeout_s", 120, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t options[] = {
	CFG_STR("log_level", "info", CFGF_NONE),
	CFG_STR("orgd", ORG_URL_DEFAULT, CFGF_NONE),
	CFG_SEC("smtp", smtp_options, CFGF_NONE),
	CFG_STR("maildir", "", CFGF_NONE),
	CFG_END(),
};

/* libconfuse tells its complaints to a function without a context, and a section not its file. */
static const char *parsed_file;
static char complaint[FAILURE_MESSAGE_MAX];

PRINTF_LIKE(2, 0) static void complain(cfg_t *cfg, const char *format, va_list arguments)
{
	char sentence[FAILURE_MESSAGE_MAX / 2];

	if (*complaint)
		return; /* the first one is the cause */
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	snprintf(complaint, sizeof(complaint), "%.200s:%d: %s", parsed_file, cfg->line, sentence);
}

static const char *last_string(cfg_opt_t *option)
{
	return cfg_opt_getnstr(option, cfg_opt_size(option) - 1);
}

static int find_word(const char *const words[], const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };
static const char *const starttls_words[] = { "optional", "required", NULL };

static int check_log_level(cfg_t *cfg, cfg_opt_t *option)
{
	if (find_word(log_levels, last_string(option)) >= 0)
		return 0;
	cfg_error(cfg, "log_level is \"%s\"; it may be error, warning, info or debug",
		last_string(option));
	return -1;
}

static int check_starttls(cfg_t *cfg, cfg_opt_t *option)
{
	if (find_word(starttls_words, last_string(option)) >= 0)
		return 0;
	cfg_error(cfg, "starttls is \"%s\"; it may be required or optional", last_string(option));
	return -1;
}

/* A host and maybe a port behind the scheme, no more: credentials have options of their own. */
static int check_url(cfg_t *cfg, cfg_opt_t *option)
{
	static const char host[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]";
	const char *value = last_string(option);
	size_t scheme = !strncmp(value, "smtp://", 7) ? 7 : !strncmp(value, "smtps://", 8) ? 8 : 0;

	if (!*value || (scheme && value[scheme] && !value[scheme + strspn(value + scheme, host)]))
		return 0;
	cfg_error(cfg, "url is \"%s\"; it takes smtp://host:port or smtps://host:port", value);
	return -1;
}

static int check_absolute(cfg_t *cfg, cfg_opt_t *option)
{
	const char *value = last_string(option);

	if (!*value || *value == '/')
		return 0;
	cfg_error(cfg, "%s is \"%s\"; it takes an absolute path", cfg_opt_name(option), value);
	return -1;
}

static int check_line(cfg_t *cfg, cfg_opt_t *option)
{
	const char *value = last_string(option);

	for (; *value; value++)
		if ((unsigned char)*value < ' ' || *value == 0x7f) {
			cfg_error(cfg, "%s has a control character", cfg_opt_name(option));
			return -1;
		}
	return 0;
}

static int check_seconds(cfg_t *cfg, cfg_opt_t *option)
{
	long value = cfg_opt_getnint(option, cfg_opt_size(option) - 1);

	if (value >= 1 && value <= 120)
		return 0;
	cfg_error(cfg, "%s is %ld; it may be 1 to 120", cfg_opt_name(option), value);
	return -1;
}

static const struct {
	const char *path;
	cfg_validate_callback_t check;
} checks[] = {
	{ "log_level", check_log_level },
	{ "maildir", check_absolute },
	{ "smtp|url", check_url },
	{ "smtp|starttls", check_starttls },
	{ "smtp|username", check_line },
	{ "smtp|password_file", check_absolute },
	{ "smtp|ca_file", check_absolute },
	{ "smtp|connect_timeout_s", check_seconds },
	{ "smtp|timeout_s", check_seconds },
};

MUST_USE static struct status parse_file(struct courier_config *config)
{
	cfg_t *cfg = cfg_init(options, CFGF_NONE);

	if (!cfg)
		return status_internal("no memory for the configuration");
	config->parsed = cfg;
	parsed_file = config->file;
	cfg_set_error_function(cfg, complain);
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		cfg_set_validate_func(cfg, checks[i].path, checks[i].check);
	switch (cfg_parse(cfg, config->file)) {
	case CFG_SUCCESS:
		return OK;
	case CFG_FILE_ERROR:
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID", "%s: %s",
			config->file, strerror(errno));
	default:
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID", "%s",
			*complaint ? complaint : "the file cannot be parsed");
	}
}

static void file_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

MUST_USE static struct status read_password(struct courier_config *config, const char *path)
{
	static char password[PASSWORD_BYTES_MAX + 1];
	CLEANUP(file_close) FILE *file = fopen(path, "re");
	size_t size = file ? fread(password, 1, sizeof(password), file) : 0;

	if (!file || ferror(file))
		return status_fail(
			STATUS_INVALID_ARGUMENT, "CONFIG_INVALID", "%s: %s", path, strerror(errno));
	if (size && password[size - 1] == '\n')
		size--;
	if (!size || size > PASSWORD_BYTES_MAX)
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
			"%s: the password has 1 to %d characters", path, PASSWORD_BYTES_MAX);
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)password[i] < ' ')
			return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
				"%s: the password has a control character", path);
	password[size] = '\0';
	config->password = password;
	return OK;
}

/* The file names it, or systemd hands it over (LoadCredential=). */
MUST_USE static struct status find_password(struct courier_config *config, cfg_t *smtp)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	const char *file = cfg_getstr(smtp, "password_file");
	char path[4096];

	if (!*config->username)
		return OK;
	if (!*file && !directory)
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
			"%s: smtp has a username, so password_file or the credential smtp.password "
			"is needed",
			config->file);
	snprintf(path, sizeof(path), "%s%s", *file ? file : directory,
		*file ? "" : "/smtp.password");
	return read_password(config, path);
}

MUST_USE static struct status take_options(struct courier_config *config, cfg_t *cfg)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
		LOG_LEVEL_DEBUG };
	cfg_t *smtp = cfg_getsec(cfg, "smtp");

	config->log_level = levels[find_word(log_levels, cfg_getstr(cfg, "log_level"))];
	config->orgd = cfg_getstr(cfg, "orgd");
	config->maildir = cfg_getstr(cfg, "maildir");
	config->smtp_url = cfg_getstr(smtp, "url");
	config->username = cfg_getstr(smtp, "username");
	config->password = "";
	/* A password never goes out in the clear, whatever the file says. */
	config->tls_required =
		find_word(starttls_words, cfg_getstr(smtp, "starttls")) == 1 || *config->username;
	config->ca_file = cfg_getstr(smtp, "ca_file");
	config->connect_timeout_ms = cfg_getint(smtp, "connect_timeout_s") * 1000;
	config->timeout_ms = cfg_getint(smtp, "timeout_s") * 1000;
	if (!*config->maildir == !*config->smtp_url)
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
			"%s: give either smtp { url }, where mails go, or maildir, where they are "
			"written",
			config->file);
	return find_password(config, smtp);
}

static void read_flags(struct courier_config *config, int argc, const char **argv)
{
	int check = 0, version = 0, error;
	char *file = NULL;
	const struct poptOption flags[] = {
		{ "config", 'c', POPT_ARG_STRING, &file, 0,
			"The configuration (" ORGD_COURIER_CONFIG_FILE ")", "FILE" },
		{ "check-config", 0, POPT_ARG_NONE, &check, 0,
			"Say what is wrong with the configuration, or that nothing is, and exit",
			NULL },
		{ "version", 0, POPT_ARG_NONE, &version, 0, "Print the version and exit", NULL },
		POPT_AUTOHELP POPT_TABLEEND
	};
	poptContext context = poptGetContext("orgd-courier", argc, argv, flags, 0);

	error = poptGetNextOpt(context);
	if (error < -1 || poptPeekArg(context)) {
		fprintf(stderr, "orgd-courier: %s: %s; see orgd-courier --help\n",
			error < -1 ? poptBadOption(context, POPT_BADOPTION_NOALIAS)
				   : poptPeekArg(context),
			error < -1 ? poptStrerror(error) : "orgd-courier takes no arguments");
		poptFreeContext(context);
		exit(EX_USAGE);
	}
	poptFreeContext(context);
	if (version) {
		puts("orgd-courier " ORGD_VERSION);
		exit(EX_OK);
	}
	config->check_only = check != 0;
	config->file = file ? file : ORGD_COURIER_CONFIG_FILE;
}

struct status courier_config_load(struct courier_config *config, int argc, const char **argv)
{
	*config = (struct courier_config){ 0 };
	read_flags(config, argc, argv);
	TRY(parse_file(config));
	return take_options(config, config->parsed);
}
