/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/config.h"

#include <errno.h>
#include <org_client.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf/conf.h"
#include "courier/lane.h"

enum {
	PASSWORD_BYTES_MAX = 1024,
	ATTEMPT_S_MAX = 120, /* half of a lease */
};

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

static cfg_opt_t webhook_options[] = {
	CFG_INT("workers", 8, CFGF_NONE),
	CFG_BOOL("allow_private_networks", cfg_false, CFGF_NONE),
	CFG_STR("ca_file", "", CFGF_NONE),
	CFG_INT("connect_timeout_s", 10, CFGF_NONE),
	CFG_INT("timeout_s", 30, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t options[] = {
	CFG_STR("log_level", "info", CFGF_NONE),
	CFG_STR("orgd", ORG_URL_DEFAULT, CFGF_NONE),
	CFG_SEC("smtp", smtp_options, CFGF_NONE),
	CFG_STR("maildir", "", CFGF_NONE),
	CFG_SEC("webhooks", webhook_options, CFGF_NONE),
	CFG_END(),
};

static int check_starttls(cfg_t *cfg, cfg_opt_t *option)
{
	const char *value = conf_string(option);

	if (!strcmp(value, "required") || !strcmp(value, "optional"))
		return 0;
	cfg_error(cfg, "starttls is \"%s\"; it may be required or optional", value);
	return -1;
}

/* A host and maybe a port behind the scheme, no more: credentials have options of their own. */
static int check_url(cfg_t *cfg, cfg_opt_t *option)
{
	static const char host[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]";
	const char *value = conf_string(option);
	size_t scheme = !strncmp(value, "smtp://", 7) ? 7 : !strncmp(value, "smtps://", 8) ? 8 : 0;

	if (!*value || (scheme && value[scheme] && !value[scheme + strspn(value + scheme, host)]))
		return 0;
	cfg_error(cfg, "url is \"%s\"; it takes smtp://host:port or smtps://host:port", value);
	return -1;
}

static const struct conf_check checks[] = {
	{ "log_level", conf_check_log_level, 0, 0 },
	{ "maildir", conf_check_absolute, 0, 0 },
	{ "smtp|url", check_url, 0, 0 },
	{ "smtp|starttls", check_starttls, 0, 0 },
	{ "smtp|username", conf_check_line, 0, 0 },
	{ "smtp|password_file", conf_check_absolute, 0, 0 },
	{ "smtp|ca_file", conf_check_absolute, 0, 0 },
	{ "smtp|connect_timeout_s", conf_check_number, 1, ATTEMPT_S_MAX },
	{ "smtp|timeout_s", conf_check_number, 1, ATTEMPT_S_MAX },
	{ "webhooks|workers", conf_check_number, 0, LANE_WORKERS_MAX },
	{ "webhooks|ca_file", conf_check_absolute, 0, 0 },
	{ "webhooks|connect_timeout_s", conf_check_number, 1, ATTEMPT_S_MAX },
	{ "webhooks|timeout_s", conf_check_number, 1, ATTEMPT_S_MAX },
};

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
	cfg_t *smtp = cfg_getsec(cfg, "smtp"), *webhooks = cfg_getsec(cfg, "webhooks");

	config->log_level = conf_log_level(cfg_getstr(cfg, "log_level"));
	config->orgd = cfg_getstr(cfg, "orgd");
	config->maildir = cfg_getstr(cfg, "maildir");
	config->smtp_url = cfg_getstr(smtp, "url");
	config->username = cfg_getstr(smtp, "username");
	config->password = "";
	/* A password never goes out in the clear, whatever the file says. */
	config->tls_required =
		!strcmp(cfg_getstr(smtp, "starttls"), "required") || *config->username;
	config->ca_file = cfg_getstr(smtp, "ca_file");
	config->connect_timeout_ms = cfg_getint(smtp, "connect_timeout_s") * 1000;
	config->timeout_ms = cfg_getint(smtp, "timeout_s") * 1000;
	config->webhooks = (struct courier_webhooks){
		.workers = (unsigned)cfg_getint(webhooks, "workers"),
		.allow_private_networks = cfg_getbool(webhooks, "allow_private_networks"),
		.ca_file = cfg_getstr(webhooks, "ca_file"),
		.connect_timeout_ms = cfg_getint(webhooks, "connect_timeout_s") * 1000,
		.timeout_ms = cfg_getint(webhooks, "timeout_s") * 1000,
	};
	if (*config->maildir && *config->smtp_url)
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
			"%s: give either smtp { url }, where mails go, or maildir, where they are "
			"written",
			config->file);
	if (!*config->maildir && !*config->smtp_url && !config->webhooks.workers)
		return status_fail(STATUS_INVALID_ARGUMENT, "CONFIG_INVALID",
			"%s: there is nothing to do without smtp { url }, without maildir, and "
			"with webhooks { workers = 0 }",
			config->file);
	return find_password(config, smtp);
}

static void read_flags(struct courier_config *config, int argc, const char **argv)
{
	int check = 0, print = 0, version = 0, error;
	char *file = NULL;
	const struct poptOption flags[] = {
		{ "config", 'c', POPT_ARG_STRING, &file, 0,
			"The configuration (" ORGD_COURIER_CONFIG_FILE ")", "FILE" },
		{ "check-config", 0, POPT_ARG_NONE, &check, 0,
			"Say what is wrong with the configuration, or that nothing is, and exit",
			NULL },
		{ "print-config", 0, POPT_ARG_NONE, &print, 0,
			"Print every option as it is in effect, and exit", NULL },
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
	config->action = check ? COURIER_CHECK : print ? COURIER_PRINT : COURIER_RUN;
	config->file = file ? file : ORGD_COURIER_CONFIG_FILE;
}

struct status courier_config_load(struct courier_config *config, int argc, const char **argv)
{
	*config = (struct courier_config){ 0 };
	read_flags(config, argc, argv);
	TRY(conf_parse(config->file, options, checks, COUNT_OF(checks), &config->parsed));
	return take_options(config, config->parsed);
}

void courier_config_print(const struct courier_config *config)
{
	cfg_print(config->parsed, stdout);
}
